#include "harness/engine/stages/probing.h"
#include "harness/tensor/picture_tensor.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <numeric>
#include <set>
#include <unordered_map>

#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/pictures/picture_file.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/tensor/safetensors.h"

namespace emf {

Json draw_judging_prompts(const Dataset& dataset, const LatentCodec* codec, const PromptTable& prompts,
                          const RunFolder& folder) {
  const at::NoGradGuard no_grad;
  std::vector<Sample> samples;
  for (size_t i = 0; i < prompts.judging.size(); ++i) samples.push_back(dataset.draw(prompts.judging[i], i));
  at::Tensor pictures = picture_tensor(samples, dataset.side(), dataset.side()).contiguous();
  if (codec != nullptr) pictures = codec->decode(codec->encode(pictures));
  write_safetensors(folder.file("pictures.safetensors"), {{"pictures", pictures}});
  write_picture_grid(folder.file("samples/grid.png"), pictures, kGridColumns, kGridPictures);
  return {{"pictures", samples.size()}};
}

std::vector<Prompt> probe_captions(const PromptTable& prompts, int64_t count) {
  const size_t taken = std::min(static_cast<size_t>(count), prompts.training.size());
  return {prompts.training.begin(), prompts.training.begin() + static_cast<std::ptrdiff_t>(taken)};
}

std::vector<Prompt> probe_captions(const Dataset& dataset, int64_t count) {
  constexpr int64_t kPicturesACaption = 4;
  std::vector<Prompt> captions;
  std::set<std::string> seen;
  for (int64_t i = 0; i < kPicturesACaption * count && static_cast<int64_t>(captions.size()) < count; ++i) {
    Prompt prompt = dataset.prompt(static_cast<uint64_t>(i));
    if (seen.insert(prompt.text).second) captions.push_back(std::move(prompt));
  }
  return captions;
}

std::vector<Prompt> reworded(const Dataset& dataset, const std::vector<Prompt>& captions, const std::string& wording) {
  std::vector<Prompt> prompts;
  if (wording.empty()) return prompts;
  for (const Prompt& caption : captions) prompts.push_back(dataset.reword(caption, wording));
  return prompts;
}

at::Tensor probe_picture_features(const Dataset& dataset, const Judges& judges, const std::vector<Prompt>& captions) {
  const at::NoGradGuard no_grad;
  constexpr size_t kPictures = 16;  // a batch, at least one caption's
  const auto views = static_cast<size_t>(dataset.views()), batch = std::max<size_t>(1, kPictures / views);
  Progress progress("features of pictures", static_cast<int64_t>(captions.size()), "captions");
  std::vector<at::Tensor> rows;
  for (size_t begin = 0; begin < captions.size(); begin += batch) {
    const size_t end = std::min(captions.size(), begin + batch);
    std::vector<Sample> samples;
    for (size_t i = begin * views; i < end * views; ++i) samples.push_back(dataset.draw(captions[i / views], i));
    const at::Tensor features = judges.features(picture_tensor(samples, dataset.side(), dataset.side()).contiguous());
    rows.push_back(features.reshape({static_cast<int64_t>(end - begin), dataset.views(), features.size(1)}).mean(1));
    progress.update(static_cast<int64_t>(end));
  }
  return at::cat(rows);
}

Json draw_probe_pictures(const Dataset& dataset, const Judges& judges, const std::vector<Prompt>& captions,
                         const RunFolder& folder) {
  const at::Tensor features = probe_picture_features(dataset, judges, captions);
  write_safetensors(folder.file("features.safetensors"), {{"features", features}});
  return {{"captions", captions.size()},
          {"pictures", captions.size() * static_cast<size_t>(dataset.views())},
          {"dimension", features.size(1)}};
}

TextPooler pool_with(std::shared_ptr<Encoder> encoder, const std::string& pooling) {
  return [encoder = std::move(encoder), pool = Pooling(pooling)](const std::vector<Prompt>& texts) {
    constexpr size_t kBatch = 32;
    const at::NoGradGuard no_grad;
    // Prompts of like length share a batch, so that padding costs little; rows are put back in order.
    std::vector<size_t> order(texts.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return texts[a].text.size() < texts[b].text.size(); });
    std::vector<at::Tensor> rows(texts.size());
    for (size_t begin = 0; begin < order.size(); begin += kBatch) {
      if (interrupted()) stop_interrupted();
      const size_t end = std::min(order.size(), begin + kBatch);
      std::vector<Prompt> batch;
      for (size_t i = begin; i < end; ++i) batch.push_back(texts[order[i]]);
      const at::Tensor means = pool(encoder->forward(encoder->prepare(batch)));
      for (size_t i = begin; i < end; ++i) rows[order[i]] = means.narrow(0, static_cast<int64_t>(i - begin), 1);
    }
    return to_matrix(at::cat(rows), encoder->fingerprint());
  };
}

Json describe_probe(const ProbeResult& result) {
  Json modes = Json::object();
  for (const ProbeMode& mode : result.modes) modes[mode.name] = {{"value", mode.value}, {"ci95", mode.ci95}};
  return {{"modes", modes},
          {"numbers", result.numbers},
          {"n_queries", result.n_queries},
          {"n_candidates", result.n_candidates}};
}

Json pool_texts(const TextPooler& pool, const std::vector<Prompt>& texts, const RunFolder& folder) {
  const FeatureMatrix pooled = pool(texts);
  const at::Tensor rows = at::tensor(pooled.values, at::kDouble).reshape({pooled.rows, pooled.columns}).to(at::kFloat);
  write_safetensors(folder.file("pooled.safetensors"), {{"pooled", rows}});
  return {{"texts", texts.size()}, {"dimension", pooled.columns}};
}

namespace {

/// Pooled features by text: what stages have encoded, and `encode` for all else.
class PooledTexts {
 public:
  PooledTexts(const ProbeFiles& files, TextPooler encode) : encode_(std::move(encode)) {
    for (const auto& [texts, folder] : files.pooled) {
      const FeatureMatrix rows = to_matrix(read_safetensors(folder->file("pooled.safetensors")).at("pooled"), Json());
      for (size_t i = 0; i < texts.size(); ++i) {
        const auto begin = rows.values.begin() + static_cast<std::ptrdiff_t>(i) * rows.columns;
        rows_.try_emplace(texts[i].text, begin, begin + rows.columns);
      }
    }
  }

  FeatureMatrix operator()(const std::vector<Prompt>& texts) {
    std::vector<Prompt> fresh;
    std::set<std::string> missing;
    for (const Prompt& text : texts) {
      if (rows_.count(text.text) == 0 && missing.insert(text.text).second) fresh.push_back(text);
    }
    if (!fresh.empty()) {
      const FeatureMatrix rows = encode_(fresh);
      for (size_t i = 0; i < fresh.size(); ++i) {
        const auto begin = rows.values.begin() + static_cast<std::ptrdiff_t>(i) * rows.columns;
        rows_.try_emplace(fresh[i].text, begin, begin + rows.columns);
      }
    }
    FeatureMatrix all;
    all.rows = static_cast<int64_t>(texts.size());
    for (const Prompt& text : texts) {
      const std::vector<double>& row = rows_.at(text.text);
      all.columns = static_cast<int64_t>(row.size());
      all.values.insert(all.values.end(), row.begin(), row.end());
    }
    return all;
  }

 private:
  TextPooler encode_;
  std::unordered_map<std::string, std::vector<double>> rows_;
};

}  // namespace

Json run_probe(const std::string& probe, std::shared_ptr<Encoder> encoder, const std::string& pooling, ProbeInput input,
               const ProbeFiles& files, const RunFolder& folder) {
  input.parts_are_labels = encoder->info().family == "labels";
  if (files.pictures != nullptr) {
    input.visual = to_matrix(read_safetensors(files.pictures->file("features.safetensors")).at("features"), Json());
  }
  const auto pooled = std::make_shared<PooledTexts>(files, pool_with(std::move(encoder), pooling));
  input.pooled = [pooled](const std::vector<Prompt>& texts) { return (*pooled)(texts); };
  const ProbeResult result = ProbeRegistry::instance().make(probe)->run(input);
  write_atomically(folder.file("items/" + probe + ".jsonl"), json_lines(result.items));
  return describe_probe(result);
}

}  // namespace emf
