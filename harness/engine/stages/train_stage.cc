// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/stages/train_stage.h"

#include <fmt/format.h>

#include "harness/engine/store/damage.h"

namespace emf {

std::unique_ptr<Model> ModelMaker::make() const {
  return ModelRegistry::instance().make(name, options, ModelContext{shape, seed, demands, placement});
}

ModelMaker ModelMaker::with(const ModelDemands& more) const {
  ModelMaker maker = *this;
  maker.demands = more;
  return maker;
}

Json training_spec(const TrainOptions& train) {
  Json spec = {{"batch", train.batch},         {"learning_rate", train.learning_rate},
               {"warm_up", train.warm_up},     {"weight_decay", train.weight_decay},
               {"clip_norm", train.clip_norm}, {"ema_half_life", train.ema_half_life}};
  // Left out where it is not set, so that suites that never speak of it keep their hashes.
  if (train.encoder_learning_rate != 0) spec["encoder_learning_rate"] = train.encoder_learning_rate;
  // Sums of gradients come in another order.
  if (train.micro_batch != 0 && train.micro_batch < train.batch) spec["micro_batch"] = train.micro_batch;
  return spec;
}

StageSpec train_stage(const TrainingPlan& plan) {
  StageSpec stage;
  stage.kind = "train";
  stage.label = plan.label;
  stage.version = 3;
  const Segment& segment = plan.segment;
  const auto network = plan.model.make();  // asked for what it is, never trained
  stage.spec = {{"objective", plan.objective->fingerprint()},
                {"model", network->fingerprint()},
                {"demands", {{"heads", plan.model.demands.heads}, {"scalars", plan.model.demands.scalars}}},
                {"shape", {plan.model.shape.channels, plan.model.shape.height, plan.model.shape.width}},
                {"seed", plan.model.seed},
                {"segment", {segment.from, segment.to, segment.total, segment.phase_from, segment.phase_to}},
                {"pool", plan.pool}};
  stage.spec.update(training_spec(plan.options));
  // Data, codec and encoder stand in no key: they enter by the hashes of these inputs.
  stage.inputs = plan.latents;
  stage.inputs.push_back(plan.texts);
  if (plan.before) stage.inputs.push_back(plan.before);
  stage.work = [plan](const RunFolder& folder, Json&) {
    Segment begun = plan.segment;
    if (plan.before) begun.start = plan.before->folder->file(kFinalCheckpoint);
    // Made only now: a suite has many rows, and only those at work should need memory.
    const auto model = plan.model.make();
    const TextConditions conditions(*plan.texts->folder, plan.source.make(), model->text_form(),
                                    plan.model.placement.device);
    return train_segment(
        *plan.objective, *model, [&plan] { return plan.model.make(); }, conditions, *plan.read_set(), plan.options,
        begun, plan.model.seed, plan.model.placement, plan.label, folder);
  };
  return stage;
}

TrainedRow load_trained_row(const EncoderSource& source, const ModelMaker& model, const Objective& objective,
                            const RunFolder& texts, const RunFolder& train) {
  for (const RunFolder* read : {&texts, &train}) require_sound(*read, CheckDepth::kWhole);
  const std::shared_ptr<Encoder> encoder = source.make();
  std::unique_ptr<Model> made = model.make();
  TrainedRow row{encoder, TextConditions(texts, encoder, made->text_form(), model.placement.device), std::move(made)};
  load_averaged(train.file(kFinalCheckpoint), *row.model, row.conditions, &objective);
  return row;
}

}  // namespace emf
