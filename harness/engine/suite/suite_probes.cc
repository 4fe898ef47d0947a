// SPDX-License-Identifier: Apache-2.0
// A suite's probes: what each looks at, texts pooled once for all, and a stage an encoder.
#include <algorithm>
#include <set>

#include "harness/engine/suite/suite_builder.h"

namespace emf {
namespace {

/// What one probe looks at.
struct ProbeData {
  std::shared_ptr<const Dataset> dataset;
  ProbeInput input;
};

ProbeData read_probe_data(SuiteBuilder& builder, const ProbeSpec& probe) {
  const SuiteGraph& graph = builder.graph;
  // Read here, before anything is encoded, although they are used last.
  ProbeRegistry::instance().make(probe.probe)->check_options(probe.options);
  ProbeData data{graph.dataset, {}};
  if (!probe.data.empty()) {
    Config config = builder.spec().config;
    // Another dataset has keys of its own.
    if (probe.data.contains("name")) {
      config.values["data"] = probe.data;
    } else {
      config.values["data"].update(probe.data);
    }
    data.dataset = make_dataset(config, builder.spec().data_seed);
  }
  // Training's own captions where the probe looks at training's data, so that probes and generators are about
  // the same texts, and the cache holds them already.
  const bool shown = data.dataset == graph.dataset && !builder.spec().only_probes();
  data.input.prompts =
      shown ? probe_captions(*graph.captions, probe.captions) : probe_captions(*data.dataset, probe.captions);
  data.input.queries = reworded(*data.dataset, data.input.prompts, probe.query_words);
  data.input.candidates = reworded(*data.dataset, data.input.prompts, probe.candidate_words);
  data.input.options = probe.options.values();
  builder.note_dataset(data.dataset);
  return data;
}

/// Texts that some probe asks of an encoder, by wording, each once: encoded once for all probes.
using TextsByWording = std::map<std::string, std::vector<Prompt>>;

TextsByWording gather_texts(const std::vector<ProbeSpec>& probes, const std::vector<ProbeData>& data) {
  TextsByWording texts;
  // By wording, because a name and a caption may be the same words and still be asked for in another stage.
  std::map<std::string, std::set<std::string>> seen;
  const auto take = [&](const std::string& wording, const std::vector<Prompt>& prompts) {
    for (const Prompt& prompt : prompts) {
      if (seen[wording].insert(prompt.text).second) texts[wording].push_back(prompt);
    }
  };
  for (size_t i = 0; i < probes.size(); ++i) {
    const ProbeInput& input = data[i].input;
    // The captions themselves are asked for unless both sides are worded otherwise.
    if (input.queries.empty() || input.candidates.empty()) take("", input.prompts);
    take(probes[i].query_words, input.queries);
    take(probes[i].candidate_words, input.candidates);
  }
  return texts;
}

void add_probes_of(SuiteBuilder& builder, const std::string& name, const std::vector<ProbeData>& data,
                   const std::vector<StagePointer>& pictures, const TextsByWording& texts) {
  SuiteGraph& graph = builder.graph;
  const EncoderSource source = graph.encoders.at(name);
  const bool labels = source.untrained()->info().reads == EncoderInput::kLabels;
  const auto readable = [&](const ProbeData& one) { return !labels || one.dataset->world() != nullptr; };
  // Captions that training encodes are read from the cache, so training comes first.
  std::vector<StagePointer> after;
  const auto training = builder.texts.find({name, source.seed()});
  if (training != builder.texts.end()) after.push_back(training->second);
  std::map<std::string, StagePointer> pooled;
  // Texts of all probes are pooled together, so one dataset that the encoder cannot read leaves them to the
  // probes themselves.
  if (std::all_of(data.begin(), data.end(), readable)) {
    for (const auto& [wording, prompts] : texts) {
      const std::string what = wording.empty() ? "captions" : wording + " texts";
      pooled[wording] = builder.stages.add(pooled_texts_stage(source, what, prompts, after, graph.store));
      // One wording after the other: a text that stands in both is encoded once.
      after = {pooled[wording]};
    }
  }
  for (size_t i = 0; i < data.size(); ++i) {
    const ProbeSpec& probe = builder.spec().probes[i];
    if (!readable(data[i])) {
      graph.probes.push_back(
          {probe, name, nullptr,
           fmt::format("{} reads labels, and {} has none that it knows", name, data[i].dataset->name())});
      continue;
    }
    ProbePlan plan{probe.name, probe.probe, data[i].input, source, pictures[i], {}, graph.store};
    for (const std::string& wording : std::set<std::string>{"", probe.query_words, probe.candidate_words}) {
      const auto stage = pooled.find(wording);
      if (stage != pooled.end()) plan.pooled.push_back(stage->second);
    }
    graph.probes.push_back({probe, name, builder.stages.add(probe_stage(plan)), ""});
  }
}

}  // namespace

void add_probes(SuiteBuilder& builder) {
  std::vector<ProbeData> data;
  for (const ProbeSpec& probe : builder.spec().probes) data.push_back(read_probe_data(builder, probe));
  if (data.empty()) return;
  if (builder.spec().only_probes()) builder.graph.first_prompt = data.front().input.prompts.front();
  std::vector<StagePointer> pictures;
  for (size_t i = 0; i < data.size(); ++i) {
    StagePointer stage;
    const ProbeSpec& probe = builder.spec().probes[i];
    if (ProbeRegistry::instance().make(probe.probe)->needs_pictures()) {
      stage = builder.stages.add(
          probe_pictures_stage(data[i].dataset, builder.backbone(probe.backbone), data[i].input.prompts));
    }
    pictures.push_back(stage);
  }
  const TextsByWording texts = gather_texts(builder.spec().probes, data);
  for (const std::string& name : builder.spec().encoder_names()) add_probes_of(builder, name, data, pictures, texts);
}

}  // namespace emf
