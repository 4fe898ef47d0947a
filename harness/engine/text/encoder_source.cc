// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/encoder_source.h"

#include "harness/api/pooling.h"
#include "harness/base/error.h"
#include "harness/engine/store/damage.h"

namespace emf {

std::shared_ptr<Encoder> EncoderSource::untrained() const {
  return make_encoder(choice_.encoder, choice_.options, context_);
}

Json EncoderSource::pooling() const {
  const std::shared_ptr<Encoder> encoder = untrained();
  const std::string name = chosen_pooling(*encoder, choice_.pooling);
  if (!is_pooling_of_encoders(name)) return {{"pooling", name}};
  return {{"pooling", name}, {"identity", EncoderPooling(*encoder, name).identity()}};
}

Options EncoderSource::with_values() const {
  if (!values_) return choice_.options;
  // The scheduler runs inputs first, so this can only be a stage that forgot to name its input.
  ensure(values_->done(), "encoder {} is made before '{}' has finished", choice_.name, values_->label);
  require_sound(*values_->folder, CheckDepth::kWhole);
  return choice_.options.with("values", values_->folder->file(kEncoderValues).string());
}

std::shared_ptr<Encoder> EncoderSource::make() const { return make_encoder(choice_.encoder, with_values(), context_); }

std::shared_ptr<Encoder> EncoderSource::make_trainable() const {
  return make_encoder(choice_.encoder, with_values().with("trainable", true), context_);
}

}  // namespace emf
