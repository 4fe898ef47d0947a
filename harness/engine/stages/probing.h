// The stages around probes and ceilings: real pictures of prompts, their features, and a probe's run.
#pragma once

#include <memory>

#include "harness/api/encoder.h"
#include "harness/api/pooling.h"
#include "harness/api/probe.h"
#include "harness/engine/pictures/latents.h"
#include "harness/engine/scoring/scoring.h"
#include "harness/engine/text/prompt_table.h"

namespace emf {

inline constexpr int64_t kProbeCaptions = 1000;  ///< candidates of a probe at most (the paper has 1,000 queries)

/// Draws one real picture of every judging prompt, through the codec and back when one is given; writes
/// pictures.safetensors and samples/grid.png.
Json draw_judging_prompts(const Dataset& dataset, const LatentCodec* codec, const PromptTable& prompts,
                          const RunFolder& folder);

/// Backbone features of real pictures of each caption, the mean over the dataset's views.   @return [captions,1280].
at::Tensor probe_picture_features(const Dataset& dataset, const Judges& judges, const std::vector<Prompt>& captions);
/// Likewise as a stage: features.safetensors.
Json draw_probe_pictures(const Dataset& dataset, const Judges& judges, const std::vector<Prompt>& captions,
                         const RunFolder& folder);

/// The captions probes work on: the first `count` different ones of the training pictures.
std::vector<Prompt> probe_captions(const PromptTable& prompts, int64_t count = kProbeCaptions);
/// Likewise where nothing is trained: of as many pictures as show them all, or nearly.
std::vector<Prompt> probe_captions(const Dataset& dataset, int64_t count = kProbeCaptions);

/// The captions in the words of one of the dataset's wordings; none for "", the captions as they are.
/// @throws UserError  as Dataset::reword.
std::vector<Prompt> reworded(const Dataset& dataset, const std::vector<Prompt>& captions, const std::string& wording);

/// Texts to one row each.
using TextPooler = std::function<FeatureMatrix(const std::vector<Prompt>&)>;

/// What ProbeInput::pooled asks for, batch by batch.
/// @param pooling  of api/pooling.h; the paper's is the mean over real tokens.
TextPooler pool_with(std::shared_ptr<Encoder> encoder, const std::string& pooling = "mean");

/// Encodes texts and writes their pooled features for every probe that asks for them: pooled.safetensors.
Json pool_texts(const TextPooler& pool, const std::vector<Prompt>& texts, const RunFolder& folder);

/// {"modes": {name: {"value","ci95"}}, "numbers", "n_queries", "n_candidates"}.
Json describe_probe(const ProbeResult& result);

/// Where a probe's inputs lie.
struct ProbeFiles {
  std::vector<std::pair<std::vector<Prompt>, const RunFolder*>> pooled;  ///< texts of pool_texts, and their stage
  const RunFolder* pictures = nullptr;                                   ///< the stage of draw_probe_pictures, or null
};

/// Runs a registered probe on an encoder's features before generators train and writes items/<probe>.jsonl. Texts that no stage has pooled
/// (rests of captions) are encoded here.
/// @param input  prompts, queries, candidates and options; the rest is filled in.
Json run_probe(const std::string& probe, std::shared_ptr<Encoder> encoder, const std::string& pooling, ProbeInput input,
               const ProbeFiles& files, const RunFolder& folder);

}  // namespace emf
