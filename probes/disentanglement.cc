// SPDX-License-Identifier: Apache-2.0
// Table 2's probe: how much of a prompt's features stays when random parts of the prompt are taken away?
//
// Each word is dropped with probability .5 (and .1), at least one kept, one seeded draw a prompt; for label
// encoders the parts are label fields (dropped_parts.h). With c the cosine of the pooled features of a prompt
// and of its rest, modes:
//   raw        mean c (the paper's); alone it measures how nearly parallel an encoder's features are
//   adjusted   mean (c - u) / (1 - u), u = mean cosine of two different whole prompts, held fixed in the
//   interval;
//              0 when u is 1, since an encoder that tells nothing apart keeps nothing
//   centred    mean cosine after taking the whole prompts' mean away from both
//   retrieval  share of rests whose nearest whole prompt by raw cosine is their own; ties share the point
// Modes of the .1 drop end in "@0.1".
#include <array>
#include <cmath>

#include "harness/api/probe.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/statistics/statistics.h"
#include "probes/dropped_parts.h"
#include "probes/unit_rows.h"

namespace emf {
namespace {

constexpr std::array<double, 2> kShares = {0.5, 0.1};

/// Mean cosine of different rows: (|sum|^2 - n) / (n (n - 1)) over rows of length one, zero rows counting
/// zero.
double mean_of_unrelated(const Rows& units) {
  const auto n = static_cast<double>(units.rows());
  return (units.colwise().sum().squaredNorm() - units.squaredNorm()) / (n * (n - 1));
}

/// 1 over the number of tied winners when the own prompt is among them, else 0.
double own_share(const Eigen::VectorXd& similarity, Eigen::Index own) {
  const double best = similarity.maxCoeff();
  if (similarity[own] < best - kTie) return 0;
  return 1.0 / static_cast<double>((similarity.array() >= best - kTie).count());
}

BootstrapOptions bootstrap_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  BootstrapOptions bootstrap;
  bootstrap.draws = static_cast<int>(reader.integer("draws", bootstrap.draws, 1, 1'000'000,
                                                    "resamples of the bootstrap behind intervals [resamples]"));
  bootstrap.seed = seed;
  bootstrap.stream = "probe/disentanglement";
  reader.finish();
  return bootstrap;
}

class Disentanglement : public Probe {
 public:
  bool needs_pictures() const override { return false; }

  void check_options(const Options& options) const override { bootstrap_of(options, 0); }

  ProbeResult run(const ProbeInput& input) const override {
    const BootstrapOptions bootstrap = bootstrap_of(Options(input.options, "disentanglement options"), input.seed);
    if (!input.queries.empty() || !input.candidates.empty()) {
      fail_input(
          "disentanglement takes words away from the captions themselves; leave query_words and candidate_words out");
    }
    const auto count = static_cast<int64_t>(input.prompts.size());
    if (count < 2) fail_input("disentanglement: {} prompts, but unrelated ones are needed: give at least 2", count);
    const Rows whole = checked_rows(input.pooled(input.prompts), count, "disentanglement text");
    const Eigen::RowVectorXd center = whole.colwise().mean();
    const Rows units = unit_rows(whole), centred_units = unit_rows(whole, center);
    const double unrelated = mean_of_unrelated(units);

    ProbeResult result;
    result.n_queries = result.n_candidates = count;
    result.numbers = {{"unrelated", unrelated},
                      {"unrelated_centred", mean_of_unrelated(centred_units)},
                      {"retrieval_chance", 1.0 / static_cast<double>(count)},
                      {"parts", input.parts_are_labels ? "labels" : "words"}};
    for (const Prompt& prompt : input.prompts) result.items.push_back({{"text", prompt.text}});
    for (const double share : kShares) {
      std::vector<Prompt> rests;
      for (const Prompt& prompt : input.prompts) {
        rests.push_back(input.parts_are_labels ? without_labels(prompt, share, input.seed)
                                               : without_words(prompt, share, input.seed));
      }
      const Rows rest = checked_rows(input.pooled(rests), count, "disentanglement text");
      const Rows rest_units = unit_rows(rest), centred_rest = unit_rows(rest, center);
      std::array<std::vector<double>, 4> scores;  // raw, adjusted, centred, retrieval
      for (int64_t i = 0; i < count; ++i) {
        const Eigen::VectorXd similarity = units * rest_units.row(i).transpose();
        const double cosine = similarity[i];
        scores[0].push_back(cosine);
        scores[1].push_back(1 - unrelated > kTie ? (cosine - unrelated) / (1 - unrelated) : 0);
        scores[2].push_back(centred_units.row(i).dot(centred_rest.row(i)));
        scores[3].push_back(own_share(similarity, i));
      }
      record(share, rests, scores, bootstrap, result);
    }
    return result;
  }

 private:
  static void record(double share, const std::vector<Prompt>& rests, const std::array<std::vector<double>, 4>& scores,
                     const BootstrapOptions& bootstrap, ProbeResult& result) {
    constexpr std::array<const char*, 4> kNames = {"raw", "adjusted", "centred", "retrieval"};
    const std::string ending = share == kShares.front() ? "" : fmt::format("@{}", share);
    for (size_t mode = 0; mode < scores.size(); ++mode) {
      const Estimate estimate = estimate_mean({scores[mode], {}, {}}, bootstrap);
      result.modes.push_back({kNames[mode] + ending, estimate.value, *estimate.ci95});
      for (size_t i = 0; i < rests.size(); ++i) result.items[i][kNames[mode] + ending] = scores[mode][i];
    }
    for (size_t i = 0; i < rests.size(); ++i) result.items[i]["rest" + ending] = rests[i].text;
  }
};

EMF_REGISTER(ProbeRegistry, "disentanglement",
             "How much of a prompt's features stays when random parts of it are dropped? (the paper's Table 2)",
             std::make_unique<Disentanglement>, {.title = "Disentanglement"});

}  // namespace
}  // namespace emf
