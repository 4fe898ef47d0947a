// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/stages/texts_stage.h"

#include <fmt/format.h>

#include "harness/engine/text/conditions.h"

namespace emf {

StageSpec training_texts_stage(const EncoderSource& source, const std::shared_ptr<const TrainingCaptions>& captions,
                               const std::filesystem::path& store) {
  StageSpec stage;
  stage.kind = "training_texts";
  stage.label = fmt::format("encode captions with {}", source.choice().name);
  stage.spec = {{"encoder", source.untrained()->fingerprint()},
                {"dataset", captions->dataset().fingerprint()},
                {"pool", captions->pool()}};
  stage.inputs = source.inputs();
  stage.work = [source, captions, store](const RunFolder& folder, Json&) {
    return encode_training_captions(*source.make(), *captions, store, folder);
  };
  return stage;
}

StageSpec judged_texts_stage(const EncoderSource& source, const std::shared_ptr<const JudgedPrompts>& judged,
                             const StagePointer& training, const std::filesystem::path& store) {
  StageSpec stage;
  stage.kind = "judged_texts";
  stage.label = fmt::format("encode judged prompts with {}", source.choice().name);
  stage.spec = {{"encoder", source.untrained()->fingerprint()}, {"prompts", judged->hash()}};
  stage.inputs = source.inputs();
  // Behind the training captions, so that a text that stands in both is read from the cache and not encoded
  // twice at the same time. What it is does not depend on them.
  stage.after = {training};
  stage.work = [source, judged, store](const RunFolder& folder, Json&) {
    return encode_prompts(*source.make(), judged->prompts, store, folder);
  };
  return stage;
}

}  // namespace emf
