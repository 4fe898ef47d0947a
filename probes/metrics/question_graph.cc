// SPDX-License-Identifier: Apache-2.0
// Score of prompts by questions that depend on one another: DPG-Bench's rule and DSG's, with an interval over
// prompts.
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/rules/question_graph.h"
#include "harness/statistics/statistics.h"

namespace emf {
namespace {

constexpr int kMostDraws = 1'000'000;

struct Settings {
  std::string name = "question_graph", origin = "judged";
  DependencyRule rule = DependencyRule::kDpg;
  bool official = false;
  BootstrapOptions bootstrap;

  bool official_dpg() const { return official && rule == DependencyRule::kDpg; }
};

/// One judged row.
struct Picture {
  std::string name;
  PictureScore score;
};

struct Item {
  QuestionGraph graph;
  CheckedGraph checked;
  std::vector<Picture> pictures;
  std::vector<std::string> warnings;
  std::string why;  // failed; "" when scored
  double score = 0;
};

/// Answers that the rule takes for a "no" though nobody said so.
struct OddAnswers {
  size_t odd = 0, all = 0;
  std::string shown, advice;  // the first that is not blank, and what to do about such

  void count(const std::string& answer, const std::string& place);
};

struct Judged {
  std::vector<Item> items;
  OddAnswers odd;
  std::vector<std::pair<size_t, size_t>> rows;  // item and picture of each judged row
};

struct Tally {
  double sum = 0;
  int64_t questions = 0;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name = reader.text("name", settings.name, "what its value is called");
  settings.origin = reader.text("origin", settings.origin, "where its rows come from, for messages");
  settings.rule =
      reader.choice("rule", "dpg", {"dpg", "dsg"}, "how a question counts whose dependency was answered no") == "dpg"
          ? DependencyRule::kDpg
          : DependencyRule::kDsg;
  settings.official = reader.flag("official", false, "exactly as the released code, quirks and all");
  settings.bootstrap.draws = static_cast<int>(reader.integer(
      "draws", settings.bootstrap.draws, 1, kMostDraws, "resamples of the bootstrap behind intervals [resamples]"));
  settings.bootstrap.seed = seed;
  settings.bootstrap.stream = "question_graph";
  settings.bootstrap.shares = true;
  reader.finish();
  return settings;
}

Settings settings_of(const MetricInput& input) {
  return settings_of(Options(input.options, "question_graph options"), input.seed);
}

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

bool usable(const QuestionGraph& graph, const PictureAnswers& answers) {
  return std::any_of(graph.questions.begin(), graph.questions.end(), [&](const GraphQuestion& question) {
    const auto answer = answers.find(question.id);
    return answer != answers.end() && !is_blank(answer->second);
  });
}

std::string unanswered(const QuestionGraph& graph, const PictureAnswers& answers) {
  std::vector<int64_t> ids;
  for (const GraphQuestion& question : graph.questions) {
    if (answers.count(question.id) == 0) ids.push_back(question.id);
  }
  return ids.empty() ? "" : fmt::format("question {}", fmt::join(ids, ", "));
}

void OddAnswers::count(const std::string& answer, const std::string& place) {
  ++all;
  if (answer == "yes" || answer == "no") return;
  ++odd;
  if (!shown.empty() || is_blank(answer)) return;
  size_t length = std::min<size_t>(answer.size(), 60);
  while (length < answer.size() && (answer[length] & 0xc0) == 0x80) --length;  // between two letters
  shown = fmt::format("'{}'{} ({})", answer.substr(0, length), length < answer.size() ? " ..." : "", place);
  std::string letters;
  for (const char letter : answer) {
    if (std::isalpha(static_cast<unsigned char>(letter))) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
  }
  char* end = nullptr;
  std::strtod(answer.c_str(), &end);
  if (letters == "yes" || letters == "no") {
    advice = "; the rule knows lower case without anything around it";
  } else if (end == answer.c_str() + answer.size()) {
    advice = "; make a yes or a no of each number first";
  }
}

void score_item(Item& item, const std::vector<PictureAnswers>& answers, const Settings& settings) {
  item.checked = check_graph(item.graph, settings.rule, settings.official);
  item.warnings.insert(item.warnings.end(), item.checked.warnings.begin(), item.checked.warnings.end());
  bool any = false;
  double sum = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    Picture& picture = item.pictures[i];
    picture.score = score_picture(item.graph, item.checked, answers[i], settings.rule, settings.official);
    sum += picture.score.score;
    if (item.why.empty()) item.why = picture.score.why;
    any = any || usable(item.graph, answers[i]);
    const std::string missing = unanswered(item.graph, answers[i]);
    if (!answers[i].empty() && !missing.empty()) {
      item.warnings.push_back(fmt::format("{} picture {}: {} has no answer, which counts as no", item.graph.item_id,
                                          picture.name, missing));
    }
  }
  if (!any && item.checked.why.empty()) item.why = item.graph.questions.empty() ? "no questions" : "no usable answer";
  item.score = item.why.empty() ? sum / static_cast<double>(answers.size()) : 0;
}

/// Rows of one item may stand apart, and any of them may hold its questions.
Judged judge(const MetricInput& input, const Settings& settings) {
  if (input.judged == nullptr || input.judged->empty()) {
    fail_input("{}: question_graph needs judge outputs, but there is not one row", settings.origin);
  }
  Judged judged;
  std::map<std::string, size_t> places;
  std::vector<std::vector<PictureAnswers>> answers;
  for (size_t i = 0; i < input.judged->size(); ++i) {
    const std::string where = fmt::format("{} row {}", settings.origin, i + 1);
    const Json& row = (*input.judged)[i];
    QuestionGraph graph = question_graph(row, where);
    const auto [entry, fresh] = places.try_emplace(graph.item_id, judged.items.size());
    if (fresh) {
      judged.items.emplace_back().graph.item_id = graph.item_id;
      answers.emplace_back();
    }
    Item& item = judged.items[entry->second];
    if (item.graph.questions.empty()) item.graph.questions = std::move(graph.questions);
    answers[entry->second].push_back(picture_answers(row, where));
    judged.rows.emplace_back(entry->second, item.pictures.size());
    const Json name = row.value("picture", Json(std::to_string(item.pictures.size() + 1)));
    item.pictures.push_back({name.is_string() ? name.get<std::string>() : name.dump(), {}});
  }
  if (settings.official_dpg() && !judged.items.front().graph.questions.empty()) {
    Item& first = judged.items.front();
    first.warnings.push_back(
        fmt::format("{}: the official loader skips the file's first question", first.graph.item_id));
    first.graph.questions.erase(first.graph.questions.begin());
  }
  for (size_t i = 0; i < judged.items.size(); ++i) {
    for (const PictureAnswers& given : answers[i]) {
      for (const GraphQuestion& question : judged.items[i].graph.questions) {
        const auto answer = given.find(question.id);
        if (answer == given.end()) continue;
        judged.odd.count(answer->second, fmt::format("{} question {}", judged.items[i].graph.item_id, question.id));
      }
    }
  }
  if (judged.odd.odd == judged.odd.all && !judged.odd.shown.empty()) {
    fail_input("{}: not one of {} answers is \"yes\" or \"no\"; the first is {}{}", settings.origin, judged.odd.all,
               judged.odd.shown, judged.odd.advice);
  }
  for (size_t i = 0; i < judged.items.size(); ++i) score_item(judged.items[i], answers[i], settings);
  return judged;
}

/// Mean score by category: after the rule over all pictures, or as the official code has it.
Json categories_of(const Judged& judged, bool official_dpg, bool detailed) {
  std::map<std::string, Tally> tallies;
  for (const Item& item : judged.items) {
    if (official_dpg && !item.why.empty()) continue;
    for (size_t p = official_dpg ? item.pictures.size() - 1 : 0; p < item.pictures.size(); ++p) {
      const PictureScore& score = item.pictures[p].score;
      for (size_t i = 0; i < item.graph.questions.size(); ++i) {
        const GraphQuestion& question = item.graph.questions[i];
        Tally& tally = tallies[detailed ? question.category + " - " + question.subcategory : question.category];
        tally.sum += official_dpg ? score.raw[i] : score.adjusted[i];
        ++tally.questions;
      }
    }
  }
  Json categories = Json::object();
  for (const auto& [name, tally] : tallies) {
    categories[name] = {{"score", tally.sum / static_cast<double>(tally.questions)}, {"answers", tally.questions}};
  }
  return categories;
}

/// Options: rule ("dpg" or "dsg"), official, draws.
///
/// official, rule dpg: the file's first question is skipped, an item that fails is left out of the mean, and
/// category scores use the last picture before the rule. official, rule dsg: one bad dependency drops all of
/// the item's, and only answered questions count. Otherwise nothing is left out: an item without a usable
/// answer scores 0, and every item that failed is listed either way.
class QuestionGraphs : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kQuestions}; }
  bool higher_is_better() const override { return true; }

  void check_options(const Options& options) const override { settings_of(options, 0); }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    const Judged judged = judge(input, settings);
    Scores scores;
    MetricValue value;
    Json items = Json::array(), failed = Json::array();
    for (const Item& item : judged.items) {
      value.warnings.insert(value.warnings.end(), item.warnings.begin(), item.warnings.end());
      if (!item.why.empty()) failed.push_back({{"item_id", item.graph.item_id}, {"why", item.why}});
      if (settings.official_dpg() && !item.why.empty()) continue;
      Json pictures = Json::array();
      for (const Picture& picture : item.pictures) pictures.push_back(picture.score.score);
      items.push_back({{"item_id", item.graph.item_id}, {"score", item.score}, {"pictures", pictures}});
      scores.values.push_back(item.score);
      scores.clusters.push_back(item.graph.item_id);
    }
    if (judged.odd.odd > 0) {
      value.warnings.push_back(fmt::format(
          "{} of {} answers are neither \"yes\" nor \"no\" and count as no{}{}{}", judged.odd.odd, judged.odd.all,
          judged.odd.shown.empty() ? "" : "; the first: ", judged.odd.shown, judged.odd.advice));
    }
    value.name = settings.name;
    value.identity = {{"rule", settings.rule == DependencyRule::kDpg ? "dpg" : "dsg"}, {"official", settings.official}};
    value.n = static_cast<int64_t>(judged.items.size());
    if (scores.values.empty()) {
      fail_input("{}: not one of {} items can be scored; the first is '{}': {}", settings.origin, judged.items.size(),
                 judged.items.front().graph.item_id, judged.items.front().why);
    }
    const Estimate estimate = estimate_mean(scores, settings.bootstrap);
    value.value = estimate.value;
    value.ci95 = estimate.ci95;
    value.n = estimate.n;
    value.details = {{"items", items},
                     {"failed", failed},
                     {"categories", categories_of(judged, settings.official_dpg(), false)},
                     {"subcategories", categories_of(judged, settings.official_dpg(), true)}};
    return {value};
  }

  std::vector<double> item_scores(const MetricInput& input) const override {
    const Judged judged = judge(input, settings_of(input));
    std::vector<double> scores;
    for (const auto& [item, picture] : judged.rows) {
      const Item& one = judged.items[item];
      scores.push_back(one.why.empty() ? one.pictures[picture].score.score : 0);
    }
    return scores;
  }

  std::vector<Json> items(const MetricInput& input) const override {
    const Judged judged = judge(input, settings_of(input));
    std::vector<Json> rows;
    for (const auto& [item, picture] : judged.rows) {
      const Item& one = judged.items[item];
      Json row = {{"item_id", one.graph.item_id}, {"picture", one.pictures[picture].name}};
      row["score"] = one.why.empty() ? one.pictures[picture].score.score : 0;
      if (!one.why.empty()) row["why"] = one.why;
      rows.push_back(row);
    }
    return rows;
  }
};

EMF_REGISTER(MetricRegistry, "question_graph",
             "Questions that depend on one another, by DPG-Bench's rule or DSG's: mean over prompts",
             std::make_unique<QuestionGraphs>,
             {.title = "Long captions",
              .parts = {{"entity", "Objects"}, {"attribute", "Colours"}, {"other", "Counts"}, {"relation", "Places"}}});

}  // namespace
}  // namespace emf
