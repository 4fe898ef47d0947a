// SPDX-License-Identifier: Apache-2.0
#include "encoders/architectures/rotary.h"

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"

namespace emf {
namespace {

double positive(const CheckpointConfig& parameters, const std::string& key) {
  const double value = parameters.number(key);
  if (!(value > 0)) fail_input("{}: '{}' is {}, not above 0", parameters.origin(), key, value);
  return value;
}

/// The context that the model was trained for before its positions were stretched.
double trained_context(const CheckpointConfig& parameters, int64_t positions) {
  const double context = parameters.number("original_max_position_embeddings", static_cast<double>(positions));
  if (!(context > 1)) {
    fail_input("{}: 'original_max_position_embeddings' is {}, not above 1", parameters.origin(), context);
  }
  return context;
}

void scale_as_llama3(const CheckpointConfig& parameters, int64_t positions, std::vector<double>& frequencies) {
  const double factor = positive(parameters, "factor"), context = trained_context(parameters, positions);
  const double low = parameters.number("low_freq_factor"), high = parameters.number("high_freq_factor");
  if (!(high > low)) fail_input("{}: 'high_freq_factor' is {}, not above {}", parameters.origin(), high, low);
  for (double& frequency : frequencies) {
    const double turns = context * frequency / (2 * M_PI);  // within the context it was first trained for
    const double smooth = std::clamp((turns - low) / (high - low), 0.0, 1.0);
    frequency = (1 - smooth) * frequency / factor + smooth * frequency;
  }
}

double yarn_scale(double factor, double weight) { return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1; }

void scale_as_yarn(const CheckpointConfig& parameters, double theta, int64_t head_size, int64_t positions,
                   RotaryPositions& rotary) {
  const double context = trained_context(parameters, positions);
  const double factor =
      parameters.has("factor") ? positive(parameters, "factor") : static_cast<double>(positions) / context;
  const double weight = parameters.number("mscale", 0), all = parameters.number("mscale_all_dim", 0);
  rotary.scale = weight != 0 && all != 0 ? yarn_scale(factor, weight) / yarn_scale(factor, all) : yarn_scale(factor, 1);
  rotary.scale = parameters.number("attention_factor", rotary.scale);
  // The pair that makes so many turns within the trained context. A zero is as if nothing were said.
  const auto pair_of = [&](double turns) {
    return static_cast<double>(head_size) * std::log(context / (turns * 2 * M_PI)) / (2 * std::log(theta));
  };
  const double fast = parameters.number("beta_fast", 0), slow = parameters.number("beta_slow", 0);
  double low = pair_of(fast == 0 ? 32 : fast), high = pair_of(slow == 0 ? 1 : slow);
  if (parameters.flag("truncate", true)) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(head_size - 1));
  if (low == high) high += 0.001;
  for (size_t i = 0; i < rotary.frequencies.size(); ++i) {
    const double stretched = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    rotary.frequencies[i] *= stretched / factor + 1 - stretched;
  }
}

void scale_as_longrope(const CheckpointConfig& parameters, int64_t positions, RotaryPositions& rotary) {
  const double context = trained_context(parameters, positions);
  const std::vector<double> factors = parameters.numbers("short_factor");
  parameters.numbers("long_factor");  // of contexts beyond the one that is kept to here
  if (factors.size() != rotary.frequencies.size()) {
    fail_input("{}: 'short_factor' has {} numbers, half a head has {}", parameters.origin(), factors.size(),
               rotary.frequencies.size());
  }
  for (size_t i = 0; i < factors.size(); ++i) rotary.frequencies[i] /= factors[i];
  const double factor = parameters.number("factor", static_cast<double>(positions) / context);
  const double usual = factor <= 1 ? 1 : std::sqrt(1 + std::log(factor) / std::log(context));
  rotary.scale = parameters.number("attention_factor", usual);
  rotary.context = static_cast<int64_t>(context);
}

}  // namespace

RotaryPositions rotary_positions(const CheckpointConfig& parameters, double theta, int64_t head_size,
                                 int64_t positions) {
  const double base = parameters.number("rope_theta", theta);
  // Older files say "type"; where both stand, the newer word holds.
  const std::string older = parameters.text("type", "default"), type = parameters.text("rope_type", older);
  if (!(base > 1)) fail_input("{}: 'rope_theta' is {}, not above 1", parameters.origin(), base);
  if (parameters.number("partial_rotary_factor", 1) != 1) parameters.refuse("only a part of each head turns");
  RotaryPositions rotary;
  for (int64_t i = 0; i < head_size; i += 2) {
    rotary.frequencies.push_back(std::pow(base, -static_cast<double>(i) / static_cast<double>(head_size)));
  }
  if (type == "linear") {
    const double factor = positive(parameters, "factor");
    for (double& frequency : rotary.frequencies) frequency /= factor;
  } else if (type == "dynamic") {
    // Nothing changes up to the context that the model names; beyond it every length has frequencies of its own.
    positive(parameters, "factor");
    rotary.context = positions;
  } else if (type == "yarn") {
    scale_as_yarn(parameters, base, head_size, positions, rotary);
  } else if (type == "longrope") {
    scale_as_longrope(parameters, positions, rotary);
  } else if (type == "llama3") {
    scale_as_llama3(parameters, positions, rotary.frequencies);
  } else if (type == "factors") {
    // GGUF's rope_freqs: what llama.cpp divides each frequency by.
    const std::vector<double> factors = parameters.numbers("factors");
    if (factors.size() != rotary.frequencies.size()) {
      fail_input("{}: {} factors of frequencies, half a head has {}", parameters.origin(), factors.size(),
                 rotary.frequencies.size());
    }
    for (size_t i = 0; i < factors.size(); ++i) rotary.frequencies[i] /= factors[i];
  } else if (type != "default" && type != "mrope") {  // mrope: three axes, along which text moves at once
    parameters.refuse("its rope_type is '" + type + "'");
  }
  return rotary;
}

RotaryPositions rotary_positions_of(const CheckpointConfig& file, double theta, int64_t head_size, int64_t positions,
                                    bool with_scaling) {
  const bool scaled = file.has("rope_scaling") && with_scaling && !file.table("rope_scaling").values().empty();
  const CheckpointConfig table = file.table(scaled ? "rope_scaling" : "rope_parameters");
  file.has("rope_parameters");  // passed over where rope_scaling stands beside it
  for (const char* kind : {"full_attention", "sliding_attention"}) {
    if (table.values().contains(kind)) table.refuse("its kinds of layers turn differently");
  }
  theta = file.number("rope_theta", theta);
  if (!file.has("original_max_position_embeddings")) return rotary_positions(table, theta, head_size, positions);
  // Phi-3 and its kin keep it outside the table, and there it holds.
  Json values = table.values();
  values["original_max_position_embeddings"] = file.size("original_max_position_embeddings");
  const CheckpointConfig merged(values, table.origin());
  const RotaryPositions rotary = rotary_positions(merged, theta, head_size, positions);
  for (const auto& [key, value] : values.items()) table.has(key);
  return rotary;
}

}  // namespace emf
