// SPDX-License-Identifier: Apache-2.0
// How a text encoder is trained from nothing, before any generator sees it: what it must say of captions, and its loss.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/encoder.h"
#include "harness/api/objective.h"

namespace emf {

/// One step's captions. Every kind of pretraining sees the same ones in the same order and words.
struct PretrainingBatch {
  RowKeys keys;
  std::vector<Prompt> captions;     ///< B
  std::vector<Prompt> paraphrases;  ///< B: the same facts in other words; empty unless needs_paraphrases()
  at::Tensor pictures;              ///< [B,3,S,S] uint8 of the captions; undefined unless needs_pictures()
};

/// A pretraining objective. What stands beside the encoder (an image tower, a decoder)
/// is its own and is thrown away afterwards.
class Pretraining {
 public:
  static constexpr const char* kKind = "pretraining";
  virtual ~Pretraining() = default;

  virtual Json fingerprint() const = 0;
  virtual bool needs_pictures() const { return false; }
  virtual bool needs_paraphrases() const { return false; }
  /// Leaves beside the encoder's, by name.
  virtual NamedParameters parameters() const = 0;
  /// @param encoder  trainable.
  /// @return  a scalar with graph; numbers: "residual" (the loss) and "accuracy" (share of choices that are right).
  virtual LossResult loss(const Encoder& encoder, const PretrainingBatch& batch) const = 0;
};

struct PretrainingContext {
  EncoderInfo encoder;  ///< what is trained: its dimension and vocabulary
  uint64_t seed = 0;    ///< of the initial values
  Placement placement;
};

/// @param options  the suite's table [pretraining.NAME].
using PretrainingRegistry = Registry<Pretraining, const Options&, const PretrainingContext&>;

}  // namespace emf
