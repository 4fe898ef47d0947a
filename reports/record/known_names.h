// SPDX-License-Identifier: Apache-2.0
// The names that reports know without being told.
#pragma once

#include "harness/base/json.h"

namespace emf {

/// Titles, styles and facts in the form in which result.json holds them ("main_metric", "main_objective", "metrics",
/// "names"). A record's own come first; these are for what is no plugin ("real", "ceiling", "seconds_per_picture") and
/// for records from before they carried names. A new plugin is not entered here: its registration says how it is shown,
/// and the engine writes that into the record.
const Json& known_names();

}  // namespace emf
