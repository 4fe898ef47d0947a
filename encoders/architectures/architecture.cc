// What all architectures share: checked reading of config.json, rotary frequencies, stacking of matrices.
#include "encoders/architectures/architecture.h"

#include <cmath>

#include <fmt/ranges.h>

#include "harness/base/error.h"

namespace emf {

int64_t CheckpointConfig::size(const std::string& key) const {
  constexpr int64_t kMost = 1 << 24;
  if (!has(key)) fail_input("{}: '{}' is absent", origin_, key);
  const Json& value = values_.at(key);
  if (!value.is_number_integer() || value < 1 || value > kMost) {
    fail_input("{}: '{}' is {}, not an integer in 1..{}", origin_, key, value.dump(), kMost);
  }
  return value;
}

int64_t CheckpointConfig::size(const std::string& key, int64_t otherwise) const {
  return has(key) ? size(key) : otherwise;
}

double CheckpointConfig::number(const std::string& key) const {
  if (!has(key)) fail_input("{}: '{}' is absent", origin_, key);
  const Json& value = values_.at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    fail_input("{}: '{}' is {}, not a number", origin_, key, value.dump());
  }
  return value;
}

double CheckpointConfig::number(const std::string& key, double otherwise) const {
  return has(key) ? number(key) : otherwise;
}

std::string CheckpointConfig::text(const std::string& key, const std::string& otherwise) const {
  if (!has(key)) return otherwise;
  if (!values_.at(key).is_string()) fail_input("{}: '{}' is {}, not a string", origin_, key, values_.at(key).dump());
  return values_.at(key);
}

bool CheckpointConfig::flag(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!values_.at(key).is_boolean())
    fail_input("{}: '{}' is {}, not true or false", origin_, key, values_.at(key).dump());
  return values_.at(key);
}

CheckpointConfig CheckpointConfig::table(const std::string& key) const {
  if (!has(key)) return {Json::object(), origin_ + ": " + key};
  if (!values_.at(key).is_object()) fail_input("{}: '{}' is not an object", origin_, key);
  return {values_.at(key), origin_ + ": " + key};
}

void CheckpointConfig::refuse(const std::string& what) const {
  fail_input("{}: {}, which is not built here", origin_, what);
}

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

at::Tensor WeightLoader::tensor(const std::string& name, at::IntArrayRef shape) const {
  const at::Tensor out = at::empty(shape, at::kFloat);
  source_.read(prefix_ + name, shape, out.data_ptr<float>());
  return out;
}

NormWeights WeightLoader::norm(const std::string& name, int64_t size, bool has_bias, double offset) const {
  NormWeights norm{tensor(name + ".weight", {size}), {}};
  if (offset != 0) norm.weight.add_(offset);
  if (has_bias) norm.bias = tensor(name + ".bias", {size});
  return norm;
}

LinearWeights WeightLoader::linear(const std::vector<Part>& parts, int64_t columns, bool has_bias) const {
  int64_t rows = 0;
  for (const Part& part : parts) rows += part.rows;
  at::Tensor weight = at::empty({rows, columns}, at::kFloat), bias = at::empty({rows}, at::kFloat);
  int64_t at = 0;
  for (const Part& part : parts) {
    source_.read(prefix_ + part.name + ".weight", {part.rows, columns}, weight.data_ptr<float>() + at * columns);
    if (has_bias) source_.read(prefix_ + part.name + ".bias", {part.rows}, bias.data_ptr<float>() + at);
    at += part.rows;
  }
  return {weight.to(precision_), has_bias ? bias.to(precision_) : at::Tensor()};
}

RowReader WeightLoader::rows(const std::string& name, int64_t num_rows, int64_t row_size) const {
  return source_.rows(prefix_ + name, num_rows, row_size);
}

std::string weight_prefix(const WeightSource& source, const std::string& name,
                          const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    if (source.has(prefix + name)) return prefix;
  }
  fail_input("{}: tensor '{}' is absent (also under '{}')", source.origin(), name, fmt::join(prefixes, "', '"));
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
