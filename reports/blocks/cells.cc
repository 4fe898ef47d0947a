// SPDX-License-Identifier: Apache-2.0
#include "reports/blocks/cells.h"

#include <fmt/format.h>

#include "reports/record/format.h"

namespace emf {

TableCell text_cell(std::string text) { return {std::move(text)}; }

TableCell number_cell(std::string text, double number) { return {std::move(text), number}; }

TableCell score_cell(double value, const std::optional<Interval>& ci95, int digits) {
  TableCell cell{format_number(value, digits), value};
  if (ci95) {
    // An en dash between two negative numbers would read as a sign.
    const char* between = (*ci95)[0] < 0 || (*ci95)[1] < 0 ? " to " : "\u2013";
    cell.ci95 = ci95;
    cell.ci95_text = format_number((*ci95)[0], digits) + between + format_number((*ci95)[1], digits);
  }
  return cell;
}

TableCell score_cell(const Score* score, const std::string& absent, int digits) {
  if (score == nullptr) return absent_cell(absent);
  if (!score->value) return absent_cell(score->why);
  TableCell cell = score_cell(*score->value, score->ci95, digits);
  if (const std::string left_out = score->seeds_left_out(); !left_out.empty()) cell.warnings.push_back(left_out);
  return cell;
}

TableCell count_cell(int64_t value) { return {format_count(value), static_cast<double>(value)}; }

TableCell absent_cell(std::string why) { return {.text = "", .why = std::move(why)}; }

TableCell hash_cell(const std::string& hash) { return {.text = hash.substr(0, 16), .whole = hash}; }

TableColumn metric_column(const Names& names, const std::string& metric, const std::string& title) {
  return {.title = title.empty() ? names.metric(metric) : title,
          .number = true,
          .lower_is_better = !names.higher_is_better(metric)};
}

std::string lower_words(const Names& names, const std::string& metric) {
  return names.higher_is_better(metric) ? "" : fmt::format(" Lower {} is better.", names.metric(metric));
}

}  // namespace emf
