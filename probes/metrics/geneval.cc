// SPDX-License-Identifier: Apache-2.0
// GenEval's task scores and overall score from detections, with intervals clustered by prompt.
#include <algorithm>
#include <unordered_set>

#include "harness/api/metric.h"
#include "harness/base/chunks.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/captions/geneval_fields.h"
#include "harness/captions/grammar.h"
#include "harness/rules/geneval_rule.h"
#include "harness/statistics/statistics.h"

namespace emf {
namespace {

constexpr int kMostDraws = 1'000'000;

struct Judged {
  std::string tag;
  std::string cluster;  // prompt text, or the whole metadata line when it has no prompt
  std::string line;     // what tells prompts apart in the official summary: the metadata, or tag and prompt
  GenEvalVerdict verdict;
};

/// Options of the metric itself, taken out of the rule's.
struct Settings {
  std::string name = "geneval", origin = "judged";
  BootstrapOptions bootstrap;
  GenEvalOptions rule;
  Json rule_json = Json::object();
  std::vector<std::string> corrected;
  bool any_class = false, verbose = false;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name = reader.text("name", settings.name, "what its value is called");
  settings.origin = reader.text("origin", settings.origin, "where its rows come from, for messages");
  settings.bootstrap.draws = static_cast<int>(reader.integer(
      "draws", settings.bootstrap.draws, 1, kMostDraws, "resamples of the bootstrap behind intervals [resamples]"));
  settings.bootstrap.seed = seed;
  settings.bootstrap.stream = "geneval";
  settings.bootstrap.shares = true;
  for (const auto& [key, meaning] : std::initializer_list<std::pair<const char*, const char*>>{
           {"threshold", "confidence from which a box counts; absent: the judge's own"},
           {"counting_threshold", "likewise in the task of counting; absent: the judge's own"},
           {"max_objects", "boxes of a class that are looked at; absent: the rule's [boxes]"},
           {"max_overlap", "overlap from which two boxes are one; absent: the rule's"},
           {"position_threshold", "how far apart in sizes is beside; absent: the rule's"}}) {
    // Asked for whether it is there or not, so that a mistyped one can be told the nearest.
    const Json given = reader.raw(key, meaning);
    if (given.is_null()) continue;
    Json one = Json::object();
    one[key] = settings.rule_json[key] = given;
    settings.rule = geneval_options(one, reader.place(key), settings.rule);
  }
  settings.corrected =
      reader.texts("corrected", {}, "quirks of the released code to put right, by name; all = every one");
  if (settings.corrected == std::vector<std::string>{"all"}) settings.corrected = geneval_quirks();
  settings.verbose = reader.flag("verbose", false, "the official summary's text and every picture's verdict are kept");
  settings.any_class = reader.choice("classes", "official", {"official", "any"},
                                     "whether another class than GenEval's is an error") == "any";
  reader.finish();
  for (const std::string& quirk : settings.corrected) geneval_correct(settings.rule, quirk);
  return settings;
}

Settings settings_of(const MetricInput& input) {
  return settings_of(Options(input.options, "geneval options"), input.seed);
}

/// A misspelt class would be a picture that never shows it.
void refuse_unknown_classes(const GenEvalMetadata& metadata, const std::vector<Detection>& detections,
                            const std::string& where) {
  static const std::unordered_set<std::string> known(geneval_classes().begin(), geneval_classes().end());
  const auto check = [&](const std::string& name) {
    if (known.count(name) == 0) {
      fail_input("{}: unknown class '{}'{}", where, name, suggestion(name, geneval_classes()));
    }
  };
  for (const auto* clauses : {&metadata.include, &metadata.exclude}) {
    for (const GenEvalClause& clause : *clauses) {
      check(clause.class_name);
      if (clause.color && geneval_color_id(*clause.color) < 0) {
        fail_input("{}: unknown color '{}'{}", where, *clause.color, suggestion(*clause.color, geneval_colors()));
      }
    }
  }
  for (const Detection& detection : detections) check(detection.class_name);
}

/// A line of the official results.jsonl, which holds its verdict.
Judged judged_before(const Json& row, const std::string& where) {
  const std::string tag = geneval_text(row, "tag", where), prompt = geneval_text(row, "prompt", where);
  if (!row["correct"].is_boolean()) fail_input("{}: \"correct\" must be true or false", where);
  const Json metadata = row.value("metadata", Json());
  const std::string line = metadata.is_string() ? metadata.get<std::string>()
                           : metadata.is_null() ? tag + prompt
                                                : metadata.dump();
  const Json reason = row.value("reason", Json());
  return {tag, prompt, line, {row["correct"], reason.is_string() ? reason.get<std::string>() : ""}};
}

/// @param read  the row's detections where it lacks them.
Judged judge_row(const Json& row, const std::vector<Detection>* read, const std::string& where,
                 const Settings& settings) {
  static const std::vector<std::string> known = {"metadata", "detections", "options", "prompt", "index",
                                                 "filename", "correct",    "reason",  "tag"};
  if (row.is_object()) refuse_slips(row, known, where);
  const bool seen = row.is_object() && (read != nullptr || row.contains("detections"));
  if (row.is_object() && row.contains("correct") && !seen) return judged_before(row, where);
  if (!seen || !row.contains("metadata")) {
    fail_input("{}: a judged row must be an object with \"metadata\" and \"detections\"", where);
  }
  const GenEvalMetadata metadata = geneval_metadata(row["metadata"], where);
  GenEvalOptions options = settings.rule;
  if (row.contains("options")) {
    // A row says what its judge was calibrated for. Whoever tells the metric otherwise means it for every row, and the
    // value's identity claims so.
    options = geneval_options(settings.rule_json, where, geneval_options(row["options"], where, settings.rule));
  }
  std::vector<Detection> own;
  if (read == nullptr) own = geneval_detections(row["detections"], where);
  const std::vector<Detection>& detections = read != nullptr ? *read : own;
  if (metadata.include.empty() && metadata.exclude.empty()) {
    fail_input("{}: the prompt asks for nothing: neither \"include\" nor \"exclude\" holds a clause", where);
  }
  refuse_odd_detections(detections, where);
  if (!settings.any_class) refuse_unknown_classes(metadata, detections, where);
  const std::string line = metadata.prompt.empty() ? row["metadata"].dump() : metadata.tag + "/" + metadata.prompt;
  return {metadata.tag, metadata.prompt.empty() ? line : metadata.prompt, line,
          geneval_verdict(metadata, detections, options)};
}

std::vector<Judged> judge(const MetricInput& input, const Settings& settings) {
  if (input.judged == nullptr || input.judged->empty()) {
    fail_input("{}: geneval needs judge outputs, but there is not one row", settings.origin);
  }
  constexpr size_t kLeastRows = 128;
  std::vector<Judged> results(input.judged->size());
  in_chunks(results.size(), kLeastRows, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const bool read = input.detections != nullptr && (*input.detections)[i].has_value();
      results[i] = judge_row((*input.judged)[i], read ? &*(*input.detections)[i] : nullptr,
                             fmt::format("{} row {}", settings.origin, i + 1), settings);
    }
  });
  return results;
}

/// The official order of tasks first, then others by name.
std::vector<std::string> tags_in_order(const std::vector<Judged>& results) {
  std::vector<std::string> others;
  for (const Judged& result : results) others.push_back(result.tag);
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  std::vector<std::string> tags;
  for (const std::string_view task : geneval_tasks()) {
    const auto found = std::find(others.begin(), others.end(), task);
    if (found == others.end()) continue;
    tags.emplace_back(task);
    others.erase(found);
  }
  tags.insert(tags.end(), others.begin(), others.end());
  return tags;
}

MetricValue value_of(const std::string& name, const Estimate& estimate, int64_t correct, const Settings& settings) {
  MetricValue value;
  value.name = name;
  value.value = estimate.value;
  value.ci95 = estimate.ci95;
  value.n = estimate.n;
  value.identity = {{"rule", "djghosh13/geneval af4902f"}, {"options", settings.rule_json}};
  if (!settings.corrected.empty()) value.identity["corrected"] = settings.corrected;
  value.details = {{"correct", correct}, {"total", estimate.n}, {"prompts", estimate.clusters}};
  return value;
}

/// The overall score, then one of each tag.
std::vector<MetricValue> values_of(const std::vector<Judged>& results, const Settings& settings) {
  Scores scores;
  std::map<std::string, int64_t> correct;
  int64_t all = 0;
  for (const Judged& result : results) {
    scores.values.push_back(result.verdict.correct ? 1.0 : 0.0);
    scores.clusters.push_back(result.cluster);
    scores.strata.push_back(result.tag);
    correct[result.tag] += result.verdict.correct;
    all += result.verdict.correct;
  }
  std::map<std::string, Estimate> tasks;
  const Estimate overall = estimate_mean(scores, settings.bootstrap, tasks);
  std::vector<MetricValue> values = {value_of(settings.name, overall, all, settings)};
  for (const std::string& tag : tags_in_order(results)) {
    values.push_back(value_of(settings.name + "/" + tag, tasks.at(tag), correct[tag], settings));
  }
  return values;
}

Json json_of(const Judged& result) { return {{"correct", result.verdict.correct}, {"reason", result.verdict.reason}}; }

/// Tasks without a picture as failed ones: the mean over the others becomes one over all.
void count_absent_tasks(MetricValue& overall, size_t present, size_t absent) {
  const double share = static_cast<double>(present) / static_cast<double>(present + absent);
  *overall.value *= share;
  if (overall.ci95) {
    for (double& end : *overall.ci95) end *= share;
  }
}

/// Share of prompts of which any picture is right.
double prompts_correct(const std::vector<Judged>& results, int64_t& prompts) {
  std::map<std::string, bool> any;
  for (const Judged& result : results) any[result.line] |= result.verdict.correct;
  prompts = static_cast<int64_t>(any.size());
  return static_cast<double>(std::count_if(any.begin(), any.end(), [](const auto& one) { return one.second; })) /
         static_cast<double>(prompts);
}

/// What summary_scores.py prints, to the letter: tasks in the order in which they come.
std::string official_summary(const std::vector<Judged>& results) {
  struct Tally {
    int64_t correct = 0, total = 0;
  };
  std::vector<std::string> order;
  std::map<std::string, Tally> tasks;
  int64_t correct = 0, prompts = 0;
  for (const Judged& result : results) {
    const auto [entry, fresh] = tasks.try_emplace(result.tag);
    if (fresh) order.push_back(result.tag);
    ++entry->second.total;
    entry->second.correct += result.verdict.correct;
    correct += result.verdict.correct;
  }
  const double any = prompts_correct(results, prompts);
  std::string text = fmt::format(
      "Summary\n=======\nTotal images: {}\nTotal prompts: {}\n% correct images: {:.2f}%\n% correct prompts: "
      "{:.2f}%\n\n"
      "Task breakdown\n==============\n",
      results.size(), prompts, 100.0 * static_cast<double>(correct) / static_cast<double>(results.size()), 100 * any);
  double sum = 0;
  for (const std::string& tag : order) {
    const Tally& tally = tasks[tag];
    const double share = static_cast<double>(tally.correct) / static_cast<double>(tally.total);
    text += fmt::format("{:<16} = {:.2f}% ({} / {})\n", tag, 100 * share, tally.correct, tally.total);
    sum += share;
  }
  return text + fmt::format("\nOverall score (avg. over tasks): {:.5f}\n", sum / static_cast<double>(order.size()));
}

/// A mistyped tag is a task of its own to the official summary, and weighs as much as each of the six.
void warn_of_other_tasks(MetricValue& value, const std::vector<Judged>& results, const std::vector<std::string>& tags) {
  const auto& known = geneval_tasks();
  const auto is_known = [&](const std::string& tag) {
    return std::find(known.begin(), known.end(), tag) != known.end();
  };
  if (std::none_of(tags.begin(), tags.end(), is_known)) return;  // another benchmark's tasks
  for (const std::string& tag : tags) {
    if (is_known(tag)) continue;
    const auto rows = std::count_if(results.begin(), results.end(), [&](const Judged& one) { return one.tag == tag; });
    value.warnings.push_back(
        fmt::format("{} pictures have the tag '{}', none of GenEval's six, and are a task of their own", rows, tag));
  }
}

/// Options: those of the rule (threshold ...), which win over a row's own "options"; corrected: quirks of the released
/// code to put right, by name, or "all"; classes: "official" (default: another class is an error) or "any"; verbose:
/// the official summary's text and every picture's verdict among the first value's details. A row is a picture: its
/// metadata and detections, or a line of the official results.jsonl with the verdict already in it.
class GenEval : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kFacts}; }
  bool higher_is_better() const override { return true; }

  void check_options(const Options& options) const override { settings_of(options, 0); }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    const std::vector<Judged> results = judge(input, settings);
    const std::vector<std::string> tags = tags_in_order(results);
    std::vector<MetricValue> values = values_of(results, settings);
    // The official mean leaves an absent task out silently, which makes it another score.
    size_t absent = 0;
    for (const std::string_view task : geneval_tasks()) {
      if (std::find(tags.begin(), tags.end(), task) == tags.end()) {
        values.front().warnings.push_back(fmt::format("no_{}", task));
        ++absent;
      }
    }
    warn_of_other_tasks(values.front(), results, tags);
    if (!settings.rule.absent_tasks) count_absent_tasks(values.front(), tags.size(), absent);
    int64_t prompts = 0;
    values.front().details["images_correct"] =
        values.front().details["correct"].get<double>() / values.front().details["total"].get<double>();
    values.front().details["prompts_correct"] = prompts_correct(results, prompts);
    if (settings.verbose) {
      values.front().details["summary"] = official_summary(results);
      Json& images = values.front().details["images"] = Json::array();
      for (const Judged& result : results) images.push_back(json_of(result));
    }
    return values;
  }

  std::vector<double> item_scores(const MetricInput& input) const override {
    std::vector<double> scores;
    for (const Judged& result : judge(input, settings_of(input))) scores.push_back(result.verdict.correct ? 1 : 0);
    return scores;
  }

  std::vector<Json> items(const MetricInput& input) const override {
    std::vector<Json> rows;
    for (const Judged& result : judge(input, settings_of(input))) {
      rows.push_back(json_of(result));
    }
    return rows;
  }
};

EMF_REGISTER(MetricRegistry, "geneval", "GenEval's official rule on detections: task scores and their plain mean",
             std::make_unique<GenEval>,
             {.title = "GenEval",
              .parts = {{"single_object", "One object"},
                        {"two_object", "Two objects"},
                        {"counting", "Counting"},
                        {"colors", "Colours"},
                        {"position", "Position"},
                        {"color_attr", "Colour binding"},
                        {"composition", "Long caption"},
                        {"in_distribution", "Pairs seen in training"},
                        {"held_out", "Pairs held out"},
                        {"held_out_template", "In other words"},
                        {"known", "Nothing new"},
                        {"combination", "New combinations"},
                        {"sentence", "New sentences"},
                        {"words", "New words"},
                        {"judge_corrected", "GenEval, corrected for the judge"},
                        {"over_seeds", "GenEval over training seeds"}}});

}  // namespace
}  // namespace emf
