// SPDX-License-Identifier: Apache-2.0
// What all encoders share: padding, checks of the input, the mean over real tokens.
#include "harness/api/encoder.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <filesystem>

#include "harness/base/bounded.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

/// The encoder that reads any checkpoint by its own config.
constexpr const char* kCheckpointEncoder = "checkpoint";

}  // namespace

at::Tensor mean_over_mask(const TextFeatures& features) {
  const at::Tensor weight = features.mask.to(features.tokens.scalar_type()).unsqueeze(-1);
  return (features.tokens * weight).sum(1) / weight.sum(1);
}

std::vector<std::vector<int64_t>> Encoder::tokenize(const std::vector<Prompt>& prompts, bool /*with_specials*/) const {
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

OwnPooling Encoder::own_pooling(const std::string& name) const {
  fail_input("encoder '{}' has no pooling '{}' of its own", info().name, name);
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

std::optional<EncoderSpec> parse_encoder_spec(const std::string& spec) {
  const auto& registry = EncoderRegistry::instance();
  if (registry.contains(spec)) return EncoderSpec{spec, ""};
  const size_t colon = spec.find(':');
  if (colon != std::string::npos && registry.contains(spec.substr(0, colon))) {
    return EncoderSpec{spec.substr(0, colon), spec.substr(colon + 1)};
  }
  // A spec of many wrappers is no name of a file.
  const bool is_path =
      spec.find('/') != std::string::npos || std::filesystem::path(spec).extension() == ".gguf" || is_folder(spec);
  if (is_path && registry.contains(kCheckpointEncoder)) return EncoderSpec{kCheckpointEncoder, spec};
  return std::nullopt;
}

std::unique_ptr<Encoder> make_encoder(const std::string& spec, const Options& options, const EncoderContext& context) {
  // Wrappers make what they hold by this function, each within the other's call.
  thread_local size_t depth = 0;
  struct Level {
    Level() { ++depth; }
    ~Level() { --depth; }
  } const level;
  if (depth > bounds::kWrappers + 1)
    fail_input("encoders stand within each other more than {} deep", bounds::kWrappers);
  const std::optional<EncoderSpec> parsed = parse_encoder_spec(spec);
  if (!parsed) return EncoderRegistry::instance().make(spec, options, context);  // says what is wrong
  if (parsed->argument.empty()) return EncoderRegistry::instance().make(parsed->plugin, options, context);
  return EncoderRegistry::instance().make(parsed->plugin, options.with("argument", parsed->argument), context);
}

std::unique_ptr<Encoder> make_encoder(const std::string& spec, const Json& options, uint64_t seed) {
  const std::optional<EncoderSpec> parsed = parse_encoder_spec(spec);
  const std::string& name = parsed ? parsed->plugin : spec;
  return make_encoder(spec, Options(options, "options of encoder '" + name + "'"), {.seed = seed});
}

}  // namespace emf
