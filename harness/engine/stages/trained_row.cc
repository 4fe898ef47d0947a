#include "harness/engine/stages/trained_row.h"

#include "harness/engine/training/trainer.h"

namespace emf {

ModelMaker model_maker(const SuiteSpec& spec, const std::vector<int64_t>& latent_shape) {
  ConfigReader reader(spec.config, "model");
  const std::string name = reader.text("name", "dit");
  return [name, config = spec.config, shape = latent_shape](int64_t seed, int64_t condition_dimension) {
    return ModelRegistry::instance().make(name, config, ModelShape{shape[0], shape[1], shape[2], condition_dimension},
                                          static_cast<uint64_t>(seed));
  };
}

TrainedRow load_trained_row(const EncoderSource& source, const ModelMaker& make_model, const RunFolder& features,
                            const RunFolder& train) {
  const std::shared_ptr<Encoder> encoder = source.make();
  TrainedRow row{encoder, TextConditions(features.file("features.safetensors"), encoder), nullptr};
  row.model = make_model(source.seed(), row.conditions.dimension());
  load_averaged(train.file("checkpoints/final.safetensors"), *row.model, row.conditions);
  return row;
}

}  // namespace emf
