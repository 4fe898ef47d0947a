// SPDX-License-Identifier: Apache-2.0
#include "harness/weights/weight_loader.h"

#include <ATen/ATen.h>
#include <algorithm>

#include <fmt/ranges.h>

#include "harness/base/error.h"

namespace emf {

at::Tensor WeightLoader::tensor(const std::string& name, at::IntArrayRef shape) const {
  const at::Tensor out = at::empty(shape, at::kFloat);
  source_.read(prefix_ + name, shape, out.data_ptr<float>());
  return out;
}

NormWeights WeightLoader::norm(const std::string& name, int64_t size, bool has_bias, double offset) const {
  const bool older = !has(name + ".weight") && has(name + ".gamma");
  NormWeights norm{tensor(name + (older ? ".gamma" : ".weight"), {size}), {}};
  if (offset != 0) norm.weight.add_(offset);
  if (has_bias) norm.bias = tensor(name + (older ? ".beta" : ".bias"), {size});
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

std::string weight_prefix(const WeightSource& source, const std::string& name) {
  if (source.has(name)) return "";
  std::vector<std::string> found;
  for (const std::string& stored : source.names()) {
    if (stored.ends_with("." + name)) found.push_back(stored.substr(0, stored.size() - name.size()));
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) fail_input("{}: no tensor '{}', under whatever prefix", source.origin(), name);
  // Of models with several embeddings, the places where the text tower's usually is.
  for (const char* usual : {"model.", "language_model.model.", "model.language_model.", "text_model.", "bert."}) {
    if (std::find(found.begin(), found.end(), usual) != found.end()) return usual;
  }
  fail_input("{}: '{}' stands under '{}'; which is the text encoder cannot be told, so save that part by itself",
             source.origin(), name, fmt::join(found, "' and '"));
}

}  // namespace emf
