// SPDX-License-Identifier: Apache-2.0
// The keys of suites as a JSON Schema, for editors.
#pragma once

#include <vector>

#include "harness/engine/suite/suite_keys.h"

namespace emf {

/// Draft 2020-12, of the suites that these keys may make: ranges, choices and sentences; a name that no registered
/// plugin has, such as [objective.mine], takes the keys of all.
Json config_schema(const std::vector<SuiteKey>& keys);

}  // namespace emf
