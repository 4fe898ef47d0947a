// Names as people say them, and one look for each objective; registered names without an entry are shown as
// they are.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// "class_label" -> "Class labels".
std::string encoder_words(const std::string& encoder);
/// "mean_flow" -> "MeanFlow".
std::string objective_words(const std::string& objective);
/// What a pretraining objective asks: "next_token" -> "go on with captions".
std::string pretraining_words(const std::string& pretraining);
/// "geneval/color_attr" -> "Colour binding"; "geneval" -> "GenEval".
std::string metric_words(const std::string& metric);
/// "discriminability" -> "Discriminability".
std::string probe_words(const std::string& probe);
/// The probe's words and, behind them, the title of its way of asking.  @param probe  one of result.json's.
std::string probe_title(const Json& probe);
/// "centred" -> "Centred".
std::string mode_words(const std::string& mode);
/// 1 -> "1 step".
std::string steps_words(int64_t steps);

/// How a plot draws one objective: colour, dash and mark differ together, so none has to be seen alone. The
/// colours keep a contrast of 3 to 1 on white and on the dark page, and stay apart for colour-blind readers.
struct SeriesStyle {
  std::string color;      ///< #rrggbb
  std::vector<int> dash;  ///< of the line; {} = solid
  std::string mark;       ///< a Vega shape
};

/// @param place  of the objective in the record, for objectives without a style of their own.
SeriesStyle objective_style(const std::string& objective, size_t place);

}  // namespace emf
