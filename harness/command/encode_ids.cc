// SPDX-License-Identifier: Apache-2.0
#include "harness/command/encode_ids.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/utf8.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

using Span = std::pair<int64_t, int64_t>;

GivenIds of_tensors(const std::filesystem::path& path, const std::string& encoder, int64_t most) {
  const std::string where = path.string();
  const NamedTensors tensors = read_safetensors(path);
  for (const char* name : {"input_ids", "attention_mask"}) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.dim() != 2 || at::isFloatingType(found->second.scalar_type())) {
      fail_input("{}: no '{}' [N,L] of integers", where, name);
    }
  }
  GivenIds given;
  given.inputs = {tensors.at("input_ids").to(at::kLong), tensors.at("attention_mask").to(at::kBool)};
  const at::Tensor& ids = given.inputs.ids;
  if (ids.sizes() != given.inputs.mask.sizes() || ids.numel() == 0) {
    fail_input("{}: input_ids and attention_mask must be of one shape and not empty", where);
  }
  if (!given.inputs.mask.any(1).all().item<bool>()) fail_input("{}: a row of attention_mask is all 0", where);
  if (ids.size(1) > most) {
    fail_input("{}: rows of {} tokens; {} takes {} at most", where, ids.size(1), encoder, most);
  }
  const auto spans = tensors.find("spans");
  if (spans == tensors.end()) return given;
  if (spans->second.dim() != 2 || spans->second.size(0) != ids.size(0) || spans->second.size(1) != 2 ||
      at::isFloatingType(spans->second.scalar_type())) {
    fail_input("{}: 'spans' is not [{},2] of integers", where, ids.size(0));
  }
  const at::Tensor ends = spans->second.to(at::kLong).contiguous();
  for (int64_t row = 0; row < ids.size(0); ++row) {
    const Span span{ends[row][0].item<int64_t>(), ends[row][1].item<int64_t>()};
    const bool fits = span.first >= 0 && span.first < span.second && span.second <= ids.size(1);
    if (!fits || !given.inputs.mask[row].slice(0, span.first, span.second).all().item<bool>()) {
      fail_input("{}: the span {}..{} of row {} is not within its tokens", where, span.first, span.second, row);
    }
    given.spans.push_back(span);
  }
  return given;
}

/// A list of whole numbers.
std::vector<int64_t> numbers_of(const Json& value, const std::string& where, const char* key) {
  std::vector<int64_t> numbers;
  const bool is_list = value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& one) {
                         return whole_number(one).value_or(-1) >= 0;
                       });
  if (!is_list || value.empty()) fail_input("{}: '{}' is no list of whole numbers from 0 on", where, key);
  for (const Json& one : value) numbers.push_back(one.get<int64_t>());
  return numbers;
}

GivenIds of_lines(const std::filesystem::path& path, const std::string& encoder, int64_t most) {
  const std::vector<Json> lines = read_json_lines(path);
  if (lines.empty()) fail_input("{}: it has no row", path.string());
  GivenIds given;
  std::vector<std::vector<int64_t>> rows;
  for (size_t i = 0; i < lines.size(); ++i) {
    const Json& line = lines[i];
    const std::string where = fmt::format("{}, row {}", path.string(), i + 1);
    if (!line.is_object() || !line.contains("ids")) fail_input("{}: not an object with \"ids\"", where);
    for (const auto& [key, value] : line.items()) {
      if (key != "ids" && key != "text" && key != "span") {
        fail_input("{}: the key '{}' is none of ids, text, span", where, key);
      }
    }
    for (const char* key : {"text", "span"}) {
      if (line.contains(key) != lines[0].contains(key)) {
        fail_input("{}: '{}' stands in some rows and not in others", where, key);
      }
    }
    rows.push_back(numbers_of(line.at("ids"), where, "ids"));
    const auto length = static_cast<int64_t>(rows.back().size());
    if (length > most) fail_input("{}: {} tokens; {} takes {} at most", where, length, encoder, most);
    if (line.contains("text")) {
      if (!line.at("text").is_string()) fail_input("{}: 'text' is no string", where);
      given.texts.push_back(line.at("text"));
    }
    if (!line.contains("span")) continue;
    const std::vector<int64_t> span = numbers_of(line.at("span"), where, "span");
    if (span.size() != 2 || span[0] >= span[1] || span[1] > length) {
      fail_input("{}: 'span' is {}, not [begin, end] within its {} tokens", where, line.at("span").dump(), length);
    }
    given.spans.emplace_back(span[0], span[1]);
  }
  given.inputs = padded_inputs(rows, most);
  return given;
}

}  // namespace

GivenIds read_given_ids(const std::filesystem::path& path, const std::string& encoder, int64_t most) {
  return path.extension() == ".jsonl" ? of_lines(path, encoder, most) : of_tensors(path, encoder, most);
}

std::pair<TokenInputs, TextFeatures> features_of_spans(const TokenInputs& inputs, const TextFeatures& features,
                                                       const std::vector<Span>& spans) {
  int64_t width = 0;
  for (const auto& [begin, end] : spans) width = std::max(width, end - begin);
  const auto count = static_cast<int64_t>(spans.size());
  TokenInputs of{at::zeros({count, width}, at::kLong), at::zeros({count, width}, at::kBool)};
  const at::Tensor tokens = at::zeros({count, width, features.tokens.size(2)}, at::kFloat);
  for (int64_t row = 0; row < count; ++row) {
    const auto [begin, end] = spans[static_cast<size_t>(row)];
    of.ids[row].narrow(0, 0, end - begin).copy_(inputs.ids[row].narrow(0, begin, end - begin));
    of.mask[row].narrow(0, 0, end - begin).fill_(true);
    tokens[row].narrow(0, 0, end - begin).copy_(features.tokens[row].narrow(0, begin, end - begin));
  }
  return {of, {tokens, of.mask}};
}

}  // namespace emf
