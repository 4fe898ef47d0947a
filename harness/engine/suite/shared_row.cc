// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/shared_row.h"
#include "harness/engine/pictures/bfloat16_instruments.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/version.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/training/optimizer.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr const char* kSchema = "emf.row/1";
constexpr const char* kMean = "text.mean";

const PluginChoice& codec_of(const SuiteSpec& spec, const Row& row) {
  const auto named = std::find_if(spec.codecs.begin(), spec.codecs.end(), [&](const PluginChoice& codec) {
    return row.codec_name.empty() || codec.name == row.codec_name;
  });
  ensure(named != spec.codecs.end(), "row {}/{} names codec '{}', which its suite does not list", row.encoder,
         row.objective, row.codec_name);
  return *named;
}

/// The first key whose values differ, with both.
std::string difference(const Json& then, const Json& now) {
  if (then.is_object() && now.is_object()) {
    for (const auto& [key, value] : then.items()) {
      if (now.value(key, Json()) != value) return key + ": " + difference(value, now.value(key, Json()));
    }
    for (const auto& [key, value] : now.items()) {
      if (!then.contains(key)) return key + ": " + difference(Json(), value);
    }
  }
  return then.dump() + " then, " + now.dump() + " here";
}

/// What made it is here too, and is what it was.
void require_equal(const Json& now, const Json& then, const char* what, const std::filesystem::path& folder) {
  if (now == then) return;
  fail_input(
      "{}: its {} is another one here ({}), so it would not paint what was trained; use the version of emfbench "
      "or the files that it names",
      folder.string(), what, difference(then, now));
}

void require_possible(const PictureSides& sides, const std::vector<int64_t>& steps, const std::string& origin) {
  constexpr int64_t kMostPixels = 4096, kMostSteps = 100000;
  for (const int64_t side : {sides.height, sides.width})
    if (side < 1 || side > kMostPixels) fail_input("{}: a picture has no side of {} pixels", origin, side);
  if (steps.empty()) fail_input("{}: no sampling steps", origin);
  for (const int64_t count : steps)
    if (count < 1 || count > kMostSteps)
      fail_input("{}: {} sampling steps are outside 1..{}", origin, count, kMostSteps);
}

SharedRow made_of(const Json& config, const std::filesystem::path& folder, const std::string& elsewhere,
                  const Placement& placement) {
  const std::string origin = (folder / kSharedConfig).string();
  if (config.value("schema", "") != kSchema)
    fail_input("{}: its schema is '{}', and this program reads {}", origin, config.value("schema", ""), kSchema);
  const Json &of_model = config.at("model"), &of_encoder = config.at("encoder"), &of_objective = config.at("objective"),
             &of_codec = config.at("codec"), &picture = config.at("picture"), &sampling = config.at("sampling");
  const PictureSides sides{picture.at("height"), picture.at("width")};
  const auto steps = sampling.at("steps").get<std::vector<int64_t>>();
  require_possible(sides, steps, origin);
  std::unique_ptr<Codec> made = make_codec(of_codec.at("codec"), CodecContext{sides.height, sides.width, placement},
                                           Options(of_codec.at("options"), origin + ": codec"));
  if (of_codec.at("fingerprint").contains(kPrecisionKey)) made = in_bfloat16(std::move(made), placement);
  const std::shared_ptr<const Codec> codec = std::move(made);
  require_equal(codec->fingerprint(), of_codec.at("fingerprint"), "codec", folder);
  const std::shared_ptr<Objective> objective = ObjectiveRegistry::instance().make(
      of_objective.at("objective"), Options(of_objective.at("options"), origin + ": objective"),
      ObjectiveContext{placement});
  require_equal(objective->fingerprint(), of_objective.at("fingerprint"), "objective", folder);

  const std::string spec = elsewhere.empty() ? of_encoder.at("encoder").get<std::string>() : elsewhere;
  const EncoderContext context{of_encoder.at("seed"), placement};
  Options options(of_encoder.at("options"), origin + ": encoder");
  require_equal(make_encoder(spec, options, context)->fingerprint(), of_encoder.at("fingerprint"), "encoder", folder);
  if (of_encoder.contains("values")) options = options.with("values", (folder / kEncoderValues).string());
  const std::shared_ptr<Encoder> encoder = make_encoder(spec, options, context);

  const Json& shape = of_model.at("shape");
  const ModelShape sizes{shape.at(0), shape.at(1), shape.at(2), of_model.at("condition_dimension")};
  // Sizes that follow from what was made already are not believed: a file could ask for any amount of memory.
  const LatentShape latent = codec->shape(sides.height, sides.width);
  require_equal(Json::array({latent.channels, latent.height, latent.width}), shape, "codec's shape", folder);
  require_equal(encoder->info().dimension, of_model.at("condition_dimension"), "encoder's width", folder);
  const ModelDemands demands = objective->wants().demands;
  require_equal(demands.heads, of_model.at("heads"), "objective's demand of heads", folder);
  require_equal(demands.scalars, of_model.at("scalars"), "objective's demand of scalars", folder);
  const ModelMaker maker{of_model.at("model"),
                         Options(of_model.at("options"), origin + ": model"),
                         sizes,
                         demands,
                         of_model.at("seed"),
                         placement};
  std::unique_ptr<Model> model = maker.make();
  require_equal(model->fingerprint(), of_model.at("fingerprint"), "model", folder);

  const std::filesystem::path file = folder / kSharedWeights;
  const NamedTensors weights = read_safetensors(file);
  const auto mean = weights.find(kMean);
  if (mean != weights.end() && mean->second.sizes() != at::IntArrayRef{sizes.condition_dimension})
    fail_input("{}: {} has not the {} numbers of a token", file.string(), kMean, sizes.condition_dimension);
  TextConditions conditions(mean == weights.end() ? at::Tensor() : mean->second, sizes.condition_dimension,
                            encoder->info().trainable ? encoder : nullptr, placement.device);
  fill_trained(weights, file.string(), *model, conditions, objective.get());
  return {{encoder, std::move(conditions), std::move(model)},
          objective,
          codec,
          sides,
          steps,
          sampling.at("guidance").get<double>(),
          config.at("run").get<std::string>()};
}

}  // namespace

Json write_shared_row(const SuiteGraph& graph, const Row& row, const std::string& name,
                      const std::filesystem::path& folder) {
  const StagePointer& train = row.segments.back();
  if (!train->done() || !row.texts->done()) {
    fail_input("the training of {} is not in store {}; name the store that it ran in with --store", name,
               graph.store.string());
  }
  const std::shared_ptr<Objective> objective =
      ObjectiveRegistry::instance().make(row.trained_by.plugin, row.trained_by.options, ObjectiveContext{});
  const TrainedRow trained = load_trained_row(row.source, row.model, *objective, *row.texts->folder, *train->folder);
  const PluginChoice& codec = codec_of(graph.spec, row);
  const EncoderChoice& encoder = row.source.choice();
  Json config = {
      {"schema", kSchema},
      {"model_type", "emfbench"},
      {"emfbench", kVersion},
      {"row", name},
      {"run", train->hash()},
      {"model",
       {{"model", row.model.name},
        {"options", row.model.options.values()},
        {"shape", {row.model.shape.channels, row.model.shape.height, row.model.shape.width}},
        {"condition_dimension", row.model.shape.condition_dimension},
        {"heads", row.model.demands.heads},
        {"scalars", row.model.demands.scalars},
        {"seed", row.model.seed},
        {"fingerprint", trained.model->fingerprint()}}},
      {"encoder",
       {{"encoder", encoder.encoder},
        {"options", encoder.options.values()},
        {"seed", row.source.seed()},
        {"fingerprint", row.source.untrained()->fingerprint()}}},
      {"objective",
       {{"objective", row.trained_by.plugin},
        {"options", row.trained_by.options.values()},
        {"fingerprint", objective->fingerprint()}}},
      {"codec",
       {{"codec", codec.plugin}, {"options", codec.options.values()}, {"fingerprint", row.codec->fingerprint()}}},
      {"picture", {{"height", graph.dataset->height()}, {"width", graph.dataset->width()}}},
      {"sampling", {{"steps", graph.spec.steps}, {"guidance", row.guidance}}}};
  if (const StagePointer& values = row.source.values()) {
    config["encoder"]["values"] = kEncoderValues;
    write_atomically(folder / kEncoderValues, read_file(values->folder->file(kEncoderValues)));
  }
  NamedTensors weights;
  for (const auto& [leaf, tensor] : trained_leaves(*trained.model, trained.conditions, objective.get()))
    weights[leaf] = tensor.detach();
  if (trained.conditions.mean().defined()) weights[kMean] = trained.conditions.mean();
  write_safetensors(folder / kSharedWeights, weights, {{"format", "pt"}, {"schema", kSchema}});
  write_json(folder / kSharedConfig, config);
  return config;
}

SharedRow load_shared_row(const std::filesystem::path& folder, const std::string& encoder, const Placement& placement) {
  const std::filesystem::path file = folder / kSharedConfig;
  if (!path_exists(file)) {
    fail_missing(
        "{} holds no {}; write such a folder with: emfbench export RUN --format huggingface --row ROW --out DIR",
        folder.string(), kSharedConfig);
  }
  const Json config = read_json(file);
  try {
    return made_of(config, folder, encoder, placement);
  } catch (const Json::exception& error) {
    fail_input("{}: {}", file.string(), error.what());
  }
}

}  // namespace emf
