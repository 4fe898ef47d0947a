// SPDX-License-Identifier: Apache-2.0
// The texts of one stage as an encoder has them: places in its feature cache, or
// token ids where the encoder trains along.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/api/encoder.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/text/feature_shard.h"

namespace emf {

/// Encodes texts and writes texts.safetensors, and beside it shards/ with links to the cache's files (so that
/// the stage stays whole when the cache is deleted):
///
/// Frozen encoders: "places" [T,2] int32, the shard and the text in it. Trainable ones: "ids" [T,L] and "mask" [T,L].
class TextWriter {
 public:
  /// @param count  of texts that will be added.
  /// @param store  where the feature cache lies: texts that any suite encoded before are read from it.
  TextWriter(const Encoder& encoder, int64_t count, const std::filesystem::path& store, const RunFolder& folder);
  ~TextWriter();

  /// Texts that go into one call of add().
  size_t window() const;
  /// Adds texts in order.   @return  their features, padded to the longest of them.
  TextFeatures add(const std::vector<Prompt>& window);
  /// Tokens of the longest text so far.
  int64_t length() const { return length_; }
  /// @param more  tensors to write beside.   @return  {"texts", "length", "dimension"}
  Json finish(std::map<std::string, at::Tensor> more);

 private:
  struct State;
  std::unique_ptr<State> state_;
  int64_t length_ = 0;
};

/// The texts of a finished stage. Thread-compatible.
///
/// Memory: 8 bytes a text of a frozen encoder; its features stay on disk.
class EncodedTexts {
 public:
  /// @param folder  a stage of TextWriter, whose own files its manifest vouches for.
  /// @throws DamagedStage  a shard of features is not what was written; also from gather().
  explicit EncodedTexts(const RunFolder& folder);

  int64_t size() const;
  /// Tokens that every gathered row is padded to: those of the longest text.
  int64_t length() const { return length_; }
  int64_t dimension() const { return dimension_; }
  bool frozen() const { return !ids_.defined(); }

  /// Features of texts of a frozen encoder.   @param texts  [B] int64.   @return  tokens [B,length,D], mask [B,length].
  TextFeatures gather(const at::Tensor& texts) const;
  /// Ids of texts of a trainable encoder.
  TokenInputs inputs(const at::Tensor& texts) const;
  /// A tensor that the stage wrote beside; undefined when it wrote none.
  at::Tensor beside(const std::string& name) const;

 private:
  RunFolder folder_;
  std::map<std::string, at::Tensor> beside_;
  std::vector<std::shared_ptr<const FeatureShard>> shards_;
  at::Tensor places_;  ///< [T,2] int32
  at::Tensor ids_, mask_;
  int64_t length_ = 0, dimension_ = 0;
  bool release_ = false;               ///< give pages back after each batch: the features are many
  mutable std::vector<bool> checked_;  ///< [T] read before and found sound
};

}  // namespace emf
