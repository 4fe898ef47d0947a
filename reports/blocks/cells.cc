#include "reports/blocks/cells.h"

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
  return score->value ? score_cell(*score->value, score->ci95, digits) : absent_cell(score->why);
}

TableCell count_cell(int64_t value) { return {format_count(value), static_cast<double>(value)}; }

TableCell absent_cell(std::string why) { return {.text = "", .why = std::move(why)}; }

TableCell hash_cell(const std::string& hash) { return {.text = hash.substr(0, 16), .whole = hash}; }

std::optional<Interval> interval_of(const Json& holder) {
  if (!holder.contains("ci95") || holder.at("ci95").is_null()) return std::nullopt;
  return Interval{holder.at("ci95").at(0), holder.at("ci95").at(1)};
}

}  // namespace emf
