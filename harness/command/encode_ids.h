// SPDX-License-Identifier: Apache-2.0
// Token ids that a user gives instead of prompts: of a model's own making, such as the visual plan of BLIP3o-NEXT.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

struct GivenIds {
  TokenInputs inputs;
  std::vector<std::string> texts;                  ///< what the rows are of; empty where the file does not say
  std::vector<std::pair<int64_t, int64_t>> spans;  ///< places whose features are wanted, end excluded; empty = all
};

/// .safetensors with input_ids [N,L] and attention_mask [N,L], and spans [N,2] if any; or .jsonl, a row a line:
/// {"ids": [..], "text": "..", "span": [begin, end]}, the last two if any, in every line or in none.
/// @param path     the file.   @param encoder  what it is called in messages.   @param most  tokens that it takes.
/// @throws UserError  absent (kMissing); another form, ids or spans that do not fit (names the line or the tensor).
GivenIds read_given_ids(const std::filesystem::path& path, const std::string& encoder, int64_t most);

/// The features of each row's span, moved to the left.
/// @param spans  one a row.   @return  as wide as the widest span.
std::pair<TokenInputs, TextFeatures> features_of_spans(const TokenInputs& inputs, const TextFeatures& features,
                                                       const std::vector<std::pair<int64_t, int64_t>>& spans);

}  // namespace emf
