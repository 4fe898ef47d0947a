// SPDX-License-Identifier: Apache-2.0
// Text features encoded once: shards on disk by encoder, shared by suites and by processes (CACHE_FORMAT.md).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/api/encoder.h"
#include "harness/engine/text/feature_shard.h"
#include "harness/engine/text/packed_features.h"
#include "harness/engine/text/place_table.h"

namespace emf {

/// What a cache did so far.
struct CacheCounts {
  int64_t texts = 0;           ///< asked for
  int64_t encoded = 0;         ///< distinct ones that were not there
  int64_t encoded_tokens = 0;  ///< of those
  int64_t num_cut = 0;         ///< of those: texts longer than the encoder reads
};

/// Features of one encoder's texts. Prompts pass through window by window: what is cached is read from the map, what is
/// not is encoded and written as a shard before the window is returned, so a killed process loses one window.
///
/// Memory: one window, and 10 to 15 bytes a cached text for the index. Several processes may use one folder: each
/// writes its own shards and sees the others' from the next window on. Processes that pass the same windows get the
/// same bits; otherwise a text's features are those of whoever encoded it first, equal up to rounding (a batch's size
/// moves a language model's last bits). Not thread-safe: one object a thread.
class FeatureCache {
 public:
  /// Windows of about 40 MB at 128 dimensions pooled and at 576 dimensions of 15 tokens.
  static constexpr size_t kPooledWindow = 4096, kTokenWindow = 512;

  /// @param encoder  outlives this object; of a trainable one nothing is kept, its features change.
  /// @param store    the folder of all results; empty: nothing is kept.
  FeatureCache(const Encoder& encoder, FeatureContent content, const std::filesystem::path& store = {});

  /// Features of the prompts in their order.
  /// @throws UserError  as Encoder::prepare and forward; the folder cannot be written. Damaged shards are set aside
  /// with a warning, and their texts encoded anew.
  PackedFeatures features(const std::vector<Prompt>& window);

  /// Where features() of this window found or put each prompt's features; nothing when nothing is kept.
  /// @throws InternalError  a prompt that no window held.
  std::vector<CachePlace> places(const std::vector<Prompt>& window) const;
  /// The shard's file name, in folder().
  std::string shard_name(uint32_t shard) const;

  const CacheCounts& counts() const { return counts_; }
  /// `<store>/cache/<hash>`; empty when nothing is kept.
  const std::filesystem::path& folder() const { return folder_; }
  size_t window() const { return content_ == FeatureContent::kTokens ? kTokenWindow : kPooledWindow; }

 private:
  /// Where a text of the window is: in a shard, or among those just encoded.
  struct Source {
    std::shared_ptr<const FeatureShard> shard;  ///< null: just encoded
    int64_t text = 0;
  };

  Sha256Digest key_of(const Prompt& prompt) const;
  void refresh();
  /// Where each text of the window is; `misses` and their `keys` are filled with distinct texts that are nowhere.
  std::vector<Source> resolve(const std::vector<Prompt>& window, std::vector<Prompt>& misses,
                              std::vector<Sha256Digest>& keys);
  void open(const std::filesystem::path& path);
  void set_aside(const std::filesystem::path& path, const std::string& why);
  std::optional<CachePlace> place_of(const Sha256Digest& key) const;
  Source find(const Sha256Digest& key);
  PackedFeatures encode(const std::vector<Prompt>& prompts);
  PackedFeatures gather(const std::vector<Source>& sources, const PackedFeatures& fresh) const;

  const Encoder& encoder_;
  FeatureContent content_;
  bool reads_labels_;
  std::string fingerprint_;
  std::filesystem::path folder_;
  std::set<std::string> seen_;                               ///< file names, opened or refused
  std::vector<std::shared_ptr<const FeatureShard>> shards_;  ///< null: set aside
  size_t num_set_aside_ = 0;
  /// When the folder had last changed before it was last listed; nothing where a change may hide behind that time.
  std::optional<std::filesystem::file_time_type> listed_;
  PlaceTable places_;
  CacheCounts counts_;
};

}  // namespace emf
