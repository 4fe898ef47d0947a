// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and its kind: long work asks, saves what it has, and stops.
#pragma once

namespace emf {

/// True once SIGINT or SIGTERM arrived; long stages then save a checkpoint and call stop_interrupted().
bool interrupted();
/// Routes SIGINT and SIGTERM to interrupted(); a second one stops at once.
void catch_interrupts();
/// @throws UserError(kInterrupted)
[[noreturn]] void stop_interrupted();

}  // namespace emf
