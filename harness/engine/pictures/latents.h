// The pictures a suite trains on, as the generator sees them: latents of the shared autoencoder, or pixels.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/engine/store/run_store.h"

namespace emf {

/// Between pictures and what the generator models. Runs without gradient in the calling thread; safe from many threads.
class LatentCodec {
 public:
  virtual ~LatentCodec() = default;
  /// Name and weights sha256 of the instrument; part of spec hashes.
  virtual Json fingerprint() const = 0;
  /// [C,H,W] for a picture side.
  virtual std::vector<int64_t> shape(int side) const = 0;
  /// @param pictures  [B,3,S,S] uint8.   @return [B,C,H,W] float32, each channel about N(0,1).
  virtual at::Tensor encode(const at::Tensor& pictures) const = 0;
  /// @return [B,3,S,S] uint8.
  virtual at::Tensor decode(const at::Tensor& latents) const = 0;
};

/// @param name  "autoencoder" (the shipped instrument for this picture side) or "none" (pixels, scaled to -1..1).
/// @throws UserError  no instrument for this side.
std::unique_ptr<LatentCodec> make_codec(const std::string& name, int side);

/// Draws training pictures [begin, end) and writes latents.safetensors: x [end - begin,C,H,W].
Json encode_training_pictures(const Dataset& dataset, const LatentCodec& codec, int64_t begin, int64_t end,
                              const RunFolder& folder);

/// Training pictures in memory.
struct TrainingSet {
  at::Tensor x;             ///< [pool,C,H,W] float32
  at::Tensor prompt_index;  ///< [pool] int64, rows of the prompt table
};

/// Joins the shards encode_training_pictures wrote, in their order.
TrainingSet load_training_set(const std::vector<const RunFolder*>& shards, const std::vector<int64_t>& prompt_index);

}  // namespace emf
