// An encoder of a suite: which one, with which options, and where its values come from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/api/encoder.h"
#include "harness/engine/store/stage.h"

namespace emf {

/// What a suite lists under `encoders`: a registered name, a path, or a name that its table [encoder.NAME] explains.
struct EncoderChoice {
  std::string name;               ///< as the suite and its report call it
  std::string encoder;            ///< what make_encoder reads
  Json options = Json::object();  ///< the encoder's own
  bool pretrain = true;           ///< false: an encoder that would be pretrained keeps its initial values, as a control
  std::string values_of;          ///< "NAME/OBJECTIVE": the values which that row's training left; "" = none
  std::string pooling = "mean";   ///< of the probes
  double learning_rate = 0;       ///< its highest, where it is tuned with a generator; 0 = the generator's
};

/// Reads [encoder.NAME]: `encoder`, `pretrain`, `values_of`, `pooling`, `learning_rate`, and the encoder's own options.
/// @param suite  the reader of the whole document, for the place of `encoders`.
/// @throws UserError  unknown encoder (nearest name, file and line), wrong type, unknown pooling.
EncoderChoice read_encoder_choice(const Config& config, ConfigReader& suite, const std::string& name);

/// Makes a suite's encoder, now or once the stage that trains its values has finished.
class EncoderSource {
 public:
  EncoderSource() = default;
  /// @param values  the stage whose encoder.safetensors holds the values; null: its own or initial ones.
  EncoderSource(EncoderChoice choice, int64_t seed, StagePointer values = nullptr)
      : choice_(std::move(choice)), seed_(seed), values_(std::move(values)) {}

  const EncoderChoice& choice() const { return choice_; }
  int64_t seed() const { return seed_; }
  const StagePointer& values() const { return values_; }

  /// Before any training: for its facts and its fingerprint, which together with the hash of values() decides the features.
  std::shared_ptr<Encoder> untrained() const;
  /// With the values that values() left, which must have finished.
  /// @param more  options beside the suite's: {"trainable": true} for who trains it.
  std::shared_ptr<Encoder> make(const Json& more = Json::object()) const;

 private:
  EncoderChoice choice_;
  int64_t seed_ = 0;
  StagePointer values_;
};

/// The file in which a stage leaves trained values, under the encoder's own names.
inline constexpr const char* kEncoderValues = "encoder.safetensors";

}  // namespace emf
