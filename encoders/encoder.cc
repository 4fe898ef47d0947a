// What all encoders share: padding, checks of the input, the mean over real tokens.
#include "harness/api/encoder.h"

#include <algorithm>

#include "harness/base/utf8.h"

namespace emf {

at::Tensor mean_over_mask(const TextFeatures& features) {
  const at::Tensor weight = features.mask.to(features.tokens.scalar_type()).unsqueeze(-1);
  return (features.tokens * weight).sum(1) / weight.sum(1);
}

std::vector<std::vector<int64_t>> Encoder::tokenize(const std::vector<Prompt>& prompts,
                                                    bool /*with_specials*/) const {
  const TokenInputs inputs = prepare(prompts);
  std::vector<std::vector<int64_t>> rows(prompts.size());
  const auto ids = inputs.ids.accessor<int64_t, 2>();
  const auto mask = inputs.mask.accessor<bool, 2>();
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto at = static_cast<int64_t>(row);
    for (int64_t i = 0; i < ids.size(1); ++i) {
      if (mask[at][i]) rows[row].push_back(ids[at][i]);
    }
  }
  return rows;
}

TokenInputs padded_inputs(const std::vector<std::vector<int64_t>>& rows, int64_t max_tokens) {
  TokenInputs inputs;
  int64_t longest = 1;
  for (const auto& row : rows) {
    ensure(!row.empty(), "a prompt has no token");
    const auto length = static_cast<int64_t>(row.size());
    if (length > max_tokens) ++inputs.num_cut;
    longest = std::max(longest, std::min(length, max_tokens));
  }
  const auto count = static_cast<int64_t>(rows.size());
  inputs.ids = at::zeros({count, longest}, at::kLong);
  inputs.mask = at::zeros({count, longest}, at::kBool);
  for (int64_t b = 0; b < count; ++b) {
    const auto& row = rows[static_cast<size_t>(b)];
    const auto length = std::min(static_cast<int64_t>(row.size()), max_tokens);
    std::copy_n(row.begin(), length, inputs.ids.data_ptr<int64_t>() + b * longest);
    std::fill_n(inputs.mask.data_ptr<bool>() + b * longest, length, true);
  }
  return inputs;
}

void require_utf8(const std::vector<Prompt>& prompts) {
  for (size_t i = 0; i < prompts.size(); ++i) {
    const size_t at = invalid_utf8_at(prompts[i].text);
    if (at != std::string::npos) fail_input("prompt {} is not UTF-8 at byte {}; save it as UTF-8", i, at);
  }
}

Config encoder_options(const Json& options, const std::string& encoder) {
  if (!options.is_null() && !options.is_object()) {
    fail_input("options of encoder '{}' must be a table, not {}", encoder, options.type_name());
  }
  Config config;
  config.origin = "options of encoder '" + encoder + "'";
  if (options.is_object()) config.values = options;
  return config;
}

}  // namespace emf
