// From a suite to its stages: what depends on what, and what each stage's result depends on.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/engine/pictures/latents.h"
#include "harness/engine/scoring/scoring.h"
#include "harness/engine/store/scheduler.h"
#include "harness/engine/suite/suite_file.h"
#include "harness/engine/text/prompt_table.h"

namespace emf {

/// One row of the comparison at one step count.
struct Cell {
  std::string encoder, objective;
  int64_t seed = 0, steps = 0;
  StagePointer train, sample, score;
};

/// A row's training: one segment, or flow matching and then MeanFlow.
struct Row {
  std::string encoder, objective;
  int64_t seed = 0;
  EncoderSource source;
  StagePointer features;
  std::vector<StagePointer> segments;
};

/// An encoder's pretraining.
struct PretrainingRow {
  std::string encoder;    ///< registered name
  std::string objective;  ///< the Pretraining's name
  int64_t seed = 0;
  StagePointer stage;
};

struct ProbeCell {
  ProbeSpec probe;
  std::string encoder;
  StagePointer stage;  ///< null where the encoder cannot read the data
  std::string why;     ///< of a null stage
};

/// Everything a suite does. Shared inputs (dataset, instruments, prompts) live here while stages run.
struct SuiteGraph {
  SuiteSpec spec;
  std::filesystem::path store;
  std::shared_ptr<Dataset> dataset;
  std::shared_ptr<LatentCodec> codec;
  std::shared_ptr<Judges> judges;
  std::shared_ptr<PromptTable> prompts;

  std::vector<StagePointer> stages;               ///< in an order that respects inputs; equal stages stand once
  std::map<std::string, EncoderSource> encoders;  ///< by the suite's name, with its first seed
  std::vector<PretrainingRow> pretrainings;
  std::vector<Row> rows;
  std::vector<Cell> cells;
  std::vector<ProbeCell> probes;
  std::vector<std::shared_ptr<Dataset>> other_datasets;  ///< what probes and pretraining look at, each once
  Prompt first_prompt;                                   ///< one that every encoder of a stage can read
  StagePointer ceiling, reconstruction;                  ///< score stages of real and of reconstructed pictures
  StagePointer calibration;                              ///< what the judge gets wrong in this world
};

/// Builds the graph. Loads instruments and checks that weights are there; trains nothing.
/// @throws UserError  a bad suite table (file and line) or absent weights (how to get them).
SuiteGraph build_suite_graph(const SuiteSpec& spec, const std::filesystem::path& store);

}  // namespace emf
