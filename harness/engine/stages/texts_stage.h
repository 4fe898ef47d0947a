// SPDX-License-Identifier: Apache-2.0
// Texts encoded: the captions of training, which know nothing of what is judged, and the judged prompts.
#pragma once

#include <memory>

#include "harness/engine/store/stage.h"
#include "harness/engine/text/caption_index.h"
#include "harness/engine/text/encoder_source.h"
#include "harness/engine/text/judged_prompts.h"

namespace emf {

/// Depends on the encoder, its values, the dataset and the pool: another set of judged prompts trains nothing again.
StageSpec training_texts_stage(const EncoderSource& source, const std::shared_ptr<const TrainingCaptions>& captions,
                               const std::filesystem::path& store);

/// @param training  comes first, so that a text that is trained on and judged is encoded once.
StageSpec judged_texts_stage(const EncoderSource& source, const std::shared_ptr<const JudgedPrompts>& judged,
                             const StagePointer& training, const std::filesystem::path& store);

}  // namespace emf
