// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/stages/probe_stages.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <set>

#include "harness/api/feature_matrix.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/engine/text/judged_prompts.h"
#include "harness/engine/text/text_pooler.h"
#include "harness/tensor/picture_tensor.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

/// The first `count` different captions among a dataset's first samples.
std::vector<Prompt> first_captions(const Dataset& dataset, int64_t samples, int64_t count) {
  std::vector<Prompt> captions;
  std::set<std::string> seen;
  for (int64_t i = 0; i < samples && static_cast<int64_t>(captions.size()) < count; ++i) {
    Prompt prompt = dataset.prompt(static_cast<uint64_t>(i));
    // A caption that stood in the pool twice would be its own neighbour.
    if (seen.insert(prompt.text).second) captions.push_back(std::move(prompt));
  }
  return captions;
}

}  // namespace

std::vector<Prompt> probe_captions(const TrainingCaptions& captions, int64_t count) {
  // Read from the front until there are enough: planning a suite of millions of pictures needs a thousand captions.
  return first_captions(captions.dataset(), captions.pool(), count);
}

std::vector<Prompt> probe_captions(const Dataset& dataset, int64_t count) {
  // Captions repeat. After four samples for each caption that is wanted, the dataset is taken to have no more:
  // a small world holds fewer than are asked for.
  constexpr int64_t kPicturesACaption = 4;
  return first_captions(dataset, kPicturesACaption * count, count);
}

std::vector<Prompt> reworded(const Dataset& dataset, const std::vector<Prompt>& captions, const std::string& wording) {
  std::vector<Prompt> prompts;
  if (wording.empty()) return prompts;
  for (const Prompt& caption : captions) prompts.push_back(dataset.reword(caption, wording));
  return prompts;
}

at::Tensor probe_picture_features(const Dataset& dataset, const PictureFeatures& backbone,
                                  const std::vector<Prompt>& captions) {
  const at::NoGradGuard no_grad;
  constexpr size_t kPictures = 16;  // a batch, at least one caption's
  const auto views = static_cast<size_t>(dataset.views()), batch = std::max<size_t>(1, kPictures / views);
  Progress progress("features of pictures", static_cast<int64_t>(captions.size()), "captions");
  std::vector<at::Tensor> rows;
  for (size_t begin = 0; begin < captions.size(); begin += batch) {
    const size_t end = std::min(captions.size(), begin + batch);
    std::vector<Sample> samples;
    for (size_t i = begin * views; i < end * views; ++i) samples.push_back(dataset.draw(captions[i / views], i));
    const at::Tensor features =
        backbone.features(picture_tensor(samples, dataset.height(), dataset.width()).contiguous());
    // The mean over a caption's views, which keeps what its pictures share and not how one vendor draws.
    rows.push_back(features.reshape({static_cast<int64_t>(end - begin), dataset.views(), features.size(1)}).mean(1));
    progress.update(static_cast<int64_t>(end));
  }
  return at::cat(rows);
}

StageSpec probe_pictures_stage(const std::shared_ptr<const Dataset>& dataset,
                               const std::shared_ptr<const PictureFeatures>& backbone,
                               const std::vector<Prompt>& captions) {
  StageSpec stage;
  stage.kind = "probe_pictures";
  stage.label = fmt::format("features of {} captions' pictures", captions.size());
  stage.spec = {
      {"dataset", dataset->fingerprint()}, {"backbone", backbone->identity()}, {"captions", hash_of_prompts(captions)}};
  stage.work = [dataset, backbone, captions](const RunFolder& folder, Json&) -> Json {
    const at::Tensor features = probe_picture_features(*dataset, *backbone, captions);
    write_safetensors(folder.file(kFeaturesFile), {{"features", features}});
    return {{"captions", captions.size()},
            {"pictures", captions.size() * static_cast<size_t>(dataset->views())},
            {"dimension", features.size(1)}};
  };
  return stage;
}

StageSpec pooled_texts_stage(const EncoderSource& source, const std::string& what, const std::vector<Prompt>& texts,
                             const std::vector<StagePointer>& after, const std::filesystem::path& store) {
  StageSpec stage;
  stage.kind = "pooled_texts";
  stage.label = fmt::format("encode {} with {}", what, source.choice().name);
  stage.spec = {{"encoder", source.untrained()->fingerprint()}, {"texts", hash_of_prompts(texts)}};
  stage.spec.update(source.pooling());
  stage.inputs = source.inputs();
  stage.after = after;
  stage.work = [source, texts, store](const RunFolder&, Json& provenance) -> Json {
    TextPooler pooler(source.make(), source.choice().pooling, store);
    const FeatureMatrix pooled = pooler(texts);
    provenance["encoded"] = pooler.encoded();
    // The features themselves lie in the cache. This stage only says so, so that probes that run side by side
    // read them instead of all encoding the same texts.
    return {{"texts", pooled.rows}, {"dimension", pooled.columns}};
  };
  return stage;
}

StageSpec probe_stage(const ProbePlan& plan) {
  StageSpec stage;
  stage.kind = "probe";
  stage.label = fmt::format("probe {} of {}", plan.name, plan.source.choice().name);
  stage.version = 3;
  stage.spec = {{"probe", plan.probe},
                {"encoder", plan.source.untrained()->fingerprint()},
                {"options", plan.input.options},
                {"prompts", hash_of_prompts(plan.input.prompts)},
                {"queries", hash_of_prompts(plan.input.queries)},
                {"candidates", hash_of_prompts(plan.input.candidates)}};
  stage.spec.update(plan.source.pooling());
  stage.inputs = plan.source.inputs();
  stage.after = plan.pooled;
  if (plan.pictures) stage.inputs.push_back(plan.pictures);
  stage.work = [plan](const RunFolder& folder, Json&) {
    ProbeInput input = plan.input;
    if (plan.pictures) {
      input.visual = to_matrix(read_safetensors(plan.pictures->folder->file(kFeaturesFile)).at("features"), Json());
    }
    const ProbeResult result =
        run_probe(plan.probe, plan.source.make(), plan.source.choice().pooling, std::move(input), plan.store);
    write_atomically(folder.file("items/" + plan.probe + ".jsonl"), json_lines(result.items));
    return describe_probe(result);
  };
  return stage;
}

ProbeResult run_probe(const std::string& probe, const std::shared_ptr<Encoder>& encoder, const std::string& pooling,
                      ProbeInput input, const std::filesystem::path& store) {
  // Such an encoder has a token for each label and none for words, so what a probe drops from a prompt are
  // labels.
  input.parts_are_labels = encoder->info().reads == EncoderInput::kLabels;
  const auto pooler = std::make_shared<TextPooler>(encoder, pooling, store);
  input.pooled = [pooler](const std::vector<Prompt>& texts) { return (*pooler)(texts); };
  return ProbeRegistry::instance().make(probe)->run(input);
}

Json describe_probe(const ProbeResult& result) {
  Json modes = Json::object();
  for (const ProbeMode& mode : result.modes) modes[mode.name] = {{"value", mode.value}, {"ci95", mode.ci95}};
  return {{"modes", modes},
          {"numbers", result.numbers},
          {"n_queries", result.n_queries},
          {"n_candidates", result.n_candidates}};
}

}  // namespace emf
