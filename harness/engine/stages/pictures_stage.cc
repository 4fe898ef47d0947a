#include "harness/engine/stages/pictures_stage.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/engine/pictures/picture_file.h"
#include "harness/tensor/picture_tensor.h"
#include "harness/tensor/safetensors.h"

namespace emf {

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

StageSpec draw_stage(const std::string& label, const std::shared_ptr<const Dataset>& dataset,
                     const std::shared_ptr<const Codec>& codec, const std::shared_ptr<const JudgedPrompts>& judged) {
  StageSpec stage;
  stage.kind = "draw";
  stage.label = "draw " + label;
  stage.spec = {{"dataset", dataset->fingerprint()}, {"prompts", judged->hash()}};
  if (codec) stage.spec["codec"] = codec->fingerprint();
  stage.work = [dataset, codec, judged](const RunFolder& folder, Json&) -> Json {
    const at::NoGradGuard no_grad;
    std::vector<Sample> samples;
    // The index is the picture's place in the list, so that several pictures of one prompt differ.
    for (size_t i = 0; i < judged->prompts.size(); ++i) samples.push_back(dataset->draw(judged->prompts[i], i));
    at::Tensor pictures = picture_tensor(samples, dataset->height(), dataset->width()).contiguous();
    if (codec) pictures = codec->decode(codec->encode(pictures));
    write_pictures(pictures, folder);
    return {{"pictures", samples.size()}};
  };
  return stage;
}

}  // namespace emf
