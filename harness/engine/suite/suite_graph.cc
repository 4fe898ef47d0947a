// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_graph.h"
#include "harness/engine/pictures/bfloat16_instruments.h"

#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/engine/suite/claims.h"
#include "harness/engine/suite/suite_builder.h"
#include "harness/tensor/instrument_file.h"

namespace emf {
namespace {

/// The codecs, the latents of all training pictures, and what is judged.
void add_data(SuiteBuilder& builder) {
  SuiteGraph& graph = builder.graph;
  SuiteSpec& spec = graph.spec;
  const Dataset& dataset = *graph.dataset;
  if (const std::optional<uint64_t> size = dataset.size()) {
    // A bounded dataset has no more samples than pictures times captions; what is beyond would be the same again.
    spec.train.pool = std::min(spec.train.pool, static_cast<int64_t>(*size * dataset.captions_a_picture()));
  }
  graph.captions = std::make_shared<const TrainingCaptions>(graph.dataset, spec.train.pool);
  graph.judged = std::make_shared<const JudgedPrompts>(make_judged_prompts(*graph.captions, spec.evaluation.judging));
  graph.first_prompt = graph.judged->prompts.front();
  for (const PluginChoice& choice : spec.codecs) {
    const CodecContext context{dataset.height(), dataset.width(), spec.placement};
    std::unique_ptr<Codec> codec = make_codec(choice.plugin, context, choice.options);
    if (spec.bfloat16_instruments) codec = in_bfloat16(std::move(codec), spec.placement);
    builder.codecs.push_back(std::move(codec));
    builder.latents.push_back(
        add_latents(builder.stages, graph.dataset, builder.codecs.back(), graph.captions->pool()));
    builder.training_sets.push_back(training_set_reader(builder.latents.back(), graph.captions->pool()));
  }
}

/// Shipped instruments whose weights some codec or judge of the suite names by their sha256.
Json instruments_of(const SuiteBuilder& builder) {
  std::vector<std::string> prints;
  for (const auto& codec : builder.codecs) prints.push_back(canonical_json(codec->fingerprint()));
  for (const auto& [text, judge] : builder.judges) prints.push_back(canonical_json(judge->fingerprint()));
  Json used = Json::array();
  const std::filesystem::path index = instruments_folder() / "instruments.json";
  if (!path_exists(index)) return used;
  const Json shipped = read_json(index);
  for (Json row : shipped.at("instruments")) {
    const std::string sha256 = row.at("sha256");
    const bool named = std::any_of(prints.begin(), prints.end(),
                                   [&](const std::string& print) { return print.find(sha256) != std::string::npos; });
    if (!named) continue;
    // The suite calibrates the judge in its own world; what it does in others, kind
    // by kind, would only swell the record.
    for (auto& [world, measured] : row["measured"].items()) {
      if (measured.is_object()) measured.erase("kinds");
    }
    used.push_back(row);
  }
  return used;
}

/// Encoders that take over what a row trained come after that row, one after the other,
/// so that a chain of them finds its rows.
void add_encoders_and_rows(SuiteBuilder& builder) {
  std::vector<EncoderChoice> first, later;
  for (const EncoderChoice& choice : builder.spec().encoders) {
    (choice.values_of.empty() ? first : later).push_back(choice);
  }
  for (const EncoderChoice& choice : first) {
    add_encoder(builder, choice);
    add_texts(builder, choice);
  }
  for (const EncoderChoice& choice : first) add_rows(builder, choice);
  for (const EncoderChoice& choice : later) {
    add_encoder(builder, choice);
    add_texts(builder, choice);
    add_rows(builder, choice);
  }
}

}  // namespace

std::string Cell::name() const {
  const std::string at = checkpoint == 0 ? "" : fmt::format("@{}", checkpoint);
  return fmt::format("{}/{}/{}{}", encoder, objective, steps, at);
}

void SuiteBuilder::note_dataset(const std::shared_ptr<const Dataset>& dataset) {
  // By fingerprint and not by name: two tables that say the same are one dataset, with one attribution.
  const Json print = dataset->fingerprint();
  const bool known = std::any_of(graph.other_datasets.begin(), graph.other_datasets.end(),
                                 [&](const auto& other) { return other->fingerprint() == print; });
  if (!known) graph.other_datasets.push_back(dataset);
}

std::shared_ptr<const PictureFeatures> SuiteBuilder::backbone(const std::string& text) {
  auto& loaded = backbones[text];
  if (loaded) return loaded;
  const BackboneContext context{spec().placement};
  std::unique_ptr<Backbone> made = make_backbone(text, context);
  if (spec().bfloat16_instruments) made = in_bfloat16(std::move(made), spec().placement);
  loaded = std::make_shared<const PictureFeatures>(std::move(made), "", context);
  return loaded;
}

std::shared_ptr<const Dataset> make_dataset(const Config& config, uint64_t seed) {
  ConfigReader reader(config, "data");
  const std::string name = reader.text("name", "scenes", "the registered data set");
  return DatasetRegistry::instance().make(name, Options(config, {"data"}, {"name"}), DatasetContext{seed});
}

SuiteGraph build_suite_graph(const SuiteSpec& spec, const std::filesystem::path& store) {
  SuiteBuilder builder(spec, store);
  SuiteGraph& graph = builder.graph;
  graph.dataset = make_dataset(spec.config, spec.data_seed);
  // A suite of probes needs no codec, judge or backbone of its own, and must not ask for their weights.
  if (spec.only_probes()) {
    graph.captions = std::make_shared<const TrainingCaptions>(graph.dataset, 0);
    graph.judged = std::make_shared<const JudgedPrompts>();
    for (const EncoderChoice& choice : spec.encoders) add_encoder(builder, choice);
    add_probes(builder);
  } else {
    add_data(builder);
    prepare_metrics(builder);
    add_ceilings(builder);
    add_encoders_and_rows(builder);
    add_probes(builder);
    for (const Row& row : graph.rows) add_cells(builder, row);
    // Last, because claims speak of cells, and before any stage runs, because a slip in a claim should not be
    // found after an hour.
    check_claims(graph);
    graph.instruments = instruments_of(builder);
  }
  graph.stages = builder.stages.stages();
  return std::move(builder.graph);
}

}  // namespace emf
