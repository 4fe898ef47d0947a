// SPDX-License-Identifier: Apache-2.0
// What `score` found, as a page for somebody who has no emfbench.
#pragma once

#include <string>

#include "harness/base/json.h"

namespace emf {

/// One self-contained HTML page of a document of `score --json`: its numbers as facts, its tables of numbers as tables,
/// its warnings above them. Long lists are cut, and the page says how much was left out.
/// @param heading   what was scored.   @param command  as it was typed.
std::string score_page(const std::string& heading, const std::string& command, const Json& result);

}  // namespace emf
