// SPDX-License-Identifier: Apache-2.0
// The graph of a suite while it grows, and the steps that build it, a file each.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/engine/suite/suite_graph.h"
#include "harness/engine/training/pretrainer.h"

namespace emf {

/// What the steps share. Shared inputs are captured by value (shared_ptr), so stages outlive it.
struct SuiteBuilder {
  SuiteBuilder(const SuiteSpec& spec, const std::filesystem::path& store) : stages(store) {
    graph.spec = spec;
    graph.store = store;
  }

  const SuiteSpec& spec() const { return graph.spec; }
  /// Data beside [data], for the attributions.
  void note_dataset(const std::shared_ptr<const Dataset>& dataset);
  /// A backbone by its text, loaded once.
  std::shared_ptr<const PictureFeatures> backbone(const std::string& text);

  SuiteGraph graph;
  StageList stages;
  std::vector<std::shared_ptr<const Codec>> codecs;  ///< as the suite lists them
  std::vector<std::vector<StagePointer>> latents;    ///< of each codec
  std::vector<TrainingSetReader> training_sets;      ///< of each codec
  std::map<std::string, std::shared_ptr<const PictureFeatures>> backbones;
  std::map<std::string, std::shared_ptr<const Judge>> judges;
  std::map<std::string, StagePointer> references;  ///< by backbone
  std::map<std::string, StagePointer> held_out;    ///< by backbone: real pictures that are no reference
  std::map<std::pair<std::string, int64_t>, EncoderSource> sources;
  std::map<std::pair<std::string, int64_t>, StagePointer> texts, judged_texts;
  std::shared_ptr<const Corpus> corpus;
};

/// A dataset by its table.
std::shared_ptr<const Dataset> make_dataset(const Config& config, uint64_t seed);

/// Metrics with their judges and backbones; checks them against what the data have.
void prepare_metrics(SuiteBuilder& builder);
/// Judges, features and scores of a cell's pictures, by every metric that looks at this many steps.
/// @param with_distances  metrics of a backbone too, which need features of every picture.
void add_scores(SuiteBuilder& builder, const std::string& label, Cell& cell, bool with_distances);
/// Real pictures of the judged prompts and of others, their reconstructions, and the judge's calibration: what the
/// world allows.
void add_ceilings(SuiteBuilder& builder);

/// Where an encoder's values come from, for every seed of its.
void add_encoder(SuiteBuilder& builder, const EncoderChoice& choice);
/// Its captions and judged prompts encoded.
void add_texts(SuiteBuilder& builder, const EncoderChoice& choice);
/// Its rows: every objective, model, codec and seed.
void add_rows(SuiteBuilder& builder, const EncoderChoice& choice);
/// A row's cells: step counts, at the end and at kept checkpoints.
void add_cells(SuiteBuilder& builder, const Row& row);

void add_probes(SuiteBuilder& builder);

}  // namespace emf
