// SPDX-License-Identifier: Apache-2.0
// What a score is: a function of judge outputs or features, without LibTorch, so that it can be recomputed years later.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/options.h"
#include "harness/base/registry.h"

namespace emf {

/// N vectors of D features, row by row, and what they are features of.
///
/// Double, so that float64 feature files keep their digits: a Frechet distance is asked to 1e-9.
struct FeatureMatrix {
  std::vector<double> values;  ///< rows * columns
  int64_t rows = 0, columns = 0;
  Json identity = Json::object();  ///< weights sha256, layer, resize filter ... ; unequal identities are not compared
};

class FeatureStatistics;  // harness/statistics/feature_statistics.h
struct Detection;         // harness/rules/geneval_rule.h

/// What a metric reads. Whoever scores asks needs() and provides it, knowing no metric by name.
enum class MetricNeed {
  kFacts,          ///< what a judge saw of pictures of GenEval's prompts: `judged`
  kQuestions,      ///< what a judge answered of prompts that have questions: `judged`
  kFeatures,       ///< features of real and of generated pictures: `real`, `generated`
  kHeldOut,        ///< beside kFeatures: features of real pictures that are not the reference: `held_out`
  kProbabilities,  ///< a classifier's scores of generated pictures: `generated`
};

struct MetricInput {
  const FeatureMatrix* real = nullptr;
  const FeatureMatrix* generated = nullptr;
  const FeatureMatrix* held_out = nullptr;
  const FeatureStatistics* real_statistics = nullptr;  ///< instead of `real`, for metrics that need no rows
  const FeatureStatistics* generated_statistics = nullptr;
  const std::vector<Json>* judged = nullptr;  ///< one judge output a picture, as in items/*.jsonl
  /// One entry a judged row, or null: those rows' "detections" where they are read already.
  const std::vector<std::optional<std::vector<Detection>>>* detections = nullptr;
  Json options = Json::object();
  uint64_t seed = 0;  ///< of the bootstrap
};

struct MetricValue {
  std::string name;             ///< "geneval", "geneval/counting", "kid_lite0"
  std::optional<double> value;  ///< absent with `why`
  std::string why;
  std::optional<std::array<double, 2>> ci95;
  int64_t n = 0;
  Json identity = Json::object();
  std::vector<std::string> warnings;  ///< "small_n"
  Json details = Json::object();      ///< further facts of this value ("correct", "total", "n_real", "std" ...)
};

class Metric {
 public:
  static constexpr const char* kKind = "metric";
  virtual ~Metric() = default;
  virtual std::set<MetricNeed> needs() const = 0;
  virtual bool higher_is_better() const = 0;
  /// What its value is called when it is measured on a backbone ("fd_lite0", "fid"); its registered name by default.
  /// @param backbone  Backbone::short_name(), "" where features came from elsewhere.
  /// @param official  the features are those that the metric is defined on (the 2015 Inception's).
  virtual std::string name_on(const std::string& backbone, bool official) const {
    (void)backbone, (void)official;
    return "";
  }
  /// What score() calls its values where its own is called `name`, that one first. Metrics of items leave it: their
  /// further values are the tasks of what is judged.
  virtual std::vector<std::string> value_names(const std::string& name) const { return {name}; }
  /// Reads what score() will find in MetricInput::options, so that suites refuse a slip before they train.
  /// @throws UserError  an unknown key (the nearest name), a wrong type or range: file and line.
  virtual void check_options(const Options& options) const { (void)options; }
  /// Rows of features that score() takes at least on each side with these options, so that too few are refused before
  /// they are made.
  virtual int64_t least_rows(const Options& options) const {
    (void)options;
    return 1;
  }
  /// @throws UserError  inputs that cannot be scored (says which).
  virtual std::vector<MetricValue> score(const MetricInput& input) const = 0;
  /// One score a judged item in input order (for paired tests); empty when the metric is of whole sets.
  virtual std::vector<double> item_scores(const MetricInput& input) const {
    (void)input;
    return {};
  }
  /// One object a judged item in input order ({"correct", "reason"}), for items/<metric>.jsonl; empty likewise.
  virtual std::vector<Json> items(const MetricInput& input) const {
    (void)input;
    return {};
  }
};

using MetricRegistry = Registry<Metric>;

}  // namespace emf
