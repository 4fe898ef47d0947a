// SPDX-License-Identifier: Apache-2.0
// The ways to one vector that a checkpoint's own files hold.
#pragma once

#include <string>
#include <vector>

#include "encoders/pretrained/checkpoint_files.h"
#include "encoders/pretrained/prompt_form.h"
#include "harness/api/encoder.h"

namespace emf {

/// "own" where modules.json or a GGUF file's pooling_type asks for a pooling, "projected" where the class has one.
std::vector<std::string> checkpoint_poolings(const CheckpointFiles& files);

/// @param files  outlives the result.   @param form  how prompts are written, which "own" must agree with.
/// @throws UserError  one that the checkpoint has not; a module that is not built; prompts written otherwise than the
///   modules ask for (a prompt of their own, lower case, padding).
OwnPooling checkpoint_pooling(const CheckpointFiles& files, const PromptForm& form, const std::string& name);

}  // namespace emf
