// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/stages/encoder_stages.h"

#include <fmt/format.h>

#include "harness/engine/stages/train_stage.h"
#include "harness/engine/training/loop.h"

namespace emf {

StageSpec pretrain_stage(const EncoderSource& source, const std::shared_ptr<const Corpus>& corpus,
                         const TrainOptions& train, const Options& options) {
  const EncoderInfo info = source.untrained()->info();
  const auto seed = static_cast<uint64_t>(source.seed());
  // A factory and not the object: it is asked for its fingerprint here and made again for the work, so that a
  // plan of many stages holds none of their tensors.
  const Placement placement = source.placement();
  const auto make = [name = info.pretraining, options, info, seed, placement] {
    return PretrainingRegistry::instance().make(name, options, PretrainingContext{info, seed, placement});
  };
  StageSpec stage;
  stage.kind = "pretrain";
  stage.label = fmt::format("pretrain {} seed {}", source.choice().encoder, seed);
  stage.version = 3;
  stage.spec = {{"encoder", source.make_trainable()->fingerprint()},
                {"pretraining", make()->fingerprint()},
                {"corpus", corpus->fingerprint()},
                {"seed", seed},
                {"captions", train.pictures}};
  stage.spec.update(training_spec(train));
  stage.work = [source, make, corpus, train, seed, placement, label = stage.label](const RunFolder& folder, Json&) {
    return pretrain_encoder(*source.make_trainable(), *make(), *corpus, train, seed, label, folder, placement);
  };
  // Nothing goes on from it. Not before the stage is marked: a process that dies until then would train from nothing.
  stage.passing = {kFinalCheckpoint};
  return stage;
}

StageSpec encoder_values_stage(const std::string& row, const StagePointer& train) {
  StageSpec stage;
  stage.kind = "encoder_values";
  stage.label = fmt::format("take the encoder out of {}", row);
  // No spec beside the input, because the training decides everything about the values.
  stage.inputs = {train};
  stage.work = [train](const RunFolder& folder, Json&) -> Json {
    const NamedTensors values = trained_encoder_values(train->folder->file(kFinalCheckpoint));
    write_safetensors(folder.file(kEncoderValues), values);
    return {{"tensors", values.size()}};
  };
  return stage;
}

}  // namespace emf
