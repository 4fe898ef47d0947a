// SPDX-License-Identifier: Apache-2.0
// The keys of suites as a TOML file that says what each means.
#pragma once

#include <string>
#include <vector>

#include "harness/engine/suite/suite_keys.h"

namespace emf {

/// @param of_suite  the keys have a suite's values, and those that are not the default say what that is; otherwise a
///   kind's common keys stand once, under [kind.NAME].
std::string config_text(const std::vector<SuiteKey>& keys, bool of_suite);

/// A value as TOML writes it on one line.
std::string toml_value(const Json& value);

}  // namespace emf
