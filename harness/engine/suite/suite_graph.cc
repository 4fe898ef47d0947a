#include "harness/engine/suite/suite_graph.h"
#include "harness/tensor/picture_tensor.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "harness/api/encoder.h"
#include "harness/api/objective.h"
#include "harness/api/pretraining.h"
#include "harness/api/probe.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/scoring/calibration.h"
#include "harness/engine/stages/probing.h"
#include "harness/engine/stages/trained_row.h"
#include "harness/engine/training/loop.h"
#include "harness/engine/training/pretrainer.h"
#include "harness/engine/training/trainer.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr int64_t kShardPictures = 4096;  ///< pictures a latents stage: small enough for both cores to share the work
constexpr uint64_t kUnseen = uint64_t{1} << 40;  ///< sample indices from here on are never trained on

/// What of a training decides its outcome, budget and corpus apart.
Json training_spec(const TrainOptions& train) {
  Json spec = {{"batch", train.batch},         {"learning_rate", train.learning_rate},
               {"warm_up", train.warm_up},     {"weight_decay", train.weight_decay},
               {"clip_norm", train.clip_norm}, {"ema_half_life", train.ema_half_life}};
  if (train.encoder_learning_rate != 0) spec["encoder_learning_rate"] = train.encoder_learning_rate;
  return spec;
}

/// Builds a graph piece by piece. Shared inputs are captured by value (shared_ptr), so stages outlive the builder.
class GraphBuilder {
 public:
  GraphBuilder(const SuiteSpec& spec, const std::filesystem::path& store) {
    graph_.spec = spec;
    graph_.store = store;
  }

  SuiteGraph build() {
    load_shared();
    if (spec().only_probes()) {
      graph_.prompts = std::make_shared<PromptTable>();
      for (const std::string& encoder : spec().encoders) add_source(encoder);
      add_probes();
      return std::move(graph_);
    }
    load_instruments();
    add_training_shards();
    add_reference();
    add_ceiling();
    training_set_ = training_set_reader();
    // Encoders that take over what a row trained come after that row.
    for (const bool takes_over : {false, true}) {
      std::vector<std::string> names;
      for (const std::string& name : spec().encoders) {
        if (choice_of(name).values_of.empty() != takes_over) names.push_back(name);
      }
      for (const std::string& name : names) {
        add_source(name);
        for (const int64_t seed : spec().seeds_of(name)) add_features(name, seed);
        // One after the other, so that a chain of such encoders finds its rows.
        if (takes_over) add_rows_of(name);
      }
      // Long chains first: every row's flow matching, then what follows from it.
      if (!takes_over) {
        for (const std::string& name : names) add_rows_of(name);
      }
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
    const bool wants_distance = std::any_of(spec().metrics.begin(), spec().metrics.end(),
                                            [](const std::string& metric) { return metric != "geneval"; });
    const bool wants_pictures = std::any_of(spec().probes.begin(), spec().probes.end(), [](const ProbeSpec& probe) {
      return ProbeRegistry::instance().make(probe.probe)->needs_pictures();
    });
    const bool trains = !spec().only_probes();
    if (trains && !graph_.dataset->has_facts()) {
      fail_input("{}: dataset {} has no facts to judge pictures by, so it is for probes alone: objectives = []",
                 data.place("name"), dataset);
    }
    graph_.judges =
        std::make_shared<Judges>(graph_.dataset->side(), trains, (trains && wants_distance) || wants_pictures);
  }

  void load_instruments() {
    graph_.codec = make_codec(spec().latent, graph_.dataset->side());
    graph_.prompts =
        std::make_shared<PromptTable>(make_prompt_table(*graph_.dataset, spec().train.pool, spec().evaluation.judging));
    graph_.first_prompt = graph_.prompts->judging.front();
    prompts_hash_ = graph_.prompts->hash();
  }

  void add_training_shards() {
    for (int64_t begin = 0; begin < spec().train.pool; begin += kShardPictures) {
      const int64_t end = std::min(spec().train.pool, begin + kShardPictures);
      shards_.push_back(
          add("latents", fmt::format("encode pictures {}..{}", begin, end),
              {{"version", 1},
               {"dataset", graph_.dataset->fingerprint()},
               {"codec", graph_.codec->fingerprint()},
               {"range", {begin, end}}},
              {}, [dataset = graph_.dataset, codec = graph_.codec, begin, end](const RunFolder& folder, Json&) {
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
                     [dataset = graph_.dataset, judges = graph_.judges, count = spec().evaluation.reference_pictures](
                         const RunFolder& folder, Json&) -> Json {
                       const at::NoGradGuard no_grad;
                       std::vector<Sample> samples;
                       for (int64_t i = 0; i < count; ++i)
                         samples.push_back(dataset->sample(kUnseen + static_cast<uint64_t>(i)));
                       const at::Tensor features =
                           judges->features(picture_tensor(samples, dataset->side(), dataset->side()).contiguous());
                       write_safetensors(folder.file("features.safetensors"), {{"features", features}});
                       return {{"pictures", count}, {"dimension", features.size(1)}};
                     });
  }

  /// Real renders of the judging prompts, and their reconstructions: the best any row can reach.
  void add_ceiling() {
    const auto draw = [&](const std::string& label, bool reconstruct) {
      Json stage_spec = {{"version", 1}, {"dataset", graph_.dataset->fingerprint()}, {"prompts", prompts_hash_}};
      if (reconstruct) stage_spec["codec"] = graph_.codec->fingerprint();
      const StagePointer drawn =
          add("draw", "draw " + label, stage_spec, {},
              [dataset = graph_.dataset, codec = graph_.codec, prompts = graph_.prompts, reconstruct](
                  const RunFolder& folder, Json&) -> Json {
                return draw_judging_prompts(*dataset, reconstruct ? codec.get() : nullptr, *prompts, folder);
              });
      return add_score("score " + label, drawn, /*with_features=*/!reconstruct);
    };
    graph_.ceiling = draw("real pictures", false);
    if (spec().latent != "none") graph_.reconstruction = draw("reconstructions", true);
    add_calibration();
  }

  void add_calibration() {
    // Prompts and pictures of another seed than those judged.
    const uint64_t seed = spec().evaluation.judging.seed + 1000;
    const int64_t prompts = spec().evaluation.judging.prompts;
    const bool latent = spec().latent != "none";
    Json stage_spec = {{"version", 1},
                       {"dataset", graph_.dataset->fingerprint()},
                       {"detector", graph_.judges->detector_fingerprint()},
                       {"prompts", prompts},
                       {"seed", seed}};
    if (latent) stage_spec["codec"] = graph_.codec->fingerprint();
    graph_.calibration =
        add("calibrate", "calibrate the judge", stage_spec, {},
            [dataset = graph_.dataset, codec = graph_.codec, judges = graph_.judges, latent, prompts, seed](
                const RunFolder&, Json&) {
              return calibrate_judge(*dataset, latent ? codec.get() : nullptr, judges->detector(), prompts, seed);
            });
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
               [judges = graph_.judges, prompts = graph_.prompts, pictures, reference, distances](
                   const RunFolder& folder, Json&) {
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

  const EncoderChoice& choice_of(const std::string& name) const { return spec().encoder_choices.at(name); }

  void add_source(const std::string& name) {
    for (const int64_t seed : spec().seeds_of(name)) {
      const EncoderChoice& choice = choice_of(name);
      const EncoderSource source(choice, seed, values_stage(choice, seed));
      if (choice.learning_rate != 0 && !source.untrained()->info().trainable) {
        fail_input("{}: encoder '{}' is frozen and learns nothing; leave learning_rate out or give it trainable = true",
                   spec().config.place("encoder." + name + ".learning_rate"), name);
      }
      sources_[{name, seed}] = source;
      graph_.encoders.try_emplace(name, source);
    }
  }

  /// The stage that leaves an encoder's values; null when it has its own.
  StagePointer values_stage(const EncoderChoice& choice, int64_t seed) {
    if (!choice.values_of.empty()) return add_trained_values(choice, seed);
    const EncoderInfo info = EncoderSource(choice, seed).untrained()->info();
    if (!choice.pretrain || info.pretraining.empty()) return nullptr;
    if (!parse_encoder_spec(choice.encoder)->argument.empty()) {
      fail_input(
          "{}: a suite pretrains encoders under their own names, not inside '{}'; give that one trained values, as in "
          "{}:FILE",
          spec().config.place("encoders"), choice.encoder, choice.encoder);
    }
    return add_pretraining(choice, info, seed);
  }

  /// An encoder's values as a row's training left them.
  StagePointer add_trained_values(const EncoderChoice& choice, int64_t seed) {
    const std::string place = spec().config.place("encoder." + choice.name + ".values_of");
    for (const Row& row : graph_.rows) {
      if (row.seed != seed || row.encoder + "/" + row.objective != choice.values_of) continue;
      if (!row.source.untrained()->info().trainable) {
        fail_input("{}: row '{}' keeps its encoder frozen; give [encoder.{}] trainable = true", place, choice.values_of,
                   row.encoder);
      }
      const StagePointer train = row.segments.back();
      return add("encoder_values", fmt::format("take {} out of {}", row.encoder, choice.values_of), {{"version", 1}},
                 {train}, [train](const RunFolder& folder, Json&) -> Json {
                   const NamedTensors values =
                       trained_encoder_values(train->folder->file("checkpoints/final.safetensors"));
                   write_safetensors(folder.file(kEncoderValues), values);
                   return {{"tensors", values.size()}};
                 });
    }
    fail_input(
        "{}: '{}' with seed {} is no row of this suite; rows are named ENCODER/OBJECTIVE, and one that is taken over "
        "is listed first",
        place, choice.values_of, seed);
  }

  StagePointer add_pretraining(const EncoderChoice& choice, const EncoderInfo& info, int64_t seed) {
    if (!corpus_)
      corpus_ = std::make_shared<const Corpus>(pretraining_datasets(), spec().pretraining.paraphrase, spec().data_seed);
    // As registered: layers and the like are questions of reading, not of training.
    EncoderChoice plain;
    plain.name = plain.encoder = choice.encoder;
    const EncoderSource source(plain, seed);
    const Json trainable = {{"trainable", true}};
    const auto make = [objective = info.pretraining, config = spec().config, info, seed] {
      return PretrainingRegistry::instance().make(objective, config, info, static_cast<uint64_t>(seed));
    };
    const TrainOptions& train = spec().pretraining.train;
    Json stage_spec = {{"version", 2},
                       {"encoder", source.make(trainable)->fingerprint()},
                       {"pretraining", make()->fingerprint()},
                       {"corpus", corpus_->fingerprint()},
                       {"seed", seed},
                       {"captions", train.pictures}};
    stage_spec.update(training_spec(train));
    const std::string label = fmt::format("pretrain {} seed {}", choice.encoder, seed);
    const StagePointer stage =
        add("pretrain", label, stage_spec, {},
            [source, trainable, make, corpus = corpus_, train, seed, label](const RunFolder& folder, Json&) {
              return pretrain_encoder(*source.make(trainable), *make(), *corpus, train, static_cast<uint64_t>(seed),
                                      label, folder);
            });
    const bool known = std::any_of(graph_.pretrainings.begin(), graph_.pretrainings.end(),
                                   [&](const PretrainingRow& row) { return row.stage == stage; });
    if (!known) graph_.pretrainings.push_back({choice.encoder, info.pretraining, seed, stage});
    return stage;
  }

  std::vector<std::shared_ptr<Dataset>> pretraining_datasets() {
    std::vector<std::shared_ptr<Dataset>> datasets;
    for (const Json& table : spec().pretraining.data) {
      Config config;
      config.origin = spec().config.origin + ", pretraining.data";
      config.values["data"] = table;
      datasets.push_back(DatasetRegistry::instance().make(table.value("name", "scenes"), config, spec().data_seed));
      note_dataset(datasets.back());
    }
    return datasets;
  }

  /// Data beside [data], for the attributions.
  void note_dataset(const std::shared_ptr<Dataset>& dataset) {
    const Json print = dataset->fingerprint();
    const bool known = std::any_of(graph_.other_datasets.begin(), graph_.other_datasets.end(),
                                   [&](const auto& other) { return other->fingerprint() == print; });
    if (!known) graph_.other_datasets.push_back(dataset);
  }

  void add_features(const std::string& name, int64_t seed) {
    const EncoderSource& source = sources_.at({name, seed});
    features_[{name, seed}] = add(
        "features", fmt::format("encode prompts with {}", name),
        {{"version", 4}, {"encoder", source.untrained()->fingerprint()}, {"prompts", prompts_hash_}}, inputs_of(source),
        [source, prompts = graph_.prompts, store = graph_.store](const RunFolder& folder, Json&) {
          return encode_prompts(*source.make(), *prompts, store, folder);
        });
  }

  static std::vector<StagePointer> inputs_of(const EncoderSource& source) {
    if (source.values()) return {source.values()};
    return {};
  }

  Json model_spec() const {
    return {{"table", spec().config.values.value("model", Json::object())}, {"codec", graph_.codec->fingerprint()}};
  }

  ModelMaker make_model() const { return model_maker(spec(), graph_.codec->shape(graph_.dataset->side())); }

  StagePointer add_segment(const Row& row, const std::string& objective_name, Segment segment,
                           const StagePointer& before, const StagePointer& features) {
    const auto objective =
        std::shared_ptr<Objective>(ObjectiveRegistry::instance().make(objective_name, spec().config));
    TrainOptions train = spec().train;
    train.encoder_learning_rate = row.source.choice().learning_rate;
    Json stage_spec = {{"version", 2},          {"objective", objective->fingerprint()},
                       {"model", model_spec()}, {"encoder", row.encoder},
                       {"seed", row.seed},      {"segment", {segment.from, segment.to, segment.total}},
                       {"pool", train.pool}};
    stage_spec.update(training_spec(train));
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
                 const TextConditions conditions(features->folder->file("features.safetensors"), row.source.make());
                 const auto model = make(row.seed, conditions.dimension());
                 return train_segment(*objective, *model, conditions, *read_set(), train, segment,
                                      static_cast<uint64_t>(row.seed), label, folder);
               });
  }

  void add_rows_of(const std::string& encoder) {
    for (const int64_t seed : spec().seeds_of(encoder)) add_rows(encoder, seed);
  }

  void add_rows(const std::string& encoder, int64_t seed) {
    const StagePointer features = features_.at({encoder, seed});
    const int64_t total = spec().train.pictures, half = total / 2;
    for (const std::string& name : spec().objectives) {
      const auto objective = ObjectiveRegistry::instance().make(name, spec().config);
      Row row{encoder, name, seed, sources_.at({encoder, seed}), features, {}};
      if (name == "flow_matching" || objective->flow_matching_share() > 0) {
        // The first half is the same stage for flow matching's own row and for what starts from it.
        row.segments.push_back(add_segment(row, "flow_matching", {0, half, total, {}, true}, nullptr, features));
        row.segments.push_back(
            add_segment(row, name, {half, total, total, {}, name == "flow_matching"}, row.segments[0], features));
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
      const auto objective =
          std::shared_ptr<Objective>(ObjectiveRegistry::instance().make(row.objective, spec().config));
      const StagePointer sample = add(
          "sample", "sample " + label,
          {{"version", 1}, {"steps", steps}, {"guidance", guidance}, {"prompts", prompts_hash_}, {"seed", row.seed}},
          {train, features},
          [objective, train, features, row, steps, guidance, codec = graph_.codec, side = graph_.dataset->side(),
           prompts = graph_.prompts, make = make_model()](const RunFolder& folder, Json& provenance) {
            const TrainedRow trained = load_trained_row(row.source, make, *features->folder, *train->folder);
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

  /// What one probe looks at.
  struct ProbeData {
    std::shared_ptr<Dataset> dataset;
    ProbeInput input;
  };

  ProbeData read_probe_data(const ProbeSpec& probe) {
    ProbeData data{graph_.dataset, {}};
    if (!probe.data.empty()) {
      Config config = spec().config;
      // Another dataset has keys of its own.
      if (probe.data.contains("name")) {
        config.values["data"] = probe.data;
      } else {
        config.values["data"].update(probe.data);
      }
      data.dataset =
          DatasetRegistry::instance().make(config.values["data"].value("name", "scenes"), config, spec().data_seed);
    }
    const bool shown = data.dataset == graph_.dataset && !spec().only_probes();
    data.input.prompts =
        shown ? probe_captions(*graph_.prompts, probe.captions) : probe_captions(*data.dataset, probe.captions);
    data.input.queries = reworded(*data.dataset, data.input.prompts, probe.query_words);
    data.input.candidates = reworded(*data.dataset, data.input.prompts, probe.candidate_words);
    data.input.options = probe.options;
    note_dataset(data.dataset);
    return data;
  }

  static std::string hash_of(const std::vector<Prompt>& texts) { return PromptTable{texts, {}, {}}.hash(); }

  StagePointer add_probe_pictures(const ProbeData& data) {
    return add("visual_features", fmt::format("features of {} captions' pictures", data.input.prompts.size()),
               {{"version", 2},
                {"dataset", data.dataset->fingerprint()},
                {"backbone", graph_.judges->backbone_fingerprint()},
                {"captions", hash_of(data.input.prompts)}},
               {}, [data, judges = graph_.judges](const RunFolder& folder, Json&) {
                 return draw_probe_pictures(*data.dataset, *judges, data.input.prompts, folder);
               });
  }

  /// Texts that some probe asks of an encoder, by wording, each once: encoded once for all probes.
  using TextsByWording = std::map<std::string, std::vector<Prompt>>;

  static TextsByWording gather_texts(const std::vector<ProbeSpec>& probes, const std::vector<ProbeData>& data) {
    TextsByWording texts;
    std::map<std::string, std::set<std::string>> seen;
    const auto take = [&](const std::string& wording, const std::vector<Prompt>& prompts) {
      for (const Prompt& prompt : prompts) {
        if (seen[wording].insert(prompt.text).second) texts[wording].push_back(prompt);
      }
    };
    for (size_t i = 0; i < probes.size(); ++i) {
      const ProbeInput& input = data[i].input;
      // The captions themselves are asked for unless both sides are worded otherwise.
      if (input.queries.empty() || input.candidates.empty()) take("", input.prompts);
      take(probes[i].query_words, input.queries);
      take(probes[i].candidate_words, input.candidates);
    }
    return texts;
  }

  void add_probes() {
    std::vector<ProbeData> data;
    for (const ProbeSpec& probe : spec().probes) data.push_back(read_probe_data(probe));
    if (data.empty()) return;
    if (spec().only_probes()) graph_.first_prompt = data.front().input.prompts.front();
    std::vector<StagePointer> pictures;
    for (size_t i = 0; i < data.size(); ++i) {
      const bool needed = ProbeRegistry::instance().make(spec().probes[i].probe)->needs_pictures();
      pictures.push_back(needed ? add_probe_pictures(data[i]) : nullptr);
    }
    const TextsByWording texts = gather_texts(spec().probes, data);
    for (const std::string& name : spec().encoders) add_probes_of(name, data, pictures, texts);
  }

  void add_probes_of(const std::string& name, const std::vector<ProbeData>& data,
                     const std::vector<StagePointer>& pictures, const TextsByWording& texts) {
    const EncoderSource source = graph_.encoders.at(name);
    const std::shared_ptr<Encoder> encoder = source.untrained();
    const bool labels = encoder->info().family == "labels";
    const auto readable = [&](const ProbeData& one) { return !labels || one.dataset->has_facts(); };
    std::map<std::string, StagePointer> pooled;
    if (std::all_of(data.begin(), data.end(), readable)) {
      for (const auto& [wording, prompts] : texts) {
        const std::string what = wording.empty() ? "captions" : wording + " texts";
        pooled[wording] = add("pooled", fmt::format("encode {} with {}", what, name),
                              {{"version", 1},
                               {"encoder", encoder->fingerprint()},
                               {"pooling", source.choice().pooling},
                               {"texts", hash_of(prompts)}},
                              inputs_of(source), [source, prompts = prompts](const RunFolder& folder, Json&) {
                                return pool_texts(pool_with(source.make(), source.choice().pooling), prompts, folder);
                              });
      }
    }
    for (size_t i = 0; i < data.size(); ++i) {
      const ProbeSpec& probe = spec().probes[i];
      if (!readable(data[i])) {
        graph_.probes.push_back(
            {probe, name, nullptr,
             fmt::format("{} reads labels, and {} has none that it knows", name, data[i].dataset->name())});
        continue;
      }
      graph_.probes.push_back({probe, name, add_probe(probe, source, data[i], pictures[i], pooled, texts), ""});
    }
  }

  StagePointer add_probe(const ProbeSpec& probe, const EncoderSource& source, const ProbeData& data,
                         const StagePointer& pictures, const std::map<std::string, StagePointer>& pooled,
                         const TextsByWording& texts) {
    std::vector<StagePointer> inputs;
    std::vector<std::pair<std::vector<Prompt>, StagePointer>> sources;
    for (const std::string& wording : std::set<std::string>{"", probe.query_words, probe.candidate_words}) {
      const auto stage = pooled.find(wording);
      if (stage == pooled.end()) continue;
      inputs.push_back(stage->second);
      sources.emplace_back(texts.at(wording), stage->second);
    }
    if (pictures) inputs.push_back(pictures);
    const Json stage_spec = {{"version", 2},
                             {"probe", probe.probe},
                             {"options", probe.options},
                             {"prompts", hash_of(data.input.prompts)},
                             {"queries", hash_of(data.input.queries)},
                             {"candidates", hash_of(data.input.candidates)}};
    return add("probe", fmt::format("probe {} of {}", probe.name, source.choice().name), stage_spec, inputs,
               [name = probe.probe, source, input = data.input, sources, pictures](const RunFolder& folder, Json&) {
                 ProbeFiles files;
                 for (const auto& [prompts, stage] : sources) files.pooled.emplace_back(prompts, stage->folder.get());
                 files.pictures = pictures ? pictures->folder.get() : nullptr;
                 return run_probe(name, source.make(), source.choice().pooling, input, files, folder);
               });
  }
  SuiteGraph graph_;
  std::string prompts_hash_;
  std::map<std::string, StagePointer> by_hash_;
  std::vector<StagePointer> shards_;
  StagePointer reference_;
  std::map<std::pair<std::string, int64_t>, EncoderSource> sources_;
  std::map<std::pair<std::string, int64_t>, StagePointer> features_;
  std::shared_ptr<const Corpus> corpus_;
  std::function<std::shared_ptr<const TrainingSet>()> training_set_;
};

}  // namespace

SuiteGraph build_suite_graph(const SuiteSpec& spec, const std::filesystem::path& store) {
  return GraphBuilder(spec, store).build();
}

}  // namespace emf
