// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/scoring/calibration.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "harness/engine/scoring/judging.h"
#include "harness/statistics/judge_correction.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

constexpr int kPicturesAPrompt = 2;
constexpr const char* kClean = "as rendered";
// What records call pictures that went through the codec, whichever it was. The name stays as it is, because stages
// that stores hold were written with it; the report words it.
constexpr const char* kRebuilt = "through the autoencoder";

/// @param x  [N,3,H,W] float32.   @param sigma  pixels.
at::Tensor gaussian_blur(const at::Tensor& x, double sigma) {
  // Four deviations to each side leave out less than 1e-4 of the bell.
  const auto reach = static_cast<int64_t>(std::ceil(4 * sigma));
  const at::Tensor place = at::arange(-reach, reach + 1, at::kFloat);
  at::Tensor kernel = (-(place / sigma).square() / 2).exp();
  kernel = (kernel / kernel.sum()).expand({3, 2 * reach + 1});
  // The border is repeated: zeros beyond it would darken the picture's edge, which a judge could take for an
  // object.
  const at::Tensor padded = at::replication_pad2d(x, {reach, reach, reach, reach});
  const auto along = [&](const at::Tensor& y, at::IntArrayRef shape) {
    return at::conv2d(y, kernel.reshape(shape), {}, at::IntArrayRef{1}, at::IntArrayRef{0}, at::IntArrayRef{1}, 3);
  };
  // Along rows and then along columns, because a Gaussian of two dimensions is the product of two of one.
  return along(along(padded, {3, 1, 1, 2 * reach + 1}), {3, 1, 2 * reach + 1, 1});
}

/// How many boxes of a counted class the judge reported, by how many there are.
Json count_confusion(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                     const GenEvalOptions& options) {
  std::map<std::string, std::map<std::string, int64_t>> confusion;
  for (size_t i = 0; i < judged.size(); ++i) {
    if (known.prompts[i].tag != "counting") continue;
    const std::string& counted = known.prompts[i].include.front().class_name;
    const auto kept = geneval_kept(judged[i], known.prompts[i], options);
    const auto found = kept.find(counted);
    const size_t number = found == kept.end() ? 0 : found->second.size();
    ++confusion[std::to_string(known.prompts[i].include.front().count)][std::to_string(number)];
  }
  return confusion;
}

}  // namespace

const std::vector<Corruption>& corruptions() {
  static const std::vector<Corruption> all = {{kClean, 0, 0, false},
                                              {"blurred, 0.5 px", 0.5, 0, false},
                                              {"blurred, 1 px", 1, 0, false},
                                              {"blurred, 1.5 px", 1.5, 0, false},
                                              {"noise, 4 %", 0, 0.04, false},
                                              {"noise, 10 %", 0, 0.1, false},
                                              {"half the resolution", 0, 0, true}};
  return all;
}

at::Tensor corrupt(const at::Tensor& pictures, const Corruption& corruption, uint64_t seed) {
  const int64_t height = pictures.size(2), width = pictures.size(3);
  at::Tensor x = pictures.to(at::kFloat) / 255;
  if (corruption.blur_pixels > 0) x = gaussian_blur(x, corruption.blur_pixels);
  if (corruption.halved) {
    // Shrunk with antialiasing and grown without, which takes the fine detail and adds no pattern of its own.
    x = at::upsample_bilinear2d(at::_upsample_bilinear2d_aa(x, {height / 2, width / 2}, /*align_corners=*/false),
                                {height, width}, /*align_corners=*/false);
  }
  if (corruption.noise > 0) {
    std::vector<uint64_t> rows(static_cast<size_t>(x.size(0)));
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
    x = x + corruption.noise * normal_rows(seed, "corrupt", rows, x.sizes().slice(1));
  }
  // Back to bytes, because generated pictures reach the judge as bytes, too.
  return (x * 255).round().clamp(0, 255).to(at::kByte);
}

Json judge_errors(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                  const GenEvalOptions& options, const std::vector<std::string>& class_names, uint64_t seed) {
  std::map<std::string, JudgeTrials> trials;
  for (size_t i = 0; i < judged.size(); ++i) {
    const GenEvalMetadata& prompt = known.prompts[i];
    JudgeTrials& counts = trials[prompt.tag];
    // Asked of the true boxes first: where objects cover each other, a picture may fail its own prompt, and the
    // judge is not to blame for it.
    if (geneval_verdict(prompt, known.truth[i], {}).correct) {
      ++counts.right;
      counts.right_accepted += geneval_verdict(prompt, judged[i], options).correct ? 1 : 0;
    }
    const GenEvalMetadata miss = near_miss(prompt, class_names, seed, i);
    // A near miss that is true of the picture by chance is no wrong prompt.
    if (!geneval_verdict(miss, known.truth[i], {}).correct) {
      ++counts.wrong;
      counts.wrong_accepted += geneval_verdict(miss, judged[i], options).correct ? 1 : 0;
    }
  }
  return {{"boxes", box_errors(known, judged, options.threshold)},
          {"count_confusion", count_confusion(known, judged, options)},
          {"trials", to_json(trials)}};
}

Json calibrate_judge(const Dataset& dataset, const Codec* codec, const Judge& judge, int64_t prompts, uint64_t seed) {
  const at::NoGradGuard no_grad;
  const KnownPictures known = draw_known_pictures(dataset, static_cast<int>(prompts), kPicturesAPrompt, seed);
  // Near misses stay in the world where it is large enough to have any: what never is painted is refused too easily.
  constexpr size_t kFewClasses = 4;
  const std::vector<std::string>& of_world = dataset.world()->class_names();  // there, or nothing would have been drawn
  const std::vector<std::string>& names = of_world.size() < kFewClasses ? judge.class_names() : of_world;
  const GenEvalOptions options = judge.geneval_options();
  const bool rebuilds = codec != nullptr && codec->loses();
  Json kinds = Json::array();
  const auto look = [&](const Corruption& kind, const at::Tensor& pictures) {
    const std::vector<std::vector<Detection>> judged = detect_in_batches(judge, pictures);
    Json row = judge_errors(known, judged, options, names, seed);
    row.update(
        {{"name", kind.name}, {"blur_pixels", kind.blur_pixels}, {"noise", kind.noise}, {"pictures", judged.size()}});
    kinds.push_back(row);
  };
  for (const Corruption& kind : corruptions()) {
    look(kind, corrupt(known.pictures, kind, seed));
    if (kind.name == kClean && rebuilds) {
      look({kRebuilt, 0, 0, false}, codec->decode(codec->encode(known.pictures)));
    }
  }
  // Generated pictures have left the codec, so the error that is taken out of their scores is the one on real
  // pictures that went through it.
  return {{"kinds", kinds}, {"generated_like", rebuilds ? kRebuilt : kClean}};
}

}  // namespace emf
