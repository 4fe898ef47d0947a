// SPDX-License-Identifier: Apache-2.0
// One metric of a record as a grid for print: which cells there are, with how many digits, and which is best.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/record/record.h"

namespace emf {

struct GridCell {
  const Score* score = nullptr;  ///< nullptr: the suite has no such cell
  std::optional<double> spread;  ///< standard deviation over seeds, of two and more
  std::string text;              ///< the value as it is printed
  bool best = false;

  bool has_value() const { return score != nullptr && score->value; }
};

/// One objective's cells: an encoder a row, a step count a column.
struct GridBlock {
  std::string objective;
  std::vector<std::vector<GridCell>> rows;
};

/// Values are printed with as many digits as their intervals leave room for, the same in all cells; shares without the
/// zero before the point (".31"). Best is the best value of its column in a block, and what prints like it; of one
/// value, or of values that all print alike, none.
class ScoreGrid {
 public:
  /// @param metric  "" for the record's main metric.
  /// @throws UserError  the record has no row of the metric (offers those it has).
  ScoreGrid(const SectionInput& input, const std::string& metric);

  const Record& record() const { return record_; }
  const std::string& metric() const { return metric_; }
  const std::vector<std::string>& encoders() const { return encoders_; }  ///< that have any cell; keys, as Record's
  const std::vector<int64_t>& steps() const { return steps_; }
  const std::vector<GridBlock>& blocks() const { return blocks_; }

  bool has_intervals() const { return intervals_; }
  bool has_spreads() const { return spreads_; }
  /// Columns that have a best value, those of them where another interval overlaps with its, and whether any is shared.
  size_t judged_columns() const { return judged_columns_; }
  size_t overlapping_columns() const { return overlapping_columns_; }
  bool has_ties() const { return ties_; }

  /// A number as the grid's values are printed.
  std::string number(double value) const;

 private:
  void gather(const SectionInput& input);
  template <typename Fits>
  bool any(const Fits& fits) const;
  template <typename Visit>
  void each_value(const Visit& visit);
  void choose_digits();
  void mark_best();
  void mark_column(GridBlock& block, size_t column, const GridCell& best);

  Record record_;
  std::string metric_;
  bool share_ = false, intervals_ = false, spreads_ = false, ties_ = false;
  int digits_ = 0;
  size_t judged_columns_ = 0, overlapping_columns_ = 0;
  std::vector<int64_t> steps_;
  std::vector<std::string> encoders_;
  std::vector<GridBlock> blocks_;
};

}  // namespace emf
