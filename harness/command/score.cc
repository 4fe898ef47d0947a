// SPDX-License-Identifier: Apache-2.0
// emfbench score METRIC: scores from judge outputs or from features, or from pictures by way of these; and score
// answers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "harness/base/bounded.h"
#include "harness/base/config.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/base/terminal.h"
#include "harness/command/device_option.h"
#include "harness/command/feature_file.h"
#include "harness/command/score_mean.h"
#include "harness/command/score_options.h"
#include "harness/rules/geneval_rule.h"
#include "reports/score_page.h"

namespace emf {

void write_score_page(const ScoreOptions& options, const Json& result) {
  if (options.html.empty()) return;
  std::string source;
  for (const std::string& file :
       {options.detections, options.results, options.images, options.answers, options.generated})
    source += file.empty() ? "" : ": " + file;
  write_atomically(options.html, score_page(options.metric + source, "emfbench score", result));
  say("page: " + options.html);
}

Json interval_json(const MetricValue& value) { return value.ci95 ? Json(*value.ci95) : Json(); }

std::string interval_text(const MetricValue& value) {
  return value.ci95 ? fmt::format("  95 % [{:.6g}, {:.6g}]", (*value.ci95)[0], (*value.ci95)[1]) : "";
}

void print_warnings(const MetricValue& value) {
  for (const std::string& warning : value.warnings) print_shown("warning: {}\n", warning);
}

void print_exclusions(const Exclusions& exclusions) {
  for (const Json& line : exclusions.lines()) {
    const std::string reason = line.at("reason");
    print_shown("excluded: {}{}\n", line.at("item").get<std::string>(), reason.empty() ? "" : " (" + reason + ")");
  }
}

namespace {

class Score : public Command {
 public:
  void declare(const Flags& flags) override {
    flags_ = flags;
    const Flags judged = flags.under("Judge outputs (geneval)");
    const Flags answered = flags.under("Answers (question_graph, tifa)");
    const Flags pictures = flags.under("Pictures or features (the other metrics)");
    const Flags settings = flags.under("Settings of a metric");
    flags.option("metric", options_.metric,
                 "geneval, question_graph, tifa, frechet, fdr, kid, mind, cmmd, precision_recall, inception (see: "
                 "emfbench list metrics)");
    declare_answers(flags, answers_);
    declare_mean(flags, mean_);
    judged.option("--detections", options_.detections,
                  "geneval: judge outputs, JSON Lines, one picture a line: {metadata, detections: [{cls, box, score, "
                  "color}]}");
    judged.option("--results", options_.results, "geneval: the official results.jsonl, verdicts already in it");
    judged.option(
        "--images", options_.images,
        "geneval: pictures in the official layout (00000/metadata.jsonl, 00000/samples/0000.png), or beside a "
        "metadata.jsonl whose lines name their file_name");
    judged
        .option("--judge", options_.judge,
                "geneval: who looks at --images: detector (of scenes, 32 or 64 pixels) or torchscript:FILE (see: "
                "emfbench list judges)")
        .shows_default();
    judged.option("--save-detections", options_.save_detections,
                  "geneval: keep what the judge said of --images, as --detections reads it");
    judged.option("--metadata", options_.metadata,
                  "geneval: the official evaluation_metadata.jsonl; rows then need only their prompt or index (line "
                  "from 0), and prompts without a row are listed");
    flags.option("--exclude", options_.exclude,
                 "judge outputs: leave out the rows of this file, a picture, prompt or item a line, a tab and the "
                 "reason behind it; every line is printed");
    judged.flag("--summary", options_.summary, "geneval: print the official summary's text");
    judged
        .option<std::vector<std::string>>(
            "--corrected",
            [this](const std::vector<std::string>& names) { options_.metric_options["corrected"] = names; },
            fmt::format("geneval: put quirks of the released code right: {} (a,b), or all",
                        fmt::join(geneval_quirks(), ", ")))
        .separated_by(',');
    metric_option<std::string>(judged, "--classes", "classes",
                               "geneval: official (default; another class is an error) or any");
    answered.option("--graph", options_.graph,
                    "question_graph: CSV of item_id, proposition_id, dependency, category_broad, category_detailed");
    answered.option("--answers", options_.answers,
                    "question_graph: CSV of item_id, question_id, answer; t2i_model and picture if there. Without "
                    "picture, the n-th answer to a question is about the n-th picture");
    answered
        .option("--generator", options_.generators,
                "question_graph: answers of this t2i_model; several (a,b) count as so many pictures")
        .separated_by(',');
    metric_option<std::string>(
        answered, "--rule", "rule",
        "question_graph: dpg (zeroes travel down, default) or dsg (one level); precision_recall: le (a point "
        "on a ball's surface is inside, default: torch-fidelity) or lt (prdc, dgm-eval)");
    metric_flag(settings, "--official", "official",
                "question_graph: with the faults of the released code. dpg: the file's first question is skipped, "
                "failed items are left out, categories use the last picture; dsg: a bad cell drops an item's "
                "dependencies, only answered questions count");
    pictures.option(
        "--real", options_.real,
        "real pictures: a folder of them, a .zip, uint8 arrays (.npy, .npz: [N, H, W, 3] or [N, 3, H, W]), or features "
        "as "
        ".npy, .npz, .safetensors or FILE:name; frechet also takes an .npz of statistics (mu and sigma, mean and cov, "
        "ref_mu and ref_sigma)");
    pictures.option("--generated", options_.generated, "generated pictures, likewise");
    pictures.option("--held-out", options_.held_out, "fdr: real pictures other than --real's, likewise");
    pictures.flag("--subfolders", options_.subfolders,
                  "pictures: those of folders within folders, too (so anyway with --compat clean-fid or edm2)");
    pictures
        .option("--backbone", options_.backbones,
                "features of pictures: lite0 (ImageNet) or torchscript:FILE (see: emfbench list backbones); fdr: "
                "several (a,b) are averaged")
        .separated_by(',')
        .shows_default();
    pictures.option(
        "--resize", options_.resize,
        "features of pictures: bilinear, bilinear-antialias, bicubic-antialias, clean-fid or tf1 (default: that of "
        "--compat, else the backbone's)");
    metric_option<int64_t>(settings, "--subsets", "subsets", "kid: number of random subsets; 0 scores the whole sets");
    metric_option<int64_t>(settings, "--subset-size", "subset_size", "kid: rows a subset");
    metric_option<int64_t>(settings, "--k", "k",
                           "precision_recall: a ball reaches to the k-th nearest other point (3)");
    metric_option<std::string>(settings, "--kind", "kind",
                               "inception: logits (default) or probabilities, [pictures, classes]");
    metric_option<int64_t>(settings, "--splits", "splits", "inception: mean over so many consecutive parts (1)");
    metric_option<std::string>(pictures, "--compat", "compat",
                               "another scorer's conventions. kid, inception: torch-fidelity (its very "
                               "subsets and order: 100 subsets of "
                               "1,000; 10 splits). frechet: pytorch-fid, clean-fid, torch-fidelity, "
                               "torchmetrics, edm2 (the same number; the "
                               "rounding of their matrix roots is not imitated) or torch-fidelity-float32 "
                               "(means in single precision)");
    metric_option<std::string>(
        settings, "--interval", "interval",
        "frechet, fdr, mind: auto (jackknife if it takes seconds), jackknife or none; frechet also "
        "bootstrap");
    metric_option<int64_t>(settings, "--groups", "groups", "frechet, fdr, mind, cmmd: groups of the jackknife (20)");
    metric_flag(settings, "--infinity", "infinity",
                "frechet: extrapolate to infinitely many pictures: intercept of the distance on 1/N");
    metric_option<int64_t>(settings, "--points", "points", "frechet --infinity: sizes on the line (15)");
    metric_option<int64_t>(settings, "--smallest", "smallest", "frechet --infinity: smallest size (5000, or a tenth)");
    metric_option<std::string>(settings, "--order", "order",
                               "rows shuffled (by --seed) or given: frechet --infinity (shuffled), inception --splits "
                               "(given)");
    pictures.option("--save-statistics", options_.save_statistics,
                    "frechet: write mu, sigma and n of --real (or of --generated, if alone) as pytorch-fid's .npz");
    pictures.option("--against", options_.against,
                    "features: an earlier --json output; prints the difference, or refuses if the two are of different "
                    "things");
    metric_option<int64_t>(settings, "--draws", "draws", "resamples of the bootstrap");
    flags.option<std::vector<std::string>>(
        "--option", [this](const std::vector<std::string>& words) { take_options(words); },
        "any option of the metric as key=value, for metrics that have no flags of their own here");
    flags.option("--seed", options_.seed, "of every resampling");
    add_device_option(flags, options_.device, "what looks at pictures (judge and backbone)");
    flags.option("--html", options_.html, "write a page of what was scored, one file");
  }

  ExitCode run(const CommonFlags& flags) override {
    if (answers_.chosen() || mean_.chosen()) return run_files(flags);
    if (options_.metric.empty()) fail_input("score needs a metric, or answers or mean (see: emfbench score --help)");
    if (!options_.html.empty()) {
      if (options_.summary) fail_input("--summary prints the official words alone; leave it or --html out");
      if (options_.real.empty() && !options_.save_statistics.empty())
        fail_input("--save-statistics of one side scores nothing that --html could show");
      require_writable(options_.html);
    }
    const std::set<MetricNeed> needs = MetricRegistry::instance().make(options_.metric)->needs();
    if (needs == std::set<MetricNeed>{MetricNeed::kFeatures, MetricNeed::kHeldOut}) {
      refuse_inputs_but({"--real", "--generated", "--held-out", "--backbone", "--resize", "--subfolders", "--against"});
      return of_features(flags);
    }
    if (needs.size() != 1) {
      fail_input("score {}: it reads several kinds of input at once, which suites give and this verb does not",
                 options_.metric);
    }
    switch (*needs.begin()) {
      case MetricNeed::kFacts:
        refuse_inputs_but({"--detections", "--results", "--images", "--judge", "--save-detections", "--metadata",
                           "--summary", "--exclude"});
        refuse_unused({"--judge", "--save-detections", "--device"}, !options_.images.empty(), "--images DIR");
        return score_detections(options_, flags);
      case MetricNeed::kQuestions:
        refuse_inputs_but({"--graph", "--answers", "--generator", "--exclude"});
        refuse_unused({"--device"}, false, "pictures");
        return score_questions(options_, flags);
      case MetricNeed::kProbabilities:
        refuse_inputs_but({"--generated", "--backbone", "--resize", "--subfolders", "--against"});
        break;
      case MetricNeed::kFeatures:
        refuse_inputs_but(
            {"--real", "--generated", "--backbone", "--resize", "--subfolders", "--save-statistics", "--against"});
        break;
      case MetricNeed::kHeldOut:
        fail_input("score {}: it reads held-out pictures and no others", options_.metric);
    }
    return of_features(flags);
  }

 private:
  ExitCode of_features(const CommonFlags& flags) const {
    const std::vector<std::string> sides = {options_.real, options_.generated, options_.held_out};
    const bool pictures = std::any_of(sides.begin(), sides.end(), may_be_pictures);
    refuse_unused({"--backbone", "--resize", "--device"}, pictures, "pictures");
    const bool folders =
        std::any_of(sides.begin(), sides.end(), [](const std::string& side) { return is_folder(side); });
    refuse_unused({"--subfolders"}, folders, "a folder of pictures");
    return score_features(options_, flags);
  }

  /// A flag that a metric reads under `key`; the metric refuses it when it is not one of its own.
  template <typename Value>
  void metric_option(const Flags& flags, const std::string& flag, const std::string& key, const std::string& help) {
    flags.option<Value>(
        flag, [this, key](const Value& value) { options_.metric_options[key] = value; }, help);
  }
  void metric_flag(const Flags& flags, const std::string& flag, const std::string& key, const std::string& help) {
    flags.flag(
        flag, [this, key] { options_.metric_options[key] = true; }, help);
  }

  void take_options(const std::vector<std::string>& words) {
    Config config;
    for (const std::string& word : words) apply_override(config, word);
    options_.metric_options.update(config.values);
  }

  ExitCode run_files(const CommonFlags& flags) const {
    const std::string verb = mean_.chosen() ? "mean" : "answers";
    for (const Flag& flag : flags_->all()) {
      const std::string name = flag.name();
      if (flag.count() > 0 && name != "--json" && name != "--quiet") {
        fail_input("score {} does not take {} before it (see: emfbench score {} --help)", verb, name, verb);
      }
    }
    return mean_.chosen() ? score_mean(mean_, flags) : score_answers(answers_, flags);
  }

  /// Inputs of another metric would be ignored without a word.
  void refuse_inputs_but(const std::set<std::string>& own) const {
    for (const char* flag :
         {"--detections", "--results", "--images", "--judge", "--save-detections", "--metadata", "--summary",
          "--exclude", "--graph", "--answers", "--generator", "--real", "--generated", "--held-out", "--backbone",
          "--resize", "--subfolders", "--save-statistics", "--against"}) {
      if (own.count(flag) == 0 && flags_->count(flag) > 0) {
        fail_input("score {} does not take {}; it takes {}", options_.metric, flag, fmt::join(own, ", "));
      }
    }
  }

  void refuse_unused(const std::vector<const char*>& options, bool used, const char* by) const {
    for (const char* flag : options) {
      if (!used && flags_->count(flag) > 0) fail_input("{} says something only of {}, which is not given", flag, by);
    }
  }

  std::optional<Flags> flags_;
  ScoreOptions options_;
  AnswerOptions answers_;
  MeanOptions mean_;
};

EMF_REGISTER(
    CommandRegistry, "score",
    "Scores pictures, judge outputs (geneval, question_graph, tifa), features (frechet, fdr, kid, mind, "
    "cmmd, precision_recall, inception) published benchmarks' answer files (answers) or any judge's numbers (mean)",
    std::make_unique<Score>);

}  // namespace
}  // namespace emf
