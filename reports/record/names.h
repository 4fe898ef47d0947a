// SPDX-License-Identifier: Apache-2.0
// Names as people say them and one look for each objective, from the record itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/api/section.h"

namespace emf {

/// What a record calls its encoders, objectives, metrics and probes; known_names() for what it says nothing of, and the
/// registered name for what neither knows.
class Names {
 public:
  explicit Names(const Json& result);

  /// The metric that orders tables, plots, comparisons and claims.
  const std::string& main_metric() const { return main_metric_; }
  /// "class_label" -> "Class labels"; takes Record's keys of encoders too ("Class labels at 8,192 pictures").
  std::string encoder(const std::string& key) const;
  std::string objective(const std::string& name) const { return title("objective", name); }
  std::string probe(const std::string& name) const { return title("probe", name); }
  /// What a pretraining objective asks: "next_token" -> "go on with captions".
  std::string pretraining(const std::string& name) const { return title("pretraining", name); }
  /// What a probe asks, in a sentence or two; "" when nobody says.
  std::string probe_question(const std::string& name) const { return text("probe", name, "question"); }
  /// A probe's title and, behind it, that of its way of asking.  @param probe  one of result.json's.
  std::string probe_title(const Json& probe) const;
  /// "centred" -> "Centred".
  std::string mode(const std::string& name) const;
  /// The pretraining task or objective whose trained weights an objective starts from; "" for none.
  std::string starts_from(const std::string& objective) const { return text("objective", objective, "starts_from"); }
  /// @param place  of the objective in the record, for objectives without a style of their own.
  SeriesStyle style(const std::string& objective, size_t place) const;

  /// "geneval" -> "GenEval", "geneval/color_attr" -> "Colour binding". Only an official "fid" is called FID.
  std::string metric(const std::string& name) const;
  /// What the metric's values are, as the beginning of a sentence; "" when nobody says.
  std::string meaning(const std::string& metric) const { return metric_fact(metric, "meaning").get<std::string>(); }
  bool higher_is_better(const std::string& metric) const;
  /// Measured with the very features that the metric is defined on, so that it compares with published values.
  bool official(const std::string& metric) const;
  /// What the features are of that a metric compares: "EfficientNet-lite0"; "" for metrics that a judge's word makes.
  std::string backbone(const std::string& metric) const;
  /// The metric plugin that gives the value: "frechet" of "fd_lite0".
  std::string plugin(const std::string& metric) const;
  /// A prompt's tag: the part of a metric that it belongs to ("counting" -> "Counting"), else in plain words.
  std::string tag(const std::string& name) const;

 private:
  std::string text(const char* kind, const std::string& name, const char* key) const;
  std::string title(const char* kind, const std::string& name) const;
  Json metric_fact(const std::string& metric, const char* key) const;

  std::string main_metric_;
  Json names_, metrics_;
  std::map<std::string, bool> official_rows_;  ///< metrics of which a row says that it is official -> all rows do
};

/// "geneval/counting" -> "geneval".
std::string metric_base(const std::string& metric);

/// "color_attr" -> "Color attr".
std::string plain_words(std::string name);

/// 1 -> "1 step".
std::string steps_words(int64_t steps);

}  // namespace emf
