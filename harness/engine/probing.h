// The stages around probes and ceilings: real pictures of prompts, their features, and a probe's run.
#pragma once

#include <memory>

#include "harness/api/encoder.h"
#include "harness/api/probe.h"
#include "harness/engine/evaluator.h"
#include "harness/engine/prompt_table.h"
#include "harness/engine/training_set.h"

namespace emf {

inline constexpr size_t kProbeCaptions = 1000;  ///< candidates of a probe at most (the paper has 1,000 queries)

/// Draws one real picture of every judging prompt, through the codec and back when one is given; writes
/// pictures.safetensors and samples/grid.png.
Json draw_judging_prompts(const Dataset& dataset, const LatentCodec* codec, const PromptTable& prompts, const RunFolder& folder);

/// Backbone features of one real picture of each probe caption: features.safetensors.
Json draw_probe_pictures(const Dataset& dataset, const Judges& judges, const PromptTable& prompts, const RunFolder& folder);

/// The captions probes work on: the training captions, the first kProbeCaptions of them.
std::vector<Prompt> probe_captions(const PromptTable& prompts);

/// What ProbeInput::pooled asks for: mean over real tokens of the encoder's untrained features, batch by batch.
std::function<FeatureMatrix(const std::vector<Prompt>&)> pool_with(std::shared_ptr<Encoder> encoder);

/// {"modes": {name: {"value","ci95"}}, "numbers", "n_queries", "n_candidates"}.
Json describe_probe(const ProbeResult& result);

/// Runs a registered probe on an encoder's untrained features and writes items/<probe>.jsonl.
/// @param pictures  the stage of draw_probe_pictures, or null.
Json run_probe(const std::string& probe, std::shared_ptr<Encoder> encoder, const PromptTable& prompts,
               const RunFolder* pictures, const Json& backbone, const RunFolder& folder);

}  // namespace emf
