// SPDX-License-Identifier: Apache-2.0
// Cells of tables: texts, numbers, scores with their intervals.
#pragma once

#include <optional>
#include <string>

#include "harness/api/section.h"
#include "harness/statistics/statistics.h"
#include "reports/record/record.h"

namespace emf {

TableCell text_cell(std::string text);
/// A number that people read in other words than its digits: "1.97 P", "3.2 s".
TableCell number_cell(std::string text, double number);
/// A number, its 95 % interval small beneath it.
TableCell score_cell(double value, const std::optional<Interval>& ci95, int digits = 2);
/// A score, or a dash with the reason. A mean that leaves out seeds says so ("1 of 3 seeds").
/// @param score   nullptr where the suite has no such cell.
/// @param absent  why it has none.
TableCell score_cell(const Score* score, const std::string& absent, int digits = 2);
TableCell count_cell(int64_t value);
/// A dash with the reason.
TableCell absent_cell(std::string why);
/// The first 16 digits of a hash; formats that have room write all of it.
TableCell hash_cell(const std::string& hash);

/// The column of a metric's values, with its title unless it is given another: it knows which end is the good one.
TableColumn metric_column(const Names& names, const std::string& metric, const std::string& title = "");
/// " Lower FID is better." of a metric that improves downwards, to end a paragraph with; else "".
std::string lower_words(const Names& names, const std::string& metric);

}  // namespace emf
