// SPDX-License-Identifier: Apache-2.0
// A suite's rows: encoders with their values, segments of training that rows share, and the cells that are scored.
#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/error.h"
#include "harness/captions/composition.h"
#include "harness/engine/stages/encoder_stages.h"
#include "harness/engine/stages/texts_stage.h"
#include "harness/engine/suite/suite_builder.h"

namespace emf {
namespace {

std::vector<std::shared_ptr<const Dataset>> pretraining_datasets(SuiteBuilder& builder) {
  std::vector<std::shared_ptr<const Dataset>> datasets;
  for (const Json& table : builder.spec().pretraining.data) {
    Config config;
    config.origin = builder.spec().config.origin + ", pretraining.data";
    // The tables stand in a list, where a plugin's reader cannot find them; each becomes the [data] of a
    // document of its own.
    config.values["data"] = table;
    datasets.push_back(make_dataset(config, builder.spec().data_seed));
    builder.note_dataset(datasets.back());
  }
  return datasets;
}

StagePointer add_pretraining(SuiteBuilder& builder, const EncoderChoice& choice, const EncoderInfo& info,
                             int64_t seed) {
  const SuiteSpec& spec = builder.spec();
  if (!builder.corpus) {
    builder.corpus =
        std::make_shared<const Corpus>(pretraining_datasets(builder), spec.pretraining.paraphrase, spec.data_seed);
  }
  // As registered: layers and the like are questions of reading, not of training.
  EncoderChoice plain;
  plain.name = plain.encoder = choice.encoder;
  const EncoderSource source(plain, {static_cast<uint64_t>(seed), spec.placement});
  const StagePointer stage = builder.stages.add(pretrain_stage(
      source, builder.corpus, spec.pretraining.train, Options(spec.config, {"pretraining", info.pretraining})));
  std::vector<PretrainingRow>& rows = builder.graph.pretrainings;
  // Encoders that differ only in how they are read share one pretraining, which the record lists once.
  const bool known =
      std::any_of(rows.begin(), rows.end(), [&](const PretrainingRow& row) { return row.stage == stage; });
  if (!known) rows.push_back({choice.encoder, info.pretraining, seed, stage});
  return stage;
}

/// An encoder's values as a row's training left them.
StagePointer add_trained_values(SuiteBuilder& builder, const EncoderChoice& choice, int64_t seed) {
  const std::string place = builder.spec().config.place("encoder." + choice.name + ".values_of");
  for (const Row& row : builder.graph.rows) {
    if (static_cast<int64_t>(row.seed) != seed || row.encoder + "/" + row.objective != choice.values_of) continue;
    if (!row.source.untrained()->info().trainable) {
      // Taken from such a row, the values would be those that the encoder had before, under a name that says
      // otherwise.
      fail_input("{}: row '{}' keeps its encoder frozen; give [encoder.{}] trainable = true", place, choice.values_of,
                 row.encoder);
    }
    return builder.stages.add(encoder_values_stage(choice.values_of, row.segments.back()));
  }
  fail_input(
      "{}: '{}' with seed {} is no row of this suite; rows are named ENCODER/OBJECTIVE, and one that is taken over "
      "is listed first",
      place, choice.values_of, seed);
}

/// The stage that leaves an encoder's values; null when it has its own.
StagePointer values_stage(SuiteBuilder& builder, const EncoderChoice& choice, int64_t seed) {
  if (!choice.values_of.empty()) return add_trained_values(builder, choice, seed);
  const EncoderContext context{static_cast<uint64_t>(seed), builder.spec().placement};
  const EncoderInfo info = EncoderSource(choice, context).untrained()->info();
  // Without pretraining, an encoder of this kind is its initial values: the control that the pretrained ones
  // are held against.
  if (!choice.pretrain || info.pretraining.empty()) return nullptr;
  if (!parse_encoder_spec(choice.encoder)->argument.empty()) {
    fail_input(
        "{}: a suite pretrains encoders under their own names, not inside '{}'; give that one trained values, as in "
        "{}:FILE",
        builder.spec().config.place("encoders"), choice.encoder, choice.encoder);
  }
  return add_pretraining(builder, choice, info, seed);
}

std::shared_ptr<const Objective> make_objective(const SuiteSpec& spec, const PluginChoice& choice) {
  return ObjectiveRegistry::instance().make(choice.plugin, choice.options, ObjectiveContext{spec.placement});
}

/// A stretch of a row's budget under one objective.
struct Phase {
  std::string name;  ///< the objective's
  std::shared_ptr<const Objective> objective;
  int64_t from = 0, to = 0;
};

/// Pictures at which an objective begins after what it starts from.
/// @throws UserError  a share that is no whole number of steps.
int64_t start_of(const SuiteSpec& spec, const std::string& name, const ObjectiveWants& wants) {
  const double exact = wants.start_share * static_cast<double>(spec.train.pictures);
  // A share such as a third is no exact double, so the product counts as whole when it is so within rounding.
  // Rounded to a step, it would be another budget than the suite says.
  const auto start = static_cast<int64_t>(std::llround(exact));
  if (start % spec.train.batch == 0 && std::abs(exact - static_cast<double>(start)) < 1e-6 && start > 0 &&
      start < spec.train.pictures) {
    return start;
  }
  fail_input(
      "{}: train.pictures {}: {} begins after {:g} of them, and {:g} is no whole number of steps of train.batch ({}); "
      "for a half, pictures must be a multiple of twice the batch",
      spec.config.place("train.pictures"), spec.train.pictures, name, wants.start_share, exact, spec.train.batch);
}

/// What trains when, in a row that ends as `name`.
std::vector<Phase> phases_of(const SuiteSpec& spec, const std::string& name, int64_t end, int depth = 0) {
  // An objective that starts from itself, by whatever way round, would never end.
  if (depth > 8) fail_input("{}: objective '{}' starts from itself", spec.config.place("objectives"), name);
  const std::shared_ptr<const Objective> objective = make_objective(spec, spec.objective(name));
  const ObjectiveWants wants = objective->wants();
  if (wants.starts_from.empty()) return {{name, objective, 0, end}};
  const int64_t start = start_of(spec, name, wants);
  // What trains first may itself start from a third, so phases are laid end to end from the last to the first.
  std::vector<Phase> phases = phases_of(spec, wants.starts_from, start, depth + 1);
  phases.push_back({name, objective, start, end});
  return phases;
}

/// Where rows of an objective are cut so that others can go on from them, or their weights be kept: the halves of one
/// row and what starts from it are then the same stages.
std::set<int64_t> cuts_of(const SuiteSpec& spec, const std::string& name) {
  std::set<int64_t> cuts(spec.checkpoints.begin(), spec.checkpoints.end());
  for (const PluginChoice& other : spec.objectives) {
    const ObjectiveWants wants = make_objective(spec, other)->wants();
    // This row then leaves a checkpoint where the other begins, and both share the stage up to there.
    if (wants.starts_from == name) cuts.insert(start_of(spec, other.name, wants));
  }
  return cuts;
}

void check_checkpoints(const SuiteSpec& spec) {
  for (const int64_t pictures : spec.checkpoints) {
    if (pictures % spec.train.batch == 0 && pictures < spec.train.pictures) continue;
    fail_input("{}: checkpoint at {} pictures; it must be a multiple of train.batch ({}) below train.pictures ({})",
               spec.config.place("checkpoints"), pictures, spec.train.batch, spec.train.pictures);
  }
}

/// One objective with one model and one codec.
struct Arm {
  const PluginChoice* objective;
  size_t model, codec;
  std::string name;
};

std::vector<Arm> arms_of(const SuiteSpec& spec) {
  std::vector<Arm> arms;
  for (const PluginChoice& objective : spec.objectives) {
    for (size_t m = 0; m < spec.models.size(); ++m) {
      for (size_t c = 0; c < spec.codecs.size(); ++c) {
        arms.push_back(
            {&objective, m, c,
             arm_name(objective.name, m == 0 ? "" : spec.models[m].name, c == 0 ? "" : spec.codecs[c].name)});
      }
    }
  }
  return arms;
}

/// What progress lines call an arm's phase.
std::string phase_label(const SuiteSpec& spec, const std::string& objective, const Arm& arm) {
  return arm_name(objective, arm.model == 0 ? "" : spec.models[arm.model].name,
                  arm.codec == 0 ? "" : spec.codecs[arm.codec].name);
}

/// Adds the segments of a row's training.
void add_segments(SuiteBuilder& builder, Row& row, const Arm& arm) {
  const SuiteSpec& spec = builder.spec();
  TrainingPlan plan;
  plan.source = row.source;
  plan.options = spec.train;
  plan.options.encoder_learning_rate = row.source.choice().learning_rate;
  plan.latents = builder.latents[arm.codec];
  plan.read_set = builder.training_sets[arm.codec];
  plan.texts = row.texts;
  plan.pool = builder.graph.captions->pool();
  const std::vector<Phase> phases = phases_of(spec, arm.objective->name, spec.train.pictures);
  row.own_from = phases.back().from;
  if (phases.size() > 1) row.starts_from = phases[phases.size() - 2].name;
  for (const Phase& phase : phases) {
    plan.objective = phase.objective;
    // Each phase trains the network that its own objective asks for. What comes first is then the same stage as
    // in the other objective's row, whatever heads are added later.
    plan.model = row.model.with(phase.objective->wants().demands);
    plan.label = fmt::format("train {} {} seed {}", row.encoder, phase_label(spec, phase.name, arm), row.seed);
    std::set<int64_t> ends = cuts_of(spec, phase.name);
    // A set, because a checkpoint and another row's beginning may fall on the same picture.
    ends.insert(phase.to);
    int64_t from = phase.from;
    for (const int64_t end : ends) {
      if (end <= from || end > phase.to) continue;
      plan.before = row.segments.empty() ? nullptr : row.segments.back();
      // An objective's progress runs to the end of the budget wherever its training is cut or another goes
      // on from it, so that those stages are the same.
      plan.segment.from = from;
      plan.segment.to = end;
      plan.segment.total = plan.segment.phase_to = spec.train.pictures;
      plan.segment.phase_from = phase.from;
      plan.segment.same_objective = from > phase.from || row.segments.empty();
      row.segments.push_back(builder.stages.add(train_stage(plan)));
      row.ends.push_back(end);
      from = end;
    }
  }
}

/// What a row is painted with by what one of its segments left.
SamplingPlan sampling_plan(const SuiteBuilder& builder, const Row& row, const StagePointer& train, int64_t steps,
                           const std::string& label) {
  SamplingPlan plan;
  plan.label = label;
  plan.source = row.source;
  // Each stage has an objective of its own: one with leaves is filled with what was trained.
  plan.objective = make_objective(builder.spec(), row.trained_by);
  plan.model = row.model;
  plan.codec = row.codec;
  plan.dataset = builder.graph.dataset;
  plan.train = train;
  plan.texts = row.texts;
  plan.judged_texts = row.judged_texts;
  plan.prompts = builder.graph.judged->size();
  plan.steps = steps;
  plan.guidance = row.guidance;
  return plan;
}

/// How straight the finished row's paths are.
TrajectoryCell follow_row(SuiteBuilder& builder, const Row& row) {
  constexpr int64_t kPaths = 64;
  SamplingPlan plan = sampling_plan(builder, row, row.segments.back(), builder.spec().trajectory_steps,
                                    fmt::format("follow {} {} seed {}", row.encoder, row.objective, row.seed));
  plan.prompts = std::min(plan.prompts, kPaths);
  return {row.encoder, row.objective, row.seed, plan.train, builder.stages.add(trajectory_stage(plan))};
}

/// A row's pictures at one step count, painted by what one of its segments left.
Cell paint_cell(SuiteBuilder& builder, const Row& row, int64_t steps, size_t segment) {
  // The last segment is the row itself and bears no checkpoint in its name, so that claims about it need not
  // know of any.
  const bool whole = segment + 1 == row.segments.size();
  Cell cell{row.encoder, row.objective, row.seed, steps, whole ? 0 : row.ends[segment], row.segments[segment]};
  std::string label = fmt::format("{} {} seed {}, {} steps", row.encoder, row.objective, row.seed, steps);
  if (!whole) label += fmt::format(", at {} pictures", row.ends[segment]);
  cell.pictures = builder.stages.add(sample_stage(sampling_plan(builder, row, cell.train, steps, "sample " + label)));
  const std::vector<int64_t>& feature_steps = builder.spec().evaluation.feature_steps;
  add_scores(builder, label, cell, std::find(feature_steps.begin(), feature_steps.end(), steps) != feature_steps.end());
  return cell;
}

/// Prompts and captions with many facts, one of each that there are: what is read while the suite runs holds them too.
std::vector<Prompt> composed_texts(const SuiteGraph& graph) {
  std::vector<Prompt> composed;
  const auto& judged = graph.judged->prompts;
  const auto prompt = std::find_if(judged.begin(), judged.end(), has_questions);
  if (prompt != judged.end()) composed.push_back(*prompt);
  // A share of captions that is worth training on shows itself among the first.
  constexpr int64_t kMostLooked = 1000;
  for (int64_t i = 0; i < std::min(graph.captions->pool(), kMostLooked); ++i) {
    Prompt caption = graph.dataset->prompt(static_cast<uint64_t>(i));
    if (!is_composition(caption.labels)) continue;
    composed.push_back(std::move(caption));
    break;
  }
  return composed;
}

}  // namespace

void add_encoder(SuiteBuilder& builder, const EncoderChoice& choice) {
  for (const int64_t seed : builder.spec().seeds_of(choice.name)) {
    const EncoderContext context{static_cast<uint64_t>(seed), builder.spec().placement};
    const EncoderSource source(choice, context, values_stage(builder, choice, seed));
    if (choice.learning_rate != 0 && !source.untrained()->info().trainable) {
      fail_input("{}: encoder '{}' is frozen and learns nothing; leave learning_rate out or give it trainable = true",
                 builder.spec().config.place("encoder." + choice.name + ".learning_rate"), choice.name);
    }
    builder.sources[{choice.name, seed}] = source;
    // The first seed stands for the encoder in probes, which are about features and not about training seeds.
    builder.graph.encoders.try_emplace(choice.name, source);
  }
}

void add_texts(SuiteBuilder& builder, const EncoderChoice& choice) {
  const SuiteGraph& graph = builder.graph;
  for (const int64_t seed : builder.spec().seeds_of(choice.name)) {
    const EncoderSource& source = builder.sources.at({choice.name, seed});
    if (source.untrained()->info().reads == EncoderInput::kLabels) {
      const std::string place = builder.spec().config.place("encoders");
      if (graph.dataset->world() == nullptr) {
        fail_input("{}: encoder '{}' reads class labels, and dataset {} has none; take encoders of text", place,
                   choice.name, graph.dataset->name());
      }
      try {
        for (const Prompt& prompt : composed_texts(graph)) source.untrained()->prepare({prompt});
      } catch (const UserError& error) {
        // It would be found only by the stage that encodes them, after others have worked for hours.
        fail_input("{}: encoder '{}' cannot read all that this suite shows it; take encoders of text ({})", place,
                   choice.name, error.what());
      }
    }
    const StagePointer training = builder.stages.add(training_texts_stage(source, graph.captions, graph.store));
    builder.texts[{choice.name, seed}] = training;
    builder.judged_texts[{choice.name, seed}] =
        builder.stages.add(judged_texts_stage(source, graph.judged, training, graph.store));
  }
}

void add_rows(SuiteBuilder& builder, const EncoderChoice& choice) {
  const SuiteSpec& spec = builder.spec();
  const Dataset& dataset = *builder.graph.dataset;
  check_checkpoints(spec);
  for (const int64_t seed : spec.seeds_of(choice.name)) {
    for (const Arm& arm : arms_of(spec)) {
      Row row;
      row.encoder = choice.name;
      row.objective = arm.name;
      row.seed = static_cast<uint64_t>(seed);
      row.source = builder.sources.at({choice.name, seed});
      row.trained_by = *arm.objective;
      row.model_name = arm.model == 0 ? "" : spec.models[arm.model].name;
      row.codec_name = arm.codec == 0 ? "" : spec.codecs[arm.codec].name;
      const std::shared_ptr<const Objective> objective = make_objective(spec, *arm.objective);
      row.guidance = spec.evaluation.guidance_of.at(arm.objective->name);
      // Asked before anything runs, because pictures are painted after hours of training.
      if (const auto [least, most] = objective->guidance_range(); row.guidance < least || row.guidance > most) {
        fail_input("{}: guidance {} is none that {} paints with: {} to {}; set evaluation.guidance_{}",
                   spec.config.place("evaluation"), row.guidance, arm.objective->name, least, most,
                   arm.objective->name);
      }
      row.codec = builder.codecs[arm.codec];
      row.texts = builder.texts.at({choice.name, seed});
      row.judged_texts = builder.judged_texts.at({choice.name, seed});
      const LatentShape shape = row.codec->shape(dataset.height(), dataset.width());
      const PluginChoice& model = spec.models[arm.model];
      row.model = {model.plugin,
                   model.options,
                   ModelShape{shape.channels, shape.height, shape.width, row.source.untrained()->info().dimension},
                   objective->wants().demands,
                   row.seed,
                   spec.placement};
      add_segments(builder, row, arm);
      builder.graph.rows.push_back(std::move(row));
    }
  }
}

void add_cells(SuiteBuilder& builder, const Row& row) {
  const std::vector<int64_t>& kept = builder.spec().checkpoints;
  for (const int64_t steps : builder.spec().steps) {
    builder.graph.cells.push_back(paint_cell(builder, row, steps, row.segments.size() - 1));
  }
  if (builder.spec().trajectory_steps > 0) builder.graph.trajectories.push_back(follow_row(builder, row));
  for (size_t segment = 0; segment + 1 < row.segments.size(); ++segment) {
    // What trained before the row's own objective is another row's; the network there cannot be sampled as this one's.
    const bool own = row.ends[segment] > row.own_from;
    if (!own || std::find(kept.begin(), kept.end(), row.ends[segment]) == kept.end()) continue;
    for (const int64_t steps : builder.spec().steps) {
      builder.graph.cells.push_back(paint_cell(builder, row, steps, segment));
    }
  }
}

}  // namespace emf
