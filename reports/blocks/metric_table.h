// SPDX-License-Identifier: Apache-2.0
// Tables with a row for each cell of a suite and a column for each metric, the scores of real pictures beneath.
#pragma once

#include <string>
#include <vector>

#include "reports/record/record.h"

namespace emf {

/// The record's metrics that a plugin gave, in its order: "geneval", and what a suite calls another of that plugin.
std::vector<std::string> metrics_of_plugin(const Record& record, const std::string& plugin);

/// The metric's parts that any cell has: those of the list in its order, then others as the record has them.
std::vector<std::string> present_parts(const Record& record, const std::string& metric,
                                       const std::vector<std::string>& first);

/// @param overall  the metric without which a cell has no row.   @param metrics  one column each.
Table metric_table(const Record& record, const std::string& overall, const std::vector<std::string>& metrics);

/// One metric with a row for each encoder and objective and a column for each step count.
/// @param absent  why a cell holds no value where the record does not say.
/// @param mark    marks the clear best of a column: the cell whose interval lies on the better side of every other's.
Table steps_table(const Record& record, const std::string& metric, const std::string& absent, bool mark);

}  // namespace emf
