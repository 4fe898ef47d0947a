// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/feature_cache.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <chrono>
#include <map>

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

constexpr const char* kEnding = ".safetensors";

}  // namespace

FeatureCache::FeatureCache(const Encoder& encoder, FeatureContent content, const std::filesystem::path& store)
    : encoder_(encoder), content_(content) {
  const EncoderInfo info = encoder.info();
  const Json fingerprint = encoder.fingerprint();
  reads_labels_ = info.reads == EncoderInput::kLabels;
  fingerprint_ = canonical_json(fingerprint);
  // The values of a trainable encoder move with every step, so nothing of it can be kept.
  if (!store.empty() && !info.trainable) {
    folder_ = store / "cache" / spec_hash({{"features", 1}, {"fingerprint", fingerprint}});
  }
}

Sha256Digest FeatureCache::key_of(const Prompt& prompt) const {
  return sha256(reads_labels_ ? prompt.text + "\n" + canonical_json(prompt.labels) : prompt.text);
}

void FeatureCache::refresh() {
  if (folder_.empty()) return;
  std::error_code absent;
  const std::filesystem::file_time_type changed = std::filesystem::last_write_time(folder_, absent);
  // A folder of thousands of shards takes longer to list than a cached window to read.
  if (absent || listed_ == changed) return;
  // File systems tell time in steps, the coarsest of two seconds: a file that comes in the same step behind this
  // listing would leave the time as it is. Read before the listing, so that what comes meanwhile moves it.
  constexpr std::chrono::seconds kCoarsest{4};
  const bool settled = changed + kCoarsest < std::filesystem::file_time_type::clock::now();
  listed_ = settled ? std::optional(changed) : std::nullopt;
  std::vector<std::filesystem::path> fresh;
  // Other processes write into the same folder. Looking again before each window finds what they encoded
  // meanwhile.
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() == kEnding && seen_.count(entry.path().filename()) == 0) fresh.push_back(entry.path());
  }
  std::sort(fresh.begin(), fresh.end());  // a folder lists its files in any order
  for (const auto& path : fresh) open(path);
}

void FeatureCache::open(const std::filesystem::path& path) {
  std::shared_ptr<const FeatureShard> shard;
  try {
    shard = std::make_shared<const FeatureShard>(path, fingerprint_);
  } catch (const UserError& error) {
    // Absent: another process has just set it aside.
    if (error.code() != ExitCode::kMissing) set_aside(path, error.what());
    return;
  }
  seen_.insert(path.filename());
  // Means follow from tokens, not the other way round.
  if (content_ == FeatureContent::kTokens && !shard->has_tokens()) return;
  const auto number = static_cast<uint32_t>(shards_.size());
  for (int64_t text = 0; text < shard->size(); ++text) {
    places_.add(shard->key(text), {number, static_cast<uint32_t>(text)});
  }
  shard->release();
  shards_.push_back(std::move(shard));
}

void FeatureCache::set_aside(const std::filesystem::path& path, const std::string& why) {
  say(fmt::format("warning: {}; its texts are encoded again", why));
  ++num_set_aside_;
  seen_.insert(path.filename());
  std::filesystem::path aside = path;
  // Kept under another name, so that somebody can look at what happened; the ending keeps it from being opened
  // again.
  aside += ".damaged";
  std::error_code ignored;  // in a folder we may not write to it stays, and is passed over
  std::filesystem::rename(path, aside, ignored);
  for (auto& shard : shards_) {
    if (!shard || shard->path() != path) continue;
    shard = nullptr;  // its places stay, and lead nowhere
  }
}

std::optional<CachePlace> FeatureCache::place_of(const Sha256Digest& key) const {
  return places_.find(key, [&](const CachePlace& place) {
    const auto& shard = shards_[place.shard];
    if (shard == nullptr) return false;
    if (shard->key(place.text) == key) return true;
    // Another key with the same first bits, in a shard that nobody asked for. Among millions of texts that is often,
    // and each look would leave 64 KB of the map in memory.
    shard->release();
    return false;
  });
}

FeatureCache::Source FeatureCache::find(const Sha256Digest& key) {
  const std::optional<CachePlace> place = place_of(key);
  if (!place) return {};
  const std::shared_ptr<const FeatureShard> shard = shards_[place->shard];
  if (!shard->is_sound(place->text)) {
    set_aside(shard->path(), fmt::format("{}: features of text {} are damaged", shard->path().string(), place->text));
    return {};
  }
  return {shard, place->text};
}

std::vector<CachePlace> FeatureCache::places(const std::vector<Prompt>& window) const {
  std::vector<CachePlace> places;
  if (folder_.empty()) return places;
  for (const Prompt& prompt : window) {
    const std::optional<CachePlace> place = place_of(key_of(prompt));
    ensure(place.has_value(), "features of '{}' are not in {}", prompt.text, folder_.string());
    places.push_back(*place);
  }
  // A key each was looked at, in pages that would stay: of millions of texts, more than their places are.
  std::set<uint32_t> touched;
  for (const CachePlace& place : places) touched.insert(place.shard);
  for (const uint32_t shard : touched) shards_[shard]->release();
  return places;
}

std::string FeatureCache::shard_name(uint32_t shard) const { return shards_.at(shard)->path().filename().string(); }

PackedFeatures FeatureCache::encode(const std::vector<Prompt>& prompts) {
  const TokenInputs inputs = encoder_.prepare(prompts);
  counts_.encoded += static_cast<int64_t>(prompts.size());
  counts_.encoded_tokens += inputs.mask.sum().item<int64_t>();
  counts_.num_cut += inputs.num_cut;
  return encode_packed(encoder_, inputs, content_);
}

PackedFeatures FeatureCache::features(const std::vector<Prompt>& window) {
  ensure(!window.empty(), "a window of {} prompts", window.size());
  refresh();
  std::vector<Prompt> misses;
  std::vector<Sha256Digest> keys;
  std::vector<Source> sources;
  // A damaged text takes its whole shard away, also from texts of the window that were found there before it.
  for (size_t before = num_set_aside_ + 1; before != num_set_aside_;) {
    before = num_set_aside_;
    sources = resolve(window, misses, keys);
  }
  counts_.texts += static_cast<int64_t>(window.size());
  PackedFeatures fresh;
  if (!misses.empty()) {
    fresh = encode(misses);
    // Opened like anybody else's, which also checks that what was written can be read.
    if (!folder_.empty()) open(write_feature_shard(folder_, fingerprint_, keys, fresh));
  }
  PackedFeatures packed = gather(sources, fresh);
  std::set<const FeatureShard*> touched;
  for (const Source& source : sources) {
    if (source.shard) touched.insert(source.shard.get());
  }
  // Pages that were read are given back, or a long stream of prompts would hold all of the cache in memory.
  for (const FeatureShard* shard : touched) shard->release();
  return packed;
}

std::vector<FeatureCache::Source> FeatureCache::resolve(const std::vector<Prompt>& window, std::vector<Prompt>& misses,
                                                        std::vector<Sha256Digest>& keys) {
  std::vector<Source> sources(window.size());
  std::map<Sha256Digest, int64_t> missed;
  misses.clear();
  keys.clear();
  for (size_t i = 0; i < window.size(); ++i) {
    const Sha256Digest key = key_of(window[i]);
    sources[i] = find(key);
    if (sources[i].shard) continue;
    // A text that stands in the window twice is encoded once.
    const auto [place, is_new] = missed.try_emplace(key, static_cast<int64_t>(misses.size()));
    if (is_new) {
      misses.push_back(window[i]);
      keys.push_back(key);
    }
    sources[i].text = place->second;
  }
  return sources;
}

PackedFeatures FeatureCache::gather(const std::vector<Source>& sources, const PackedFeatures& fresh) const {
  const auto count = static_cast<int64_t>(sources.size());
  const auto held =
      std::find_if(sources.begin(), sources.end(), [](const Source& source) { return source.shard != nullptr; });
  const int64_t dimension = held == sources.end() ? fresh.pooled.size(1) : held->shard->dimension();
  PackedFeatures packed;
  packed.pooled = at::empty({count, dimension}, at::kFloat);
  float* mean = packed.pooled.data_ptr<float>();
  for (const Source& source : sources) {
    if (source.shard) {
      source.shard->copy_mean(source.text, mean);
    } else {
      std::copy_n(fresh.pooled.const_data_ptr<float>() + source.text * dimension, dimension, mean);
    }
    mean += dimension;
  }
  if (content_ == FeatureContent::kPooled) return packed;
  packed.offsets.push_back(0);
  for (const Source& source : sources) {
    const auto text = static_cast<size_t>(source.text);
    const int64_t tokens =
        source.shard ? source.shard->num_rows(source.text) : fresh.offsets[text + 1] - fresh.offsets[text];
    packed.offsets.push_back(packed.offsets.back() + tokens);
  }
  packed.tokens = at::empty({packed.offsets.back(), dimension}, at::kFloat);
  for (size_t i = 0; i < sources.size(); ++i) {
    float* rows = packed.tokens.data_ptr<float>() + packed.offsets[i] * dimension;
    if (sources[i].shard) {
      sources[i].shard->copy(sources[i].text, rows);
    } else {
      const int64_t first = fresh.offsets[static_cast<size_t>(sources[i].text)];
      std::copy_n(fresh.tokens.const_data_ptr<float>() + first * dimension,
                  (packed.offsets[i + 1] - packed.offsets[i]) * dimension, rows);
    }
  }
  return packed;
}

}  // namespace emf
