#include "harness/engine/suite_graph.h"

#include <torch/torch.h>

#include <algorithm>
#include <mutex>

#include "harness/api/encoder.h"
#include "harness/api/objective.h"
#include "harness/api/probe.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/engine/probing.h"
#include "harness/engine/sampler.h"
#include "harness/engine/trained_row.h"
#include "harness/engine/trainer.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr int64_t kShardPictures = 4096;  ///< pictures a latents stage: small enough for both cores to share the work
constexpr uint64_t kUnseen = uint64_t{1} << 40;  ///< sample indices from here on are never trained on

/// Builds a graph piece by piece. Shared inputs are captured by value (shared_ptr), so stages outlive the builder.
class GraphBuilder {
 public:
  GraphBuilder(const SuiteSpec& spec, const std::filesystem::path& store) {
    graph_.spec = spec;
    graph_.store = store;
  }

  SuiteGraph build() {
    load_shared();
    add_training_shards();
    add_reference();
    add_ceiling();
    for (const std::string& encoder : spec().encoders) {
      for (const int64_t seed : spec().seeds_of(encoder)) add_features(encoder, seed);
    }
    // Long chains first: every row's flow matching, then what follows from it.
    for (const std::string& encoder : spec().encoders) {
      for (const int64_t seed : spec().seeds_of(encoder)) add_rows(encoder, seed);
    }
    add_probes();
    for (const Row& row : graph_.rows) add_cells(row);
    return std::move(graph_);
  }

 private:
  const SuiteSpec& spec() const { return graph_.spec; }

  /// Adds a stage, or returns the equal one that is already there.
  StagePointer add(const std::string& kind, const std::string& label, Json stage_spec, std::vector<StagePointer> inputs,
                   std::function<Json(const RunFolder&, Json&)> work) {
    for (const StagePointer& input : inputs) stage_spec["inputs"].push_back(input->hash());
    auto stage = std::make_shared<Stage>();
    stage->label = label;
    stage->folder = std::make_shared<RunFolder>(graph_.store, kind, std::move(stage_spec));
    stage->inputs = std::move(inputs);
    stage->work = std::move(work);
    const auto [position, fresh] = by_hash_.try_emplace(stage->hash(), stage);
    if (fresh) graph_.stages.push_back(stage);
    return position->second;
  }

  void load_shared() {
    ConfigReader data(spec().config, "data");
    const std::string dataset = data.text("name", "scenes");
    graph_.dataset = DatasetRegistry::instance().make(dataset, spec().config, spec().data_seed);
    graph_.codec = make_codec(spec().latent, graph_.dataset->side());
    const bool wants_distance = std::any_of(spec().metrics.begin(), spec().metrics.end(),
                                            [](const std::string& metric) { return metric != "geneval"; });
    const bool wants_pictures = std::any_of(spec().probes.begin(), spec().probes.end(), [](const std::string& probe) {
      return ProbeRegistry::instance().make(probe)->needs_pictures();
    });
    graph_.judges = std::make_shared<Judges>(graph_.dataset->side(), wants_distance || wants_pictures);
    graph_.prompts = std::make_shared<PromptTable>(make_prompt_table(*graph_.dataset, spec().train.pool, spec().evaluation.judging));
    prompts_hash_ = graph_.prompts->hash();
  }

  void add_training_shards() {
    for (int64_t begin = 0; begin < spec().train.pool; begin += kShardPictures) {
      const int64_t end = std::min(spec().train.pool, begin + kShardPictures);
      shards_.push_back(add("latents", fmt::format("encode pictures {}..{}", begin, end),
                            {{"version", 1},
                             {"dataset", graph_.dataset->fingerprint()},
                             {"codec", graph_.codec->fingerprint()},
                             {"range", {begin, end}}},
                            {},
                            [dataset = graph_.dataset, codec = graph_.codec, begin, end](const RunFolder& folder, Json&) {
                              return encode_training_pictures(*dataset, *codec, begin, end, folder);
                            }));
    }
  }

  /// The training pictures, read once by whichever stage comes first and shared by all.
  std::function<std::shared_ptr<const TrainingSet>()> training_set_reader() {
    struct Holder {
      std::once_flag once;
      std::shared_ptr<const TrainingSet> set;
    };
    auto holder = std::make_shared<Holder>();
    return [holder, shards = shards_, prompts = graph_.prompts] {
      std::call_once(holder->once, [&] {
        std::vector<const RunFolder*> folders;
        for (const StagePointer& shard : shards) folders.push_back(shard->folder.get());
        holder->set = std::make_shared<const TrainingSet>(load_training_set(folders, prompts->training_index));
      });
      return holder->set;
    };
  }

  void add_reference() {
    if (spec().metrics == std::vector<std::string>{"geneval"}) return;
    reference_ = add("visual_features", "features of real pictures",
                     {{"version", 1},
                      {"dataset", graph_.dataset->fingerprint()},
                      {"backbone", graph_.judges->backbone_fingerprint()},
                      {"count", spec().evaluation.reference_pictures}},
                     {},
                     [dataset = graph_.dataset, judges = graph_.judges,
                      count = spec().evaluation.reference_pictures](const RunFolder& folder, Json&) -> Json {
                       const torch::NoGradGuard no_grad;
                       std::vector<Sample> samples;
                       for (int64_t i = 0; i < count; ++i) samples.push_back(dataset->sample(kUnseen + static_cast<uint64_t>(i)));
                       const at::Tensor features = judges->features(stack_pictures(samples, dataset->side()));
                       write_safetensors(folder.file("features.safetensors"), {{"features", features}});
                       return {{"pictures", count}, {"dimension", features.size(1)}};
                     });
  }

  /// Real renders of the judging prompts, and their reconstructions: the best any row can reach.
  void add_ceiling() {
    const auto draw = [&](const std::string& label, bool reconstruct) {
      Json stage_spec = {{"version", 1}, {"dataset", graph_.dataset->fingerprint()}, {"prompts", prompts_hash_}};
      if (reconstruct) stage_spec["codec"] = graph_.codec->fingerprint();
      const StagePointer drawn = add("draw", "draw " + label, stage_spec, {},
                                     [dataset = graph_.dataset, codec = graph_.codec, prompts = graph_.prompts,
                                      reconstruct](const RunFolder& folder, Json&) -> Json {
                                       return draw_judging_prompts(*dataset, reconstruct ? codec.get() : nullptr, *prompts, folder);
                                     });
      return add_score("score " + label, drawn, /*with_features=*/!reconstruct);
    };
    graph_.ceiling = draw("real pictures", false);
    if (spec().latent != "none") graph_.reconstruction = draw("reconstructions", true);
  }

  StagePointer add_score(const std::string& label, const StagePointer& pictures, bool with_features) {
    std::vector<std::string> distances;
    if (with_features) {
      for (const std::string& metric : spec().metrics) {
        if (metric != "geneval") distances.push_back(metric);
      }
    }
    std::vector<StagePointer> inputs;
    inputs.push_back(pictures);
    Json stage_spec = {{"version", 1}, {"detector", graph_.judges->detector_fingerprint()}, {"prompts", prompts_hash_}};
    const StagePointer reference = distances.empty() ? nullptr : reference_;
    if (reference) {
      inputs.push_back(reference);
      stage_spec["distances"] = distances;
    }
    return add("score", label, stage_spec, inputs,
               [judges = graph_.judges, prompts = graph_.prompts, pictures, reference, distances](const RunFolder& folder, Json&) {
                 FeatureMatrix real;
                 FeatureReference wanted;
                 if (reference) {
                   real = to_matrix(read_safetensors(reference->folder->file("features.safetensors")).at("features"),
                                    judges->backbone_fingerprint());
                   wanted = {&real, distances};
                 }
                 return score_pictures(*judges, read_pictures(*pictures->folder), prompts->judging, wanted, 0, folder);
               });
  }

  void add_features(const std::string& name, int64_t seed) {
    const std::shared_ptr<Encoder> encoder = make_encoder(name, seed);
    features_[{name, seed}] =
        add("features", fmt::format("encode prompts with {}", name),
            {{"version", 3}, {"encoder", encoder->fingerprint()}, {"prompts", prompts_hash_}}, {},
            [encoder, prompts = graph_.prompts, store = graph_.store](const RunFolder& folder, Json&) {
              return encode_prompts(*encoder, *prompts, store, folder);
            });
  }

  Json model_spec() const {
    return {{"table", spec().config.values.value("model", Json::object())}, {"codec", graph_.codec->fingerprint()}};
  }

  ModelMaker make_model() const { return model_maker(spec(), graph_.codec->shape(graph_.dataset->side())); }

  StagePointer add_segment(const Row& row, const std::string& objective_name, Segment segment, const StagePointer& before,
                           const StagePointer& features) {
    const auto objective = std::shared_ptr<Objective>(ObjectiveRegistry::instance().make(objective_name, spec().config));
    const TrainOptions& train = spec().train;
    Json stage_spec = {{"version", 1},
                       {"objective", objective->fingerprint()},
                       {"model", model_spec()},
                       {"encoder", row.encoder},
                       {"seed", row.seed},
                       {"segment", {segment.from, segment.to, segment.total}},
                       {"pool", train.pool},
                       {"batch", train.batch},
                       {"learning_rate", train.learning_rate},
                       {"warm_up", train.warm_up},
                       {"weight_decay", train.weight_decay},
                       {"clip_norm", train.clip_norm},
                       {"ema_half_life", train.ema_half_life}};
    std::vector<StagePointer> inputs = shards_;
    inputs.push_back(features);
    if (before) {
      inputs.push_back(before);
      segment.start = before->folder->file("checkpoints/final.safetensors");
    }
    const std::string label = fmt::format("train {} {} seed {}", row.encoder, objective_name, row.seed);
    return add("train", label, stage_spec, inputs,
               [objective, train, segment, features, label, row, read_set = training_set_, make = make_model()](
                   const RunFolder& folder, Json&) {
                 const TextConditions conditions(features->folder->file("features.safetensors"),
                                                 make_encoder(row.encoder, row.seed));
                 const auto model = make(row.seed, conditions.dimension());
                 return train_segment(*objective, *model, conditions, *read_set(), train, segment,
                                      static_cast<uint64_t>(row.seed), label, folder);
               });
  }

  void add_rows(const std::string& encoder, int64_t seed) {
    if (!training_set_) training_set_ = training_set_reader();
    const StagePointer features = features_.at({encoder, seed});
    const int64_t total = spec().train.pictures, half = total / 2;
    for (const std::string& name : spec().objectives) {
      const auto objective = ObjectiveRegistry::instance().make(name, spec().config);
      Row row{encoder, name, seed, features, {}};
      if (name == "flow_matching" || objective->flow_matching_share() > 0) {
        // The first half is the same stage for flow matching's own row and for what starts from it.
        row.segments.push_back(add_segment(row, "flow_matching", {0, half, total, {}, true}, nullptr, features));
        row.segments.push_back(add_segment(row, name, {half, total, total, {}, name == "flow_matching"}, row.segments[0], features));
      } else {
        row.segments.push_back(add_segment(row, name, {0, total, total, {}, true}, nullptr, features));
      }
      graph_.rows.push_back(row);
    }
  }

  void add_cells(const Row& row) {
    const double guidance = spec().evaluation.guidance_for(row.objective);
    const StagePointer train = row.segments.back(), features = row.features;
    for (const int64_t steps : spec().steps) {
      const std::string label = fmt::format("{} {} seed {}, {} steps", row.encoder, row.objective, row.seed, steps);
      const auto objective = std::shared_ptr<Objective>(ObjectiveRegistry::instance().make(row.objective, spec().config));
      const StagePointer sample = add(
          "sample", "sample " + label,
          {{"version", 1}, {"steps", steps}, {"guidance", guidance}, {"prompts", prompts_hash_}, {"seed", row.seed}},
          {train, features},
          [objective, train, features, row, steps, guidance, codec = graph_.codec, side = graph_.dataset->side(),
           prompts = graph_.prompts, make = make_model()](const RunFolder& folder, Json& provenance) {
            const TrainedRow trained = load_trained_row(row.encoder, row.seed, make, *features->folder, *train->folder);
            const at::Tensor rows = at::arange(static_cast<int64_t>(prompts->judging.size()), at::kLong) +
                                    static_cast<int64_t>(prompts->training.size());
            return sample_prompts(*objective, *trained.model, trained.conditions, *codec, side, rows, steps, guidance,
                                  static_cast<uint64_t>(row.seed), folder, provenance);
          });
      const auto& feature_steps = spec().evaluation.feature_steps;
      const bool with_features = std::find(feature_steps.begin(), feature_steps.end(), steps) != feature_steps.end();
      graph_.cells.push_back({row.encoder, row.objective, row.seed, steps, train, sample,
                              add_score("score " + label, sample, with_features)});
    }
  }

  void add_probes() {
    StagePointer visual;
    for (const std::string& name : spec().probes) {
      const bool needs_pictures = ProbeRegistry::instance().make(name)->needs_pictures();
      if (needs_pictures && !visual) {
        visual = add("visual_features", "features of the probes' pictures",
                     {{"version", 1},
                      {"dataset", graph_.dataset->fingerprint()},
                      {"backbone", graph_.judges->backbone_fingerprint()},
                      {"captions", prompts_hash_}},
                     {}, [dataset = graph_.dataset, judges = graph_.judges, prompts = graph_.prompts](const RunFolder& folder, Json&) {
                       return draw_probe_pictures(*dataset, *judges, *prompts, folder);
                     });
      }
      for (const std::string& encoder : spec().encoders) {
        const int64_t seed = spec().seeds_of(encoder).front();
        const StagePointer features = features_.at({encoder, seed});
        std::vector<StagePointer> inputs;
        inputs.push_back(features);
        if (needs_pictures) inputs.push_back(visual);
        const StagePointer pictures = needs_pictures ? visual : nullptr;
        graph_.probes.push_back(
            {name, encoder,
             add("probe", fmt::format("probe {} of {}", name, encoder), {{"version", 1}, {"probe", name}, {"prompts", prompts_hash_}},
                 inputs,
                 [name, encoder, seed, pictures, judges = graph_.judges, prompts = graph_.prompts](const RunFolder& folder, Json&) {
                   return run_probe(name, make_encoder(encoder, seed), *prompts, pictures ? pictures->folder.get() : nullptr,
                                    pictures ? judges->backbone_fingerprint() : Json(), folder);
                 })});
      }
    }
  }

  SuiteGraph graph_;
  std::string prompts_hash_;
  std::map<std::string, StagePointer> by_hash_;
  std::vector<StagePointer> shards_;
  StagePointer reference_;
  std::map<std::pair<std::string, int64_t>, StagePointer> features_;
  std::function<std::shared_ptr<const TrainingSet>()> training_set_;
};

}  // namespace

SuiteGraph build_suite_graph(const SuiteSpec& spec, const std::filesystem::path& store) {
  return GraphBuilder(spec, store).build();
}

}  // namespace emf
