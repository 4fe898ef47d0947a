// SPDX-License-Identifier: Apache-2.0
// What a probe is: a number measured on text features before any training. LibTorch-free.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/api/metric.h"

namespace emf {

struct ProbeInput {
  std::vector<Prompt> prompts;  ///< the candidate pool: unique captions
  /// The same in other words, one a prompt, for probes that can ask in one wording
  /// and search in another; empty = prompts.
  std::vector<Prompt> queries, candidates;
  FeatureMatrix visual;  ///< one row a prompt: features of a picture of it; empty when the probe needs none
  /// Pools any prompts (mean over real tokens): [B prompts] -> B rows. Cached by the engine.
  std::function<FeatureMatrix(const std::vector<Prompt>&)> pooled;
  /// True for class_label-like encoders, whose parts are label fields rather than words.
  bool parts_are_labels = false;
  Json options = Json::object();
  uint64_t seed = 0;
};

struct ProbeMode {
  std::string name;  ///< "raw", "centred" ...
  double value = 0;
  std::array<double, 2> ci95{};  ///< percentile bootstrap over queries
};

struct ProbeResult {
  std::vector<ProbeMode> modes;
  int64_t n_queries = 0, n_candidates = 0;
  Json numbers = Json::object();  ///< context without an interval: chance, oracle, mean of unrelated prompts ...
  std::vector<Json> items;        ///< one a query, for items/<probe>.jsonl
};

class Probe {
 public:
  static constexpr const char* kKind = "probe";
  virtual ~Probe() = default;
  virtual bool needs_pictures() const = 0;
  /// Reads what run() will find in ProbeInput::options, so that suites refuse a slip before they encode anything.
  /// @throws UserError  an unknown key (the nearest name), a wrong type or range: file and line.
  virtual void check_options(const Options& options) const { (void)options; }
  virtual ProbeResult run(const ProbeInput& input) const = 0;
};

using ProbeRegistry = Registry<Probe>;

}  // namespace emf
