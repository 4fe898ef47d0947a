// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/scoring/scoring.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/captions/composition.h"
#include "harness/engine/text/judged_prompts.h"
#include "harness/rules/answers.h"
#include "harness/rules/geneval_rule.h"

namespace emf {
namespace {

Json to_json(const MetricValue& value) {
  Json json = {{"name", value.name}, {"n", value.n}};
  json["value"] = value.value ? Json(*value.value) : Json();
  json["ci95"] = value.ci95 ? Json{(*value.ci95)[0], (*value.ci95)[1]} : Json();
  if (!value.why.empty()) json["why"] = value.why;
  if (!value.warnings.empty()) json["warnings"] = value.warnings;
  if (!value.identity.empty()) json["identity"] = value.identity;
  if (!value.details.empty()) json["details"] = value.details;
  return json;
}

/// Places in the list of prompts, and the judged rows there.
struct Chosen {
  std::vector<size_t> places;
  std::vector<Json> rows;
};

template <typename Wanted>
Chosen choose(const ScoringInputs& inputs, const Wanted& wanted) {
  Chosen chosen;
  for (size_t i = 0; i < inputs.prompts->size(); ++i) {
    if (!wanted((*inputs.prompts)[i]) || !is_of_kind((*inputs.prompts)[i], inputs.kind)) continue;
    chosen.places.push_back(i);
    chosen.rows.push_back((*inputs.judged)[i]);
  }
  return chosen;
}

/// A value of parts ("categories") as rows of their own, behind the whole's, which need not hold every item again.
void add_with_parts(const MetricValue& value, Json& metrics) {
  Json whole = to_json(value);
  // The record of a suite holds hundreds of such values, and items stand in files of their own.
  whole.erase("details");
  metrics.push_back(std::move(whole));
  if (!value.details.contains("categories")) return;
  for (const auto& [part, category] : value.details.at("categories").items()) {
    metrics.push_back({{"name", value.name + "/" + part},
                       {"value", category.at("score")},
                       {"ci95", nullptr},
                       {"n", category.at("answers")}});
  }
}

/// Puts an item's score at its prompt's place.
void place_items(const Metric& metric, const MetricInput& input, const Chosen& chosen, Json& items) {
  const std::vector<double> scores = metric.item_scores(input);
  ensure(scores.size() == chosen.places.size(), "{} scores of {} pictures", scores.size(), chosen.places.size());
  for (size_t i = 0; i < scores.size(); ++i) items[chosen.places[i]] = scores[i];
}

Json score_facts(const Metric& metric, MetricInput input, const std::string& name, const ScoringInputs& inputs,
                 const RunFolder& folder) {
  // Items are of every prompt that states facts, for paired tests and for the report's pictures. The score
  // itself is of the plain ones.
  const Chosen all = choose(inputs, [](const Prompt&prompt) { return !has_questions(prompt); }),
               plain = choose(inputs, is_plain), other = choose(inputs, is_reworded);
  if (plain.rows.empty()) fail_input("{}: none of the judged prompts states facts", name);
  Json metrics = Json::array(), items(std::vector<Json>(inputs.prompts->size()));
  input.judged = &all.rows;
  write_atomically(folder.file("items/" + name + ".jsonl"), json_lines(metric.items(input)));
  place_items(metric, input, all, items);
  input.judged = &plain.rows;
  for (const MetricValue& value : metric.score(input)) metrics.push_back(to_json(value));
  if (!other.rows.empty()) {
    input.judged = &other.rows;
    // A score of its own: counted in, the reworded prompts would move the main score with their number.
    input.options["name"] = name + "/held_out_template";
    metrics.push_back(to_json(metric.score(input).front()));
  }
  return {{"metrics", metrics}, {"items", items}};
}

/// A judged row of facts as one of questions that its boxes answer.
/// @param row  {"metadata", "detections", "options"}.
Json asked_facts(const Json& row) {
  const Json& metadata = row.at("metadata");
  const Composition composition = composition_of_facts(facts_from_metadata(metadata));
  const GenEvalOptions options = geneval_options(row.at("options"), "judged row");
  const std::vector<Detection> detections = geneval_detections(row.at("detections"), "judged row");
  Json answers = Json::object();
  for (const auto& [id, answer] : answer_questions(composition, detections, options)) {
    answers[std::to_string(id)] = answer;
  }
  return {{"item_id", metadata.at("prompt")}, {"questions", question_labels(composition)}, {"answers", answers}};
}

Json score_questions(const Metric& metric, MetricInput input, const std::string& name, const ScoringInputs& inputs,
                     const RunFolder& folder) {
  Chosen asked = choose(inputs, has_questions);
  if (asked.rows.empty()) {
    // GenEval's facts are asked about one by one where nothing else has questions.
    asked = choose(inputs, [](const Prompt& prompt) { return is_plain(prompt) && has_facts(prompt); });
    for (Json& row : asked.rows) row = asked_facts(row);
  }
  if (asked.rows.empty()) fail_input("{}: none of the judged prompts has questions or states facts", name);
  Json metrics = Json::array(), items(std::vector<Json>(inputs.prompts->size()));
  input.judged = &asked.rows;
  write_atomically(folder.file("items/" + name + ".jsonl"), json_lines(metric.items(input)));
  place_items(metric, input, asked, items);
  for (const MetricValue& value : metric.score(input)) add_with_parts(value, metrics);
  return {{"metrics", metrics}, {"items", items}};
}

}  // namespace

bool needs_judge(const Metric& metric) {
  const std::set<MetricNeed> needs = metric.needs();
  return needs.count(MetricNeed::kFacts) > 0 || needs.count(MetricNeed::kQuestions) > 0;
}

bool needs_backbone(const Metric& metric) {
  const std::set<MetricNeed> needs = metric.needs();
  return needs.count(MetricNeed::kFeatures) > 0 || needs.count(MetricNeed::kProbabilities) > 0;
}

Json score_pictures(const Metric& metric, const std::string& name, const Json& options, const ScoringInputs& inputs,
                    const RunFolder& folder) {
  const std::set<MetricNeed> needs = metric.needs();
  MetricInput input;
  input.options = options;
  input.options["name"] = name;
  if (needs.count(MetricNeed::kFacts) > 0) return score_facts(metric, input, name, inputs, folder);
  if (needs.count(MetricNeed::kQuestions) > 0) return score_questions(metric, input, name, inputs, folder);
  input.real = inputs.real;
  input.held_out = inputs.held_out;
  input.generated = inputs.generated;
  Json metrics = Json::array();
  for (const MetricValue& value : metric.score(input)) metrics.push_back(to_json(value));
  return {{"metrics", metrics}};
}

}  // namespace emf
