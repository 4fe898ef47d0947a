// SPDX-License-Identifier: Apache-2.0
// How a prompt's token features become one vector, by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

/// A pooling and what may follow it, as written on a command line:
///   mean          plain mean over real tokens (EMF Sec. 3.3)
///   drop_first    likewise without the first token, which decoders use as an attention sink
///   normalised    likewise, each token scaled to L2 norm 1 first
///   first         the first real token ([CLS])
///   last, eos     the last real token; the closing mark where the family adds one (CLIP, BERT, T5)
///   centred:FILE  the mean, less that of FILE's rows; FILE is another encode's output
///   whitened:FILE the mean, less that of FILE's rows, turned and scaled so that those have unit covariance in their
///                 leading 128 directions
class Pooling {
 public:
  /// @throws UserError  an unknown name (offers the nearest); FILE absent (kMissing), without "pooled" [N,D], or N < 2.
  explicit Pooling(const std::string& name);

  const std::string& name() const { return name_; }
  /// @return  [B,D], of fewer columns only for whitened.   @throws UserError  FILE is of another dimension.
  at::Tensor operator()(const TextFeatures& features) const;

 private:
  std::string name_, kind_;
  at::Tensor centre_;  ///< [D]
  at::Tensor whiten_;  ///< [D,K]
};

/// One vector a text of one encoder, by a name of Pooling or by one that lies in the encoder's own files: "own" is what
/// they ask for (sentence-transformers' modules), "projected" what its class makes of one token (CLIP's projection).
class EncoderPooling {
 public:
  /// @param asked  "" = the encoder's own where its files ask for one, else the paper's mean.
  /// @throws UserError  as Pooling; one that this encoder has not, or whose parts are not built (names them).
  EncoderPooling(const Encoder& encoder, const std::string& asked);

  const std::string& name() const { return name_; }
  /// What the encoder's own one is made of; null for those of Pooling, whose names say all.
  const Json& identity() const { return identity_; }
  bool is_own() const { return own_.has_value(); }
  /// @param inputs  what the features were made of.   @return  [B,P].
  at::Tensor operator()(const TokenInputs& inputs, const TextFeatures& features) const;

 private:
  std::string name_;
  Json identity_;
  std::optional<Pooling> pooling_;
  std::optional<OwnPooling> own_;
};

/// The name that an empty one stands for with this encoder; any other is given back. Reads no weights.
/// @throws UserError  one of an encoder's own that this one has not (names those it has).
std::string chosen_pooling(const Encoder& encoder, const std::string& asked);
/// "own" and "projected", which only an encoder can make.
bool is_pooling_of_encoders(const std::string& name);

/// The names above, without files, those of encoders last.
std::vector<std::string> pooling_names();

/// Those of them that need no file: what a suite may name, because its hashes cover names and not what paths hold.
std::vector<std::string> poolings_without_file();

}  // namespace emf
