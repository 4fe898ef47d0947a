// SPDX-License-Identifier: Apache-2.0
// A suite's metrics: which judge and backbone each reads, whether the data can be
// judged by it, and its stages of a cell.
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/engine/pictures/bfloat16_instruments.h"
#include "harness/engine/scoring/scoring.h"
#include "harness/engine/suite/suite_builder.h"

namespace emf {
namespace {

/// The place of a metric's table, or of the list that names it.
std::string place_of(const SuiteSpec& spec, const MetricChoice& choice) {
  const std::string table = "metric." + choice.name;
  return spec.config.places.count(table) > 0 ? spec.config.place(table) : spec.config.place("metrics");
}

std::shared_ptr<const Judge> judge_of(SuiteBuilder& builder, const std::string& text) {
  // Loaded once, however many metrics name it; a network may be large.
  auto& loaded = builder.judges[text];
  if (!loaded) {
    const Dataset& dataset = *builder.graph.dataset;
    const Placement& placement = builder.spec().placement;
    std::unique_ptr<Judge> judge = make_judge(text, JudgeContext{dataset.height(), dataset.width(), placement});
    if (builder.spec().bfloat16_instruments) judge = in_bfloat16(std::move(judge), placement);
    loaded = std::move(judge);
  }
  return loaded;
}

/// What a metric needs must be there: facts in the dataset, prompts with questions, a judge that can, class scores.
void require_needs(const SuiteBuilder& builder, const SuiteMetric& metric, const std::set<MetricNeed>& needs) {
  const Dataset& dataset = *builder.graph.dataset;
  const std::string place = place_of(builder.spec(), metric.choice);
  if (needs.count(MetricNeed::kFacts) > 0) {
    if (dataset.world() == nullptr && builder.spec().evaluation.judging.metadata.empty()) {
      fail_input(
          "{}: metric '{}' reads facts, and dataset {} has none; take distances (kid, frechet, precision_recall), or "
          "evaluation.questions and question_graph",
          place, metric.choice.name, dataset.name());
    }
    if (!metric.judge->detects()) {
      fail_input("{}: metric '{}' needs a judge that finds objects, and '{}' does not", place, metric.choice.name,
                 metric.choice.judge);
    }
  }
  if (needs.count(MetricNeed::kQuestions) > 0) {
    const auto& prompts = builder.graph.judged->prompts;
    const bool asked = std::any_of(prompts.begin(), prompts.end(), has_questions),
               of_facts = metric.judge->detects() && std::any_of(prompts.begin(), prompts.end(), has_facts);
    if (!asked && !of_facts) {
      fail_input(
          "{}: metric '{}' reads answers to questions, and no judged prompt has any; give evaluation.compositions or "
          "evaluation.questions",
          place, metric.choice.name);
    }
  }
  if (needs.count(MetricNeed::kProbabilities) > 0 && !metric.plan.backbone->backbone().classifies()) {
    fail_input("{}: metric '{}' needs class scores, which backbone '{}' does not give", place, metric.choice.name,
               metric.choice.backbone);
  }
}

/// Prompts of the kind that a metric scores must be there.
void require_kind(const SuiteBuilder& builder, const SuiteMetric& metric) {
  if (metric.choice.prompts == "all") return;
  const std::string place = place_of(builder.spec(), metric.choice);
  if (!metric.of_items) {
    fail_input("{}: metric '{}' is of whole sets of pictures, so prompts = \"{}\" has no meaning for it", place,
               metric.choice.name, metric.choice.prompts);
  }
  const auto& prompts = builder.graph.judged->prompts;
  if (std::any_of(prompts.begin(), prompts.end(), [&](const Prompt& prompt) {
        return is_plain(prompt) && is_of_kind(prompt, metric.choice.prompts);
      })) {
    return;
  }
  fail_input(
      "{}: metric '{}' scores prompts = \"{}\", and no judged prompt is of that kind; worlds that hold words or pairs "
      "out of training have them (data.held_out_words = true, data.held_out_pairs = 0.2)",
      place, metric.choice.name, metric.choice.prompts);
}

/// Prompts with questions that no metric reads would be painted and judged for nothing.
void require_readers(const SuiteBuilder& builder) {
  const auto& prompts = builder.graph.judged->prompts;
  if (std::none_of(prompts.begin(), prompts.end(), has_questions)) return;
  for (const SuiteMetric& metric : builder.graph.metrics) {
    if (MetricRegistry::instance().make(metric.plan.metric)->needs().count(MetricNeed::kQuestions) > 0) return;
  }
  const bool composed = builder.spec().evaluation.judging.compositions > 0;
  fail_input("{}: no metric of this suite reads the questions of {}; add \"question_graph\" to metrics",
             builder.spec().config.place(composed ? "evaluation.compositions" : "evaluation.questions"),
             composed ? "long captions" : "that file");
}

/// Pictures that distances are taken to are none that the model has seen, and of those a folder holds only so many.
/// @param further  beyond the reference.
void require_real_pictures(const SuiteBuilder& builder, int64_t further) {
  const std::optional<uint64_t> held_out = builder.graph.dataset->unseen_size();
  const int64_t reference = builder.spec().evaluation.reference_pictures;
  if (!held_out || static_cast<int64_t>(*held_out) >= reference + further) return;
  fail_input(
      "{}: distances need {} real pictures{}, and the data set holds out {}; lower evaluation.reference_pictures or "
      "raise data.held_out_pictures",
      builder.spec().config.place("evaluation.reference_pictures"), reference,
      further == 0 ? "" : fmt::format(" and {} more to be measured against", further), *held_out);
}

/// Features of the real pictures from the `first` on. One set for each backbone, shared by all cells: a distance is
/// compared with others to the same pictures.
StagePointer real_features(SuiteBuilder& builder, const SuiteMetric& metric, int64_t first, int64_t count) {
  auto& known = first == 0 ? builder.references : builder.held_out;
  StagePointer& stage = known[metric.choice.backbone];
  if (!stage) {
    require_real_pictures(builder, first == 0 ? 0 : count);
    stage = builder.stages.add(reference_stage(builder.graph.dataset, metric.plan.backbone, count, first));
  }
  return stage;
}

/// Distances are taken between the reference and what one cell paints: both must be as many as the metric asks.
void require_rows(const SuiteBuilder& builder, const SuiteMetric& metric, int64_t least) {
  const SuiteSpec& spec = builder.spec();
  const int64_t painted = builder.graph.judged->num_plain(), reference = spec.evaluation.reference_pictures;
  const auto refuse = [&](const char* what, int64_t count, const char* key) {
    fail_input("{}: metric '{}' needs {} {} pictures with its options, not {}; raise {}, or ask less of the metric",
               place_of(spec, metric.choice), metric.choice.name, least, what, count, key);
  };
  if (painted < least) refuse("painted", painted, "evaluation.prompts");
  if (reference < least) refuse("real", reference, "evaluation.reference_pictures");
}

}  // namespace

void prepare_metrics(SuiteBuilder& builder) {
  SuiteGraph& graph = builder.graph;
  for (const MetricChoice& choice : builder.spec().metrics) {
    const auto made = MetricRegistry::instance().make(choice.metric);
    const std::set<MetricNeed> needs = made->needs();
    // Read here although they are used after hours of training, so that a typo costs nothing.
    made->check_options(choice.options);
    SuiteMetric metric;
    metric.choice = choice;
    metric.higher_is_better = made->higher_is_better();
    metric.plan.metric = choice.metric;
    metric.plan.options = choice.options.values();
    metric.plan.prompts = choice.prompts;
    // What its values are called. A backbone may call them otherwise below: "frechet" on lite0 is fd_lite0 in
    // every record, so that two suites can be held side by side.
    metric.plan.name = choice.name;
    if (needs_judge(*made)) {
      metric.judge = judge_of(builder, choice.judge);
      metric.of_items = true;
    }
    if (needs_backbone(*made)) {
      metric.plan.backbone = builder.backbone(choice.backbone);
      const Backbone& network = metric.plan.backbone->backbone();
      metric.official = network.official();
      const std::string name = made->name_on(network.short_name(), network.official());
      if (!name.empty()) metric.plan.name = name;
    }
    // Two metrics of one name would overwrite each other in the record.
    for (const SuiteMetric& other : graph.metrics) {
      if (other.plan.name != metric.plan.name) continue;
      fail_input("{}: metrics '{}' and '{}' would both be called '{}'; give their backbones names of their own",
                 place_of(builder.spec(), choice), other.choice.name, choice.name, metric.plan.name);
    }
    require_needs(builder, metric, needs);
    require_kind(builder, metric);
    if (metric.plan.backbone) require_rows(builder, metric, made->least_rows(choice.options));
    if (choice.name == builder.spec().main_metric) graph.main_metric = graph.metrics.size();
    graph.metrics.push_back(std::move(metric));
  }
  require_readers(builder);
  const bool any_distance = std::any_of(graph.metrics.begin(), graph.metrics.end(),
                                        [](const SuiteMetric& metric) { return metric.plan.backbone != nullptr; });
  const EvaluationOptions& evaluation = builder.spec().evaluation;
  if (any_distance && !evaluation.dropped_feature_steps.empty()) {
    graph.notes.push_back(fmt::format(
        "no pictures are painted with {} steps, of which evaluation.feature_steps asks distances; they are taken of {}",
        fmt::join(evaluation.dropped_feature_steps, ", "),
        evaluation.feature_steps.empty() ? "none" : fmt::format("{}", fmt::join(evaluation.feature_steps, ", "))));
  }
  // A claim names a metric as the suite lists it, or as its value is called.
  for (Claim& claim : graph.spec.claims) {
    const size_t slash = std::min(claim.metric.find('/'), claim.metric.size());
    for (const SuiteMetric& metric : graph.metrics) {
      if (claim.metric.substr(0, slash) != metric.choice.name) continue;
      claim.metric = metric.plan.name + claim.metric.substr(slash);
      break;
    }
  }
}

void add_scores(SuiteBuilder& builder, const std::string& label, Cell& cell, bool with_distances) {
  SuiteGraph& graph = builder.graph;
  for (size_t i = 0; i < graph.metrics.size(); ++i) {
    const SuiteMetric& metric = graph.metrics[i];
    StagePointer judged_by, features, reference, held_out;
    if (metric.judge) judged_by = builder.stages.add(judge_stage(label, cell.pictures, metric.judge, graph.judged));
    if (metric.plan.backbone) {
      // Distances need features of every picture, so suites ask for them at some step counts only.
      if (!with_distances) continue;
      features = builder.stages.add(features_stage(label, cell.pictures, metric.plan.backbone, graph.judged));
      const auto needs = MetricRegistry::instance().make(metric.plan.metric)->needs();
      const int64_t reference_size = builder.spec().evaluation.reference_pictures;
      if (needs.count(MetricNeed::kFeatures) > 0) reference = real_features(builder, metric, 0, reference_size);
      // As many as are painted: the bias of a distance is that of its smaller set.
      if (needs.count(MetricNeed::kHeldOut) > 0) {
        held_out = real_features(builder, metric, reference_size, graph.judged->num_plain());
      }
    }
    const StageSpec score = score_stage(label, metric.plan, judged_by, features, reference, held_out, graph.judged);
    cell.scores.push_back({i, builder.stages.add(score)});
  }
}

void add_ceilings(SuiteBuilder& builder) {
  SuiteGraph& graph = builder.graph;
  const JudgingOptions& judging = builder.spec().evaluation.judging;
  // Questions of a file's prompts are about pictures that nobody can draw.
  if (graph.dataset->world() == nullptr || !judging.questions.empty()) return;
  const std::shared_ptr<const Codec> codec = builder.codecs.front()->loses() ? builder.codecs.front() : nullptr;
  const auto draw = [&](const std::string& label, const std::string& name,
                        const std::shared_ptr<const Codec>& through) {
    Cell cell{"real", name};
    cell.pictures = builder.stages.add(draw_stage(label, graph.dataset, through, graph.judged));
    add_scores(builder, label, cell, /*with_distances=*/through == nullptr);
    return cell;
  };
  // Real pictures of the very prompts that are judged: no generator can be expected to score above what the
  // judge says of these.
  graph.ceiling = draw("real pictures", "ceiling", nullptr);
  if (codec) graph.reconstruction = draw("reconstructions", "reconstruction", codec);
  // Good pictures of other prompts: what a generator scores that heeds no prompt. They go through the codec, as a
  // generator's do.
  Cell chance{"real", "chance"};
  chance.pictures = builder.stages.add(unrelated_stage(graph.dataset, codec, graph.judged));
  add_scores(builder, "unrelated pictures", chance, /*with_distances=*/false);
  graph.chance = std::move(chance);
  for (const SuiteMetric& metric : graph.metrics) {
    if (!metric.judge || !metric.judge->detects()) continue;
    // Prompts and pictures of another seed than those judged.
    graph.calibrated = metric.judge;
    graph.calibration =
        builder.stages.add(calibrate_stage(graph.dataset, codec, metric.judge, judging.prompts, judging.seed + 1000));
    graph.mush = builder.stages.add(
        mush_stage(graph.dataset, builder.codecs.front(), metric.judge, judging.prompts, judging.seed + 1000));
    break;
  }
}

}  // namespace emf
