// SPDX-License-Identifier: Apache-2.0
#include "harness/command/encode_file.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <map>
#include <optional>

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/text/packed_features.h"
#include "harness/tensor/safetensors_in_place.h"

namespace emf {
namespace {

/// Rows without those that say a text once more.
/// @return  places of the first of each text.
std::vector<int64_t> distinct_rows(const GivenIds& given) {
  std::map<std::string, int64_t> first;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < given.texts.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const auto [place, is_new] = first.emplace(given.texts[i], row);
    if (is_new) {
      rows.push_back(row);
      continue;
    }
    const int64_t other = place->second;
    const bool is_equal = at::equal(given.inputs.ids[row], given.inputs.ids[other]) &&
                          at::equal(given.inputs.mask[row], given.inputs.mask[other]) &&
                          (given.spans.empty() || given.spans[i] == given.spans[static_cast<size_t>(other)]);
    if (!is_equal) {
      fail_input("rows {} and {} are of one text, {}, and have other ids", other + 1, row + 1,
                 Json(given.texts[i].substr(0, 100)).dump(-1, ' ', false, Json::error_handler_t::replace));
    }
  }
  return rows;
}

GivenIds taken(const GivenIds& given, const std::vector<int64_t>& rows) {
  const at::Tensor places = at::tensor(rows, at::kLong);
  GivenIds kept;
  kept.inputs = {given.inputs.ids.index_select(0, places), given.inputs.mask.index_select(0, places)};
  for (const int64_t row : rows) {
    if (!given.texts.empty()) kept.texts.push_back(given.texts[static_cast<size_t>(row)]);
    if (!given.spans.empty()) kept.spans.push_back(given.spans[static_cast<size_t>(row)]);
  }
  return kept;
}

/// Tokens of a row that are written.
std::vector<int64_t> written_lengths(const GivenIds& given) {
  if (given.spans.empty()) return lengths_of(given.inputs.mask);
  std::vector<int64_t> lengths;
  for (const auto& [begin, end] : given.spans) lengths.push_back(end - begin);
  return lengths;
}

std::map<std::string, SafetensorsInPlace::Shape> shapes_by_text(const GivenIds& given,
                                                                const std::vector<int64_t>& lengths, int64_t size) {
  std::map<std::string, SafetensorsInPlace::Shape> shapes;
  for (size_t i = 0; i < given.texts.size(); ++i) shapes[text_key(given.texts[i])] = {at::kFloat, {lengths[i], size}};
  return shapes;
}

}  // namespace

std::string text_key(const std::string& text) {
  const bool is_name =
      !text.empty() && text.size() <= 1024 && text != "__metadata__" &&
      std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return is_name ? text : sha256_hex(text);
}

int64_t EncodedFile::write(const Encoder& from, const GivenIds& all, const EncoderPooling* pooling) const {
  const at::NoGradGuard no_grad;
  const GivenIds given = by_text ? taken(all, distinct_rows(all)) : all;
  const int64_t count = given.inputs.ids.size(0);
  const std::vector<int64_t> lengths = lengths_of(given.inputs.mask), written = written_lengths(given);
  // Rows of ids keep the width of the file that they came in.
  const int64_t width =
      given.spans.empty() ? given.inputs.ids.size(1) : *std::max_element(written.begin(), written.end());
  std::optional<SafetensorsInPlace> file;
  Progress progress("encode", count, "prompts");
  int64_t done = 0;
  for (const std::vector<int64_t>& batch : batches_by_length(lengths)) {
    if (interrupted()) stop_interrupted();
    const int64_t length = lengths[static_cast<size_t>(batch.back())];
    GivenIds part = taken(given, batch);
    part.inputs = {part.inputs.ids.narrow(1, 0, length), part.inputs.mask.narrow(1, 0, length)};
    TextFeatures features = from.forward(part.inputs);
    features.tokens = features.tokens.to(at::kFloat);
    if (!part.spans.empty()) std::tie(part.inputs, features) = features_of_spans(part.inputs, features, part.spans);
    const at::Tensor& tokens = features.tokens;
    at::Tensor pooled;
    if (!by_text) pooled = (*pooling)(part.inputs, features).to(at::kFloat);
    if (!file) {
      TensorMetadata metadata = {{"encoder", encoder}, {"fingerprint", canonical_json(from.fingerprint())}};
      if (by_text) {
        file.emplace(out, shapes_by_text(given, written, tokens.size(2)), metadata);
      } else {
        metadata["pooling"] = pooling->name();
        file.emplace(
            out,
            std::map<std::string, SafetensorsInPlace::Shape>{{"tokens", {at::kFloat, {count, width, tokens.size(2)}}},
                                                             {"mask", {at::kByte, {count, width}}},
                                                             {"pooled", {at::kFloat, {count, pooled.size(1)}}},
                                                             {"ids", {at::kLong, {count, width}}}},
            metadata);
      }
    }
    for (size_t i = 0; i < batch.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      if (by_text) {
        const at::Tensor real = tokens[at].index({features.mask[at]});
        const std::string key = text_key(part.texts[i]);
        for (int64_t k = 0; k < real.size(0); ++k) file->write_row(key, k, real[k]);
        continue;
      }
      file->write_row("tokens", batch[i], tokens[at]);
      file->write_row("pooled", batch[i], pooled[at]);
      file->write_row("mask", batch[i], features.mask[at].to(at::kByte));
      file->write_row("ids", batch[i], part.inputs.ids[at]);
    }
    done += static_cast<int64_t>(batch.size());
    progress.update(done);
  }
  file->finish();  // a file without a prompt ended in the reader
  return width;
}

}  // namespace emf
