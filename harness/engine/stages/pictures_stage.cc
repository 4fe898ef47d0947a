// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/stages/pictures_stage.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <functional>

#include "harness/base/interrupt.h"
#include "harness/engine/pictures/picture_file.h"
#include "harness/engine/pictures/trajectory.h"
#include "harness/tensor/picture_tensor.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

/// Pictures of samples in batches, as the codec gives them back.
/// @param sample_at  the sample of a place in the list of prompts.
Json draw_pictures(const Dataset& dataset, const Codec* codec, int64_t count,
                   const std::function<Sample(size_t)>& sample_at, const RunFolder& folder) {
  const at::NoGradGuard no_grad;
  constexpr int64_t kBatch = 256;  // pictures drawn at once where no codec says how many it takes
  const int64_t batch = codec != nullptr ? codec->batch() : kBatch;
  std::vector<at::Tensor> pictures;
  for (int64_t begin = 0; begin < count; begin += batch) {
    if (interrupted()) stop_interrupted();
    std::vector<Sample> samples;
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(std::min(count, begin + batch)); ++i) {
      samples.push_back(sample_at(i));
    }
    const at::Tensor drawn = picture_tensor(samples, dataset.height(), dataset.width()).contiguous();
    pictures.push_back(codec != nullptr ? codec->decode(codec->encode(drawn)) : drawn);
  }
  write_pictures(at::cat(pictures), folder);
  return {{"pictures", count}};
}

}  // namespace

StageSpec sample_stage(const SamplingPlan& plan) {
  StageSpec stage;
  stage.kind = "sample";
  stage.label = plan.label;
  stage.version = 2;
  stage.spec = {{"objective", plan.objective->fingerprint()},
                {"codec", plan.codec->fingerprint()},
                {"steps", plan.steps},
                {"guidance", plan.guidance},
                {"seed", plan.model.seed}};
  if (!plan.objective->sampling().empty()) stage.spec["sampling"] = plan.objective->sampling();
  // The prompts are in no key of the spec: the stage of judged texts holds their hash, and its own enters here.
  stage.inputs = {plan.train, plan.texts, plan.judged_texts};
  stage.work = [plan](const RunFolder& folder, Json& provenance) {
    const TrainedRow row =
        load_trained_row(plan.source, plan.model, *plan.objective, *plan.texts->folder, *plan.train->folder);
    const EncodedTexts texts(*plan.judged_texts->folder);
    const auto condition_of = [&](int64_t begin, int64_t count) {
      return row.conditions.gather(texts, at::arange(begin, begin + count, at::kLong));
    };
    return sample_prompts(*plan.objective, *row.model, row.conditions, condition_of, plan.prompts, *plan.codec,
                          {plan.dataset->height(), plan.dataset->width()}, plan.steps, plan.guidance, plan.model.seed,
                          folder, provenance);
  };
  return stage;
}

StageSpec trajectory_stage(const SamplingPlan& plan) {
  StageSpec stage;
  stage.kind = "trajectory";
  stage.label = plan.label;
  stage.spec = {{"objective", plan.objective->fingerprint()},
                {"codec", plan.codec->fingerprint()},
                {"steps", plan.steps},
                {"guidance", plan.guidance},
                {"seed", plan.model.seed},
                {"pictures", plan.prompts}};
  if (!plan.objective->sampling().empty()) stage.spec["sampling"] = plan.objective->sampling();
  stage.inputs = {plan.train, plan.texts, plan.judged_texts};
  stage.work = [plan](const RunFolder&, Json&) {
    const TrainedRow row =
        load_trained_row(plan.source, plan.model, *plan.objective, *plan.texts->folder, *plan.train->folder);
    const EncodedTexts texts(*plan.judged_texts->folder);
    const auto condition_of = [&](int64_t begin, int64_t count) {
      return row.conditions.gather(texts, at::arange(begin, begin + count, at::kLong));
    };
    const at::Device device =
        row.model->parameters().empty() ? Placement().device : row.model->parameters().front().second.device();
    const LatentShape shape = plan.codec->shape(plan.dataset->height(), plan.dataset->width());
    return measure_paths([&](const SamplerRequest& request) { return plan.objective->sample(*row.model, request); },
                         sampler_request(row.conditions, condition_of, 0, plan.prompts, shape, plan.steps,
                                         plan.guidance, plan.model.seed, device));
  };
  return stage;
}

StageSpec draw_stage(const std::string& label, const std::shared_ptr<const Dataset>& dataset,
                     const std::shared_ptr<const Codec>& codec, const std::shared_ptr<const JudgedPrompts>& judged) {
  StageSpec stage;
  stage.kind = "draw";
  stage.label = "draw " + label;
  stage.spec = {{"dataset", dataset->fingerprint()}, {"prompts", judged->hash()}};
  if (codec) {
    stage.spec["codec"] = codec->fingerprint();
    // Since pictures go through it in batches: a network's last bits may follow how many it sees at once.
    stage.version = 2;
  }
  stage.work = [dataset, codec, judged](const RunFolder& folder, Json&) -> Json {
    // The index is the picture's place in the list, so that several pictures of one prompt differ.
    const auto sample_at = [&](size_t i) { return dataset->draw(judged->prompts[i], i); };
    return draw_pictures(*dataset, codec.get(), judged->size(), sample_at, folder);
  };
  return stage;
}

StageSpec unrelated_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                          const std::shared_ptr<const JudgedPrompts>& judged) {
  StageSpec stage;
  stage.kind = "draw_unrelated";
  stage.label = "draw unrelated pictures";
  stage.spec = {{"dataset", dataset->fingerprint()}, {"pictures", judged->size()}};
  if (codec) stage.spec["codec"] = codec->fingerprint();
  stage.work = [dataset, codec, judged](const RunFolder& folder, Json&) -> Json {
    // Far from those that distances are taken to.
    constexpr uint64_t kFirst = uint64_t{1} << 32;
    const auto sample_at = [&](size_t i) { return dataset->unseen(kFirst + i); };
    return draw_pictures(*dataset, codec.get(), judged->size(), sample_at, folder);
  };
  return stage;
}

}  // namespace emf
