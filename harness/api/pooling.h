// How a prompt's token features become one vector, by name.
#pragma once

#include <string>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

/// A pooling and what may follow it, as written on a command line:
///   mean          plain mean over real tokens (EMF Sec. 3.3)
///   drop_first    likewise without the first token, which decoders use as an attention sink
///   normalised    likewise, each token scaled to L2 norm 1 first
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

/// The names above, without files.
std::vector<std::string> pooling_names();

/// Those of them that need no file: what a suite may name, because its hashes cover names and not what paths hold.
std::vector<std::string> poolings_without_file();

}  // namespace emf
