// What all architectures share: checked reading of config.json, rotary frequencies, stacking of matrices.
#include "encoders/architectures/architecture.h"

#include <cmath>

#include <fmt/ranges.h>

#include "harness/base/error.h"

namespace emf {

Activation activation_of(const CheckpointConfig& config, const std::string& name) {
  if (name == "silu" || name == "swish") return Activation::kSilu;
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return Activation::kGeluTanh;
  if (name == "quick_gelu") return Activation::kQuickGelu;
  if (name == "relu") return Activation::kRelu;
  config.refuse("its activation is '" + name + "'");
}

std::vector<double> rotary_frequencies(const CheckpointConfig& parameters, int64_t head_size) {
  const double base = parameters.number("rope_theta", 1e4);
  const std::string type = parameters.text("rope_type", parameters.text("type", "default"));
  if (!(base > 1)) fail_input("{}: 'rope_theta' is {}, not above 1", parameters.origin(), base);
  if (parameters.number("partial_rotary_factor", 1) != 1) parameters.refuse("only a part of each head turns");
  std::vector<double> frequencies;
  for (int64_t i = 0; i < head_size; i += 2) {
    frequencies.push_back(std::pow(base, -static_cast<double>(i) / static_cast<double>(head_size)));
  }
  if (type == "default") return frequencies;
  const double factor = parameters.number("factor");
  if (!(factor > 0)) fail_input("{}: 'factor' is {}, not above 0", parameters.origin(), factor);
  if (type == "linear") {
    for (double& frequency : frequencies) frequency /= factor;
    return frequencies;
  }
  if (type != "llama3") parameters.refuse("its rope_type is '" + type + "'");
  const double low = parameters.number("low_freq_factor"), high = parameters.number("high_freq_factor");
  const double context = parameters.number("original_max_position_embeddings");
  for (double& frequency : frequencies) {
    const double turns = context * frequency / (2 * M_PI);  // within the context it was first trained for
    const double smooth = std::clamp((turns - low) / (high - low), 0.0, 1.0);
    frequency = (1 - smooth) * frequency / factor + smooth * frequency;
  }
  return frequencies;
}

ArchitectureChoice choose_architecture(const CheckpointConfig& config) {
  const auto& registry = ArchitectureRegistry::instance();
  std::string type = config.text("model_type", "");
  CheckpointConfig chosen = config;
  // Models of pictures and text keep the text tower's config under a key of its own.
  if (config.has("text_config") && !registry.contains(type)) {
    chosen = config.table("text_config");
    type = chosen.text("model_type", type == "clip" ? "clip_text_model" : type == "gemma3" ? "gemma3_text" : "");
  }
  if (!registry.contains(type)) {
    fail_input("{}: model_type '{}' is not built here{}; known: {}", config.origin(), type,
               suggestion(type, registry.names()), fmt::join(registry.names(), ", "));
  }
  return {registry.make(type), chosen};
}

}  // namespace emf
