// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/encoded_texts.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/memory.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/text/feature_cache.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr const char* kFile = "texts.safetensors";
constexpr const char* kShards = "shards";
constexpr size_t kTrainableWindow = 32;
/// Features above this many bytes are not kept in memory between batches.
constexpr int64_t kMostResident = int64_t{256} << 20;

/// Puts [n,l,...] into the first columns of a [n,length,...] tensor of zeros.
at::Tensor pad_length(const at::Tensor& rows, int64_t length) {
  std::vector<int64_t> padding(static_cast<size_t>(2 * (rows.dim() - 1)), 0);
  padding.back() = length - rows.size(1);
  return at::constant_pad_nd(rows, padding, 0);
}

at::Tensor stack_padded(std::vector<at::Tensor>& parts, int64_t length) {
  for (at::Tensor& part : parts) part = pad_length(part, length);
  return at::cat(parts);
}

/// A second name for a file, or a copy where the file system has none.
void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code failed;
  // An interrupted run may have left the name, and a link does not replace one.
  std::filesystem::remove(to, failed);
  // A hard link costs nothing and keeps the data when somebody clears the cache: a finished stage stays whole.
  std::filesystem::create_hard_link(from, to, failed);
  if (failed) write_atomically(to, read_file(from));
}

}  // namespace

struct TextWriter::State {
  State(const Encoder& of, int64_t count, const std::filesystem::path& store, const RunFolder& into)
      : encoder(of),
        info(of.info()),
        folder(into),
        cache(std::make_unique<FeatureCache>(of, FeatureContent::kTokens,
                                             info.trainable ? std::filesystem::path() : store)) {
    if (!info.trainable) places = at::empty({count, 2}, at::kInt);
    // The features of a frozen encoder exist in the cache alone; this stage keeps their places.
    ensure(info.trainable || !store.empty(), "features of {} are kept nowhere", info.name);
  }

  const Encoder& encoder;
  const EncoderInfo info;
  const RunFolder& folder;
  std::unique_ptr<FeatureCache> cache;
  at::Tensor places;                   ///< [count,2] int32: number of the shard in `shards`, and the text in it
  std::map<uint32_t, int32_t> shards;  ///< the cache's number of each shard to ours
  std::vector<std::string> names;      ///< of shards
  std::vector<at::Tensor> ids, masks;
  int64_t texts = 0;
};

TextWriter::TextWriter(const Encoder& encoder, int64_t count, const std::filesystem::path& store,
                       const RunFolder& folder)
    : state_(std::make_unique<State>(encoder, count, store, folder)) {}

TextWriter::~TextWriter() = default;

size_t TextWriter::window() const { return state_->info.trainable ? kTrainableWindow : state_->cache->window(); }

TextFeatures TextWriter::add(const std::vector<Prompt>& window) {
  const at::NoGradGuard no_grad;
  State& state = *state_;
  TextFeatures features;
  if (state.info.trainable) {
    const TokenInputs inputs = state.encoder.prepare(window);
    features = on_host(state.encoder.forward(inputs));
    state.ids.push_back(inputs.ids);
    state.masks.push_back(features.mask);
  } else {
    features = unpack(state.cache->features(window));
    int32_t* row = state.places.data_ptr<int32_t>() + 2 * state.texts;
    for (const CachePlace& place : state.cache->places(window)) {
      // Shards are numbered as this stage meets them: the cache's own numbers depend on what other suites wrote
      // before.
      const auto [number, fresh] = state.shards.try_emplace(place.shard, static_cast<int32_t>(state.names.size()));
      if (fresh) state.names.push_back(state.cache->shard_name(place.shard));
      *row++ = number->second;
      *row++ = static_cast<int32_t>(place.text);
    }
  }
  state.texts += static_cast<int64_t>(window.size());
  length_ = std::max(length_, features.mask.size(1));
  return features;
}

Json TextWriter::finish(std::map<std::string, at::Tensor> more) {
  State& state = *state_;
  NamedTensors tensors(more.begin(), more.end());
  TensorMetadata metadata = {{"length", std::to_string(length_)}, {"dimension", std::to_string(state.info.dimension)}};
  if (state.info.trainable) {
    tensors["ids"] = stack_padded(state.ids, length_);
    tensors["mask"] = stack_padded(state.masks, length_);
  } else {
    make_folder(state.folder.file(kShards));
    for (const std::string& name : state.names) {
      link_or_copy(state.cache->folder() / name, state.folder.file(kShards) / name);
    }
    // Its index is as large as what is written now, and windows of features are larger.
    state.cache.reset();
    give_back_memory();
    tensors["places"] = state.places;
    metadata["shards"] = canonical_json(state.names);
    metadata["fingerprint"] = canonical_json(state.encoder.fingerprint());
  }
  write_safetensors(state.folder.file(kFile), tensors, metadata);
  return {{"texts", state.texts}, {"length", length_}, {"dimension", state.info.dimension}};
}

EncodedTexts::EncodedTexts(const RunFolder& folder) : folder_(folder) {
  const std::filesystem::path path = folder.file(kFile);
  TensorMetadata metadata;
  beside_ = read_safetensors(path, &metadata);
  length_ = std::stoll(metadata.at("length"));
  dimension_ = std::stoll(metadata.at("dimension"));
  const auto take = [&](const char* name) {
    const at::Tensor tensor = beside_.at(name);
    beside_.erase(name);
    return tensor;
  };
  if (beside_.count("ids") > 0) {
    ids_ = take("ids");
    mask_ = take("mask");
    return;
  }
  places_ = take("places");
  checked_.resize(static_cast<size_t>(places_.size(0)));
  int64_t bytes = 0;
  for (const Json& name : parse_json(metadata.at("shards"), path.string())) {
    const std::filesystem::path shard = folder.file(kShards) / name.get<std::string>();
    try {
      shards_.push_back(std::make_shared<const FeatureShard>(shard, metadata.at("fingerprint")));
    } catch (const UserError& error) {  // absent, or its index is not what was written
      throw DamagedStage(folder, {fmt::format("{}/{}", kShards, name.get<std::string>()),
                                  fmt::format("is not what was written ({})", error.what())});
    }
    bytes += static_cast<int64_t>(std::filesystem::file_size(shard));
    // Opening read the whole index to check it. Its pages are given back, because many shards are open at once.
    shards_.back()->release();
  }
  release_ = bytes > kMostResident;
}

int64_t EncodedTexts::size() const { return frozen() ? places_.size(0) : ids_.size(0); }

TextFeatures EncodedTexts::gather(const at::Tensor& texts) const {
  ensure(frozen(), "features of a trainable encoder's {} texts were asked for", size());
  const int64_t count = texts.size(0);
  TextFeatures features{at::zeros({count, length_, dimension_}, at::kFloat), at::zeros({count, length_}, at::kBool)};
  const auto numbers = texts.accessor<int64_t, 1>();
  const auto places = places_.accessor<int32_t, 2>();
  std::set<const FeatureShard*> touched;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t number = numbers[i];
    const FeatureShard& shard = *shards_[static_cast<size_t>(places[number][0])];
    const int64_t text = places[number][1];
    // Checked when a text is first read. All at the start would read gigabytes before the first step, and at
    // every step would hash more than it trains.
    if (!checked_[static_cast<size_t>(number)]) {
      if (!shard.is_sound(text)) {
        throw DamagedStage(folder_, {fmt::format("{}/{}", kShards, shard.path().filename().string()),
                                     fmt::format("holds other features of text {} than were written", text)});
      }
      checked_[static_cast<size_t>(number)] = true;
    }
    shard.copy(text, features.tokens.data_ptr<float>() + i * length_ * dimension_);
    std::fill_n(features.mask.data_ptr<bool>() + i * length_, shard.num_rows(text), true);
    touched.insert(&shard);
  }
  // A training comes back to every text again and again, so what fits into memory stays there.
  if (release_) {
    for (const FeatureShard* shard : touched) shard->release();
  }
  return features;
}

TokenInputs EncodedTexts::inputs(const at::Tensor& texts) const {
  ensure(!frozen(), "ids of a frozen encoder's {} texts were asked for", size());
  return {ids_.index_select(0, texts), mask_.index_select(0, texts)};
}

at::Tensor EncodedTexts::beside(const std::string& name) const {
  const auto found = beside_.find(name);
  return found == beside_.end() ? at::Tensor() : found->second;
}

}  // namespace emf
