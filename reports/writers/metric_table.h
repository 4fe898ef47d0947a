// Tables with a row for each cell of a suite and a column for each metric, the scores of real pictures beneath.
#pragma once

#include <string>
#include <vector>

#include "reports/writers/record.h"

namespace emf {

/// Those of the names that any cell has, in their order.
std::vector<std::string> present_metrics(const Record& record, const std::vector<std::string>& names);

/// @param overall  the metric without which a cell has no row.   @param metrics  one column each.
std::string metric_table(const Record& record, const std::string& overall, const std::vector<std::string>& metrics);

}  // namespace emf
