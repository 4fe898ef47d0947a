// SPDX-License-Identifier: Apache-2.0
// One vector a text, by way of the feature cache: what probes read.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/api/encoder.h"
#include "harness/api/metric.h"
#include "harness/api/pooling.h"

namespace emf {

/// Pools texts of one encoder. Texts that a training, a judged prompt or another probe has encoded are read from the
/// cache; a trainable encoder's initial values are encoded each time, for nothing of it is kept. Thread-compatible.
class TextPooler {
 public:
  /// @param pooling  of EncoderPooling; "" = the encoder's own where its files ask for one, else the paper's mean.
  /// @param store    where the cache lies; empty: nothing is kept.
  TextPooler(std::shared_ptr<const Encoder> encoder, const std::string& pooling, const std::filesystem::path& store);
  ~TextPooler();

  /// One row a text, in order.   @throws UserError  as Encoder::prepare; kInterrupted.
  FeatureMatrix operator()(const std::vector<Prompt>& texts);
  /// Distinct texts that had to be encoded so far.
  int64_t encoded() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace emf
