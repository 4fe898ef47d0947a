// SPDX-License-Identifier: Apache-2.0
// An encoder of a suite: which one, with which options, and where its values come from.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "harness/api/encoder.h"
#include "harness/engine/store/stage.h"

namespace emf {

/// What a suite lists under `encoders`: a registered name, a path, or a name that its table [encoder.NAME] explains.
struct EncoderChoice {
  std::string name;          ///< as the suite and its report call it; no part of any hash
  std::string encoder;       ///< what make_encoder reads
  std::string title;         ///< for people; "" = the registered one
  Options options;           ///< the encoder's own
  bool pretrain = true;      ///< false: an encoder that would be pretrained keeps its initial values, as a control
  std::string values_of;     ///< "NAME/OBJECTIVE": the values which that row's training left; "" = none
  std::string pooling;       ///< of the probes; "" = the encoder's own where its files ask for one, else the mean
  double learning_rate = 0;  ///< its highest, where it is tuned with a generator; 0 = the generator's
};

/// Makes a suite's encoder, now or once the stage that trains its values has finished.
class EncoderSource {
 public:
  EncoderSource() = default;
  /// @param values  the stage whose encoder.safetensors holds the values; null: its own or initial ones.
  EncoderSource(EncoderChoice choice, EncoderContext context, StagePointer values = nullptr)
      : choice_(std::move(choice)), context_(context), values_(std::move(values)) {}

  const EncoderChoice& choice() const { return choice_; }
  /// The name of the pooling that the probes read, and what an encoder's own one is made of: {"pooling", "identity"?}.
  /// @throws UserError  as chosen_pooling and EncoderPooling.
  Json pooling() const;
  int64_t seed() const { return static_cast<int64_t>(context_.seed); }
  const Placement& placement() const { return context_.placement; }
  const StagePointer& values() const { return values_; }
  /// What a stage that reads its features depends on beside its fingerprint.
  std::vector<StagePointer> inputs() const {
    return values_ ? std::vector<StagePointer>{values_} : std::vector<StagePointer>();
  }

  /// Before any training: for its facts and its fingerprint, which together with the
  /// hash of values() decides the features.
  std::shared_ptr<Encoder> untrained() const;
  /// With the values that values() left, which must have finished.
  std::shared_ptr<Encoder> make() const;
  /// Likewise, and to be trained: with the option trainable = true.
  std::shared_ptr<Encoder> make_trainable() const;

 private:
  Options with_values() const;

  EncoderChoice choice_;
  EncoderContext context_;
  StagePointer values_;
};

/// The file in which a stage leaves trained values, under the encoder's own names.
inline constexpr const char* kEncoderValues = "encoder.safetensors";

}  // namespace emf
