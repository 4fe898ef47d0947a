// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/scoring/mush.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/engine/scoring/judging.h"
#include "harness/engine/scoring/known_pictures.h"
#include "harness/statistics/statistics.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

constexpr int kAveraged = 16;  // pictures a mean; a ghost then has a sixteenth of an object's contrast at least
constexpr int64_t kMostPrompts = 300;
constexpr double kAlike = 0.5;  // share of the variance that the means of pictures which are alike keep

using Seen = std::vector<std::vector<Detection>>;

/// Latents of pictures, encoded in the batches that the codec likes.
at::Tensor encode_all(const Codec& codec, const at::Tensor& pictures) {
  std::vector<at::Tensor> latents;
  for (const at::Tensor& part : pictures.split(codec.batch())) latents.push_back(codec.encode(part));
  return at::cat(latents);
}

at::Tensor decode_all(const Codec& codec, const at::Tensor& latents) {
  std::vector<at::Tensor> pictures;
  for (const at::Tensor& part : latents.split(codec.batch())) pictures.push_back(codec.decode(part));
  return at::cat(pictures);
}

/// Which prompts' means keep at most kAlike of the variance that their pictures have about the mean of all.
/// @param latents  [P,K,...].   @param means  [P,...].
std::vector<bool> are_mush(const at::Tensor& latents, const at::Tensor& means) {
  const at::Tensor within = (latents - means.unsqueeze(1)).square().flatten(1).sum(1),
                   about_all = (latents - means.mean(0)).square().flatten(1).sum(1),
                   kept = 1 - within / about_all.clamp_min(1e-12);
  std::vector<bool> mush;
  for (int64_t i = 0; i < kept.size(0); ++i) mush.push_back(kept[i].item<double>() <= kAlike);
  return mush;
}

/// What a judge accepted of one kind of pictures.
struct Kind {
  std::string name;
  Scores scores;                                        // 1 where it was accepted; a prompt is a cluster
  std::map<std::string, std::array<int64_t, 2>> tasks;  // accepted, pictures

  void add(const GenEvalMetadata& prompt, bool accepted) {
    scores.values.push_back(accepted ? 1 : 0);
    scores.clusters.push_back(prompt.prompt);
    scores.strata.push_back(prompt.tag);
    tasks[prompt.tag][0] += accepted ? 1 : 0;
    ++tasks[prompt.tag][1];
  }

  Json to_json() const {
    Json json = {{"name", name},
                 {"pictures", scores.values.size()},
                 {"accepted", std::count(scores.values.begin(), scores.values.end(), 1.0)},
                 {"tasks", Json::object()}};
    for (const auto& [tag, counts] : tasks) json["tasks"][tag] = {{"accepted", counts[0]}, {"pictures", counts[1]}};
    if (scores.values.empty()) return json;
    const Estimate share = estimate_mean(scores, {.shares = true});
    json["share"] = share.value;
    json["ci95"] = share.ci95 ? Json(*share.ci95) : Json();
    return json;
  }
};

}  // namespace

Json mush_acceptance(const Dataset& dataset, const Codec& codec, const Judge& judge, int64_t prompts, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const auto count = static_cast<int>(std::min(prompts, kMostPrompts));
  const KnownPictures known = draw_known_pictures(dataset, count, kAveraged, seed);
  const auto prompt_of = [&](int64_t i) -> const GenEvalMetadata& { return known.prompts[i * kAveraged]; };
  const at::Tensor encoded = encode_all(codec, known.pictures), latents = encoded.unflatten(0, {count, kAveraged}),
                   means = latents.mean(1);
  const std::vector<bool> mush = are_mush(latents, means);
  std::vector<uint64_t> rows(static_cast<size_t>(count));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  const at::Tensor noise = normal_rows(seed, "mush", rows, means.sizes().slice(1));
  const GenEvalOptions options = judge.geneval_options();

  Kind averages{"averages of a prompt's pictures"}, halfway{"averages half way to noise"},
      others{"pictures of other prompts"};
  const Seen of_averages = detect_in_batches(judge, decode_all(codec, means)),
             of_halfway = detect_in_batches(judge, decode_all(codec, means / 2 + noise / 2)),
             of_first = detect_in_batches(judge, decode_all(codec, latents.select(1, 0)));
  const auto accepts = [&](int64_t prompt, const std::vector<Detection>& seen, const GenEvalOptions& rule) {
    return geneval_verdict(prompt_of(prompt), seen, rule).correct;
  };
  for (int64_t i = 0; i < count; ++i) {
    if (mush[i]) {
      averages.add(prompt_of(i), accepts(i, of_averages[i], options));
      halfway.add(prompt_of(i), accepts(i, of_halfway[i], options));
    }
    // A prompt from the other half of the list, where it is true of the prompt's picture as seldom as anywhere.
    const int64_t other = (i + count / 2) % count;
    if (geneval_verdict(prompt_of(i), known.truth[other * kAveraged], {}).correct) continue;
    others.add(prompt_of(i), accepts(i, of_first[other], options));
  }

  Json thresholds = Json::array();
  for (const float threshold : {0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 0.95f}) {
    GenEvalOptions rule = options;
    rule.threshold = threshold;
    rule.counting_threshold = std::max(rule.counting_threshold, threshold);
    int64_t right = 0, wrong = 0, shown = 0;
    for (int64_t i = 0; i < count; ++i) {
      right += accepts(i, of_first[i], rule) ? 1 : 0;
      if (!mush[i]) continue;
      ++shown;
      wrong += accepts(i, of_averages[i], rule) ? 1 : 0;
    }
    thresholds.push_back({{"threshold", std::round(threshold * 100) / 100},
                          {"right", static_cast<double>(right) / count},
                          {"averages", shown == 0 ? 0 : static_cast<double>(wrong) / static_cast<double>(shown)}});
  }

  Kind together = averages;
  for (size_t i = 0; i < halfway.scores.values.size(); ++i) {
    together.scores.values.push_back(halfway.scores.values[i]);
    together.scores.clusters.push_back(halfway.scores.clusters[i]);
    together.scores.strata.push_back(halfway.scores.strata[i]);
  }
  const Json whole = together.to_json();
  return {{"averaged", kAveraged},
          {"left_out", std::count(mush.begin(), mush.end(), false)},
          {"thresholds", thresholds},
          {"kinds", {averages.to_json(), halfway.to_json(), others.to_json()}},
          {"mush", {{"share", whole.value("share", Json())}, {"ci95", whole.value("ci95", Json())}}}};
}

}  // namespace emf
