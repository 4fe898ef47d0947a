// SPDX-License-Identifier: Apache-2.0
// What tells the rows of one encoder apart: its name and, for a checkpoint, the pictures that it had seen by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "harness/base/json.h"

namespace emf {

/// "llm" of a trained row, and something that Names::encoder() and split_encoder_key() understand of a checkpoint's.
/// @param row  anything with "encoder" and perhaps "checkpoint": a row, a sample, a budget, a side of a comparison.
std::string encoder_key(const Json& row);

/// The encoder's name and the pictures of the checkpoint, if it is one.
std::pair<std::string, std::optional<int64_t>> split_encoder_key(const std::string& key);

/// True of what belongs to a checkpoint rather than to the end of a training.
bool is_checkpoint(const Json& row);

}  // namespace emf
