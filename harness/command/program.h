// SPDX-License-Identifier: Apache-2.0
// The whole program as a function, so that tests can run it in-process.
#pragma once

namespace emf {

/// Runs one command line and returns its exit code (see ExitCode). Errors are printed as one line on stderr.
int run_program(int count, char** words);

}  // namespace emf
