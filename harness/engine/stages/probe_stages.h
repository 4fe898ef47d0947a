// SPDX-License-Identifier: Apache-2.0
// Probes: pictures of captions as a backbone sees them, texts pooled once, and the probe itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/api/probe.h"
#include "harness/engine/pictures/picture_features.h"
#include "harness/engine/store/stage.h"
#include "harness/engine/text/caption_index.h"
#include "harness/engine/text/encoder_source.h"

namespace emf {

inline constexpr int64_t kProbeCaptions = 1000;  ///< candidates of a probe at most (the paper has 1,000 queries)

/// The captions probes work on: the first `count` different ones of the training pictures.
std::vector<Prompt> probe_captions(const TrainingCaptions& captions, int64_t count = kProbeCaptions);
/// Likewise where nothing is trained: of as many pictures as show them all, or nearly.
std::vector<Prompt> probe_captions(const Dataset& dataset, int64_t count = kProbeCaptions);

/// The captions in the words of one of the dataset's wordings; none for "", the captions as they are.
/// @throws UserError  as Dataset::reword.
std::vector<Prompt> reworded(const Dataset& dataset, const std::vector<Prompt>& captions, const std::string& wording);

/// Backbone features of real pictures of each caption, the mean over the dataset's views.   @return  [captions,D].
at::Tensor probe_picture_features(const Dataset& dataset, const PictureFeatures& backbone,
                                  const std::vector<Prompt>& captions);
/// Likewise as a stage.
StageSpec probe_pictures_stage(const std::shared_ptr<const Dataset>& dataset,
                               const std::shared_ptr<const PictureFeatures>& backbone,
                               const std::vector<Prompt>& captions);

/// Texts that probes ask of an encoder, encoded once for all of them; what training has encoded is read from the cache.
/// @param after  stages that encode some of the texts too, and so come first.
StageSpec pooled_texts_stage(const EncoderSource& source, const std::string& what, const std::vector<Prompt>& texts,
                             const std::vector<StagePointer>& after, const std::filesystem::path& store);

/// What one probe of one encoder is made of.
struct ProbePlan {
  std::string name;   ///< as the suite lists it
  std::string probe;  ///< of the registry
  ProbeInput input;   ///< prompts, queries, candidates and options
  EncoderSource source;
  StagePointer pictures;             ///< or null
  std::vector<StagePointer> pooled;  ///< of pooled_texts_stage: they come first
  std::filesystem::path store;
};
StageSpec probe_stage(const ProbePlan& plan);

/// Runs a probe; texts are pooled by way of `store`'s cache, pictures' features are filled in by who calls.
ProbeResult run_probe(const std::string& probe, const std::shared_ptr<Encoder>& encoder, const std::string& pooling,
                      ProbeInput input, const std::filesystem::path& store);

/// {"modes": {name: {"value","ci95"}}, "numbers", "n_queries", "n_candidates"}.
Json describe_probe(const ProbeResult& result);

}  // namespace emf
