// SPDX-License-Identifier: Apache-2.0
#include "harness/command/score_answers.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "harness/base/config.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/base/terminal.h"
#include "harness/command/answer_comparison.h"
#include "harness/command/score_options.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/exclusions.h"
#include "reports/record/format.h"
#include "reports/score_page.h"

namespace emf {
namespace {

constexpr int64_t kMostDraws = 1'000'000;

/// What `score answers --help` ends in: each rule, its files and its options.
std::string rules_text() {
  std::string text = "Rules, and the files each takes (in any order, or the folder that holds them):";
  for (const std::string& name : AnswerRuleRegistry::instance().names()) {
    const auto& entry = AnswerRuleRegistry::instance().find(name);
    const std::unique_ptr<AnswerRule> rule = entry.make();
    text += fmt::format("\n\n{}: {}\n  numbers as {}", name, entry.summary, rule->source());
    for (const FileKind& kind : rule->files()) {
      static const std::map<FileKind::Count, const char*> kCounts = {{FileKind::Count::kOne, "one"},
                                                                     {FileKind::Count::kOneOrNone, "one or none"},
                                                                     {FileKind::Count::kSome, "one or more"},
                                                                     {FileKind::Count::kAny, "any number"}};
      text += fmt::format("\n  {} ({}{}): {}", kind.name, kCounts.at(kind.count),
                          kind.of_benchmark ? ", the benchmark's own" : "", kind.what);
    }
    for (const std::string& option : rule->options()) text += "\n  --option " + option;
  }
  return text;
}

Json number_json(const SureNumber& number) {
  return {{"name", number.name},
          {"value", number.value},
          {"ci95", number.ci95 ? Json(*number.ci95) : Json()},
          {"items", number.items},
          {"prompts", number.clusters}};
}

Json comparison_json(const AnswerComparison& comparison, const std::vector<std::string>& files,
                     const std::vector<std::string>& warnings) {
  Json numbers = Json::array();
  for (const ComparedNumber& number : comparison.numbers) {
    const Difference& difference = number.difference;
    numbers.push_back(
        {{"name", number.name},
         {"value", number.ours},
         {"other", number.theirs},
         {"difference", difference.value},
         {"ci95", difference.ci95 ? Json(*difference.ci95) : Json()},
         {"p", difference.ci95 ? Json(difference.p_value) : Json()},
         {"p_holm", difference.ci95 ? Json(number.p_holm) : Json()},
         {"prompts", difference.clusters},
         {"smallest_detectable", difference.smallest_detectable ? Json(*difference.smallest_detectable) : Json()},
         {"lower_is_better", number.lower_is_better}});
  }
  return {{"files", files},
          {"numbers", numbers},
          {"won", comparison.won},
          {"lost", comparison.lost},
          {"tied", comparison.tied},
          {"only_here", comparison.only_ours},
          {"only_there", comparison.only_theirs},
          {"warnings", warnings}};
}

std::string interval_text(const std::optional<Interval>& interval) {
  return interval ? fmt::format("95 % [{:.6g}, {:.6g}]", (*interval)[0], (*interval)[1]) : "no interval";
}

void print_numbers(const std::vector<SureNumber>& numbers) {
  size_t width = 0;
  for (const SureNumber& number : numbers) width = std::max(width, number.name.size());
  for (const SureNumber& number : numbers) {
    print_shown("{:<{}}  {:<12.6g}  {}  ({} items, {} prompts)\n", number.name, width, number.value,
                interval_text(number.ci95), number.items, number.clusters);
  }
}

void print_comparison(const AnswerComparison& comparison) {
  size_t width = 0;
  for (const ComparedNumber& number : comparison.numbers) width = std::max(width, number.name.size());
  print_shown(
      "\ndifference from --against, over the {} items that both have; p as tested, and by Holm over {} numbers\n",
      comparison.won + comparison.lost + comparison.tied, comparison.tested);
  for (const ComparedNumber& number : comparison.numbers) {
    print_shown("{:<{}}  {:<+12.6g}  {}", number.name, width, number.difference.value,
                interval_text(number.difference.ci95));
    if (number.difference.ci95) {
      print_shown("  p {}, {}", format_p(number.difference.p_value), format_p(number.p_holm));
    }
    print_shown("  ({:.6g} for {:.6g}{})\n", number.ours, number.theirs,
                number.lower_is_better ? "; lower is better" : "");
  }
  print_shown("items: {} won, {} lost, {} tied\n", comparison.won, comparison.lost, comparison.tied);
}

std::string items_text(const AnswerSet& set, const AnswerComparison* comparison) {
  std::string text;
  for (const AnswerItem& item : set.items) {
    Json row = item.facts;
    row.update({{"item", item.id}, {"prompt", item.cluster}, {"score", item.score}});
    if (comparison != nullptr) {
      const auto other = comparison->other_scores.find(item.id);
      row["against"] = other == comparison->other_scores.end() ? Json() : Json(other->second);
      row["outcome"] = other == comparison->other_scores.end() ? "alone"
                       : item.score > other->second            ? "won"
                       : item.score < other->second            ? "lost"
                                                               : "tied";
    }
    text += canonical_json(row) + "\n";
  }
  return text;
}

/// The items on which two sets differ most, or those that score least where there is one set.
Json telling_items(const AnswerSet& set, const AnswerComparison* comparison) {
  constexpr size_t kShown = 20;
  std::vector<std::pair<double, Json>> rows;
  for (const AnswerItem& item : set.items) {
    Json row = {{"item", item.id}, {"score", item.score}};
    if (item.cluster != item.id) row["prompt"] = item.cluster;
    double by = item.score;
    if (comparison != nullptr) {
      const auto other = comparison->other_scores.find(item.id);
      if (other == comparison->other_scores.end()) continue;
      row["against"] = other->second;
      row["difference"] = item.score - other->second;
      by = item.score - other->second;
    }
    rows.emplace_back(by, row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json telling = Json::object();
  Json& least = telling[comparison == nullptr ? "items that score least" : "items lost by most"] = Json::array();
  Json& most = telling[comparison == nullptr ? "items that score most" : "items won by most"] = Json::array();
  for (size_t i = 0; i < std::min(kShown, rows.size()); ++i) {
    if (comparison == nullptr || rows[i].first < 0) least.push_back(rows[i].second);
    const auto& last = rows[rows.size() - 1 - i];
    if (comparison == nullptr || last.first > 0) most.push_back(last.second);
  }
  return telling;
}

void write_page(const AnswerOptions& options, const AnswerSet& set, const AnswerComparison* comparison, Json result) {
  result.update(telling_items(set, comparison));
  write_atomically(options.html, score_page(fmt::format("{}: {}", options.rule, fmt::join(options.files, ", ")),
                                            "emfbench score", result));
  say("page: " + options.html);
}

/// Items and numbers that the comparison had to leave out.
void note_left_out(const AnswerComparison& comparison, AnswerNotes& notes) {
  for (const std::string& item : comparison.only_ours)
    notes.add("items that --against does not have, not compared", item);
  for (const std::string& item : comparison.only_theirs)
    notes.add("items that --against has alone, not compared", item);
  for (const std::string& name : comparison.numbers_only_ours) notes.add("numbers that --against does not have", name);
  for (const std::string& name : comparison.numbers_only_theirs) notes.add("numbers that --against has alone", name);
}

/// Warnings are no progress: they are kept from stderr only where the document holds them.
void say_warnings(const std::string& before, const std::vector<std::string>& warnings, bool in_document) {
  if (in_document && Talk::quiet()) return;
  for (const std::string& warning : warnings) fmt::print(stderr, "note: {}{}\n", before, shown_message(warning));
}

Options rule_options(const AnswerOptions& options) {
  Config config;
  for (const std::string& word : options.options) apply_override(config, word);
  return Options(config.values, "score answers --option");
}

/// Leaves items out by their own name or their prompt's.
/// @throws UserError  nothing is left.
void leave_out(AnswerSet& set, Exclusions& exclusions) {
  if (exclusions.empty()) return;
  std::deque<AnswerItem> kept;
  for (AnswerItem& item : set.items) {
    if (!exclusions.excludes({item.id, item.cluster})) kept.push_back(std::move(item));
  }
  if (kept.empty()) fail_input("--exclude leaves no item to score");
  set.items = std::move(kept);
  // The official scripts know of no exclusion: what they print is of all items, and so is their order of adding up.
  const std::vector<Sum> sums = set.sums();
  for (AnswerNumber& number : set.numbers) number.official = value_of(number, sums);
  // A category that lost its last item has no number.
  std::erase_if(set.numbers, [](const AnswerNumber& number) { return !std::isfinite(*number.official); });
  for (OfficialText& official : set.official) {
    official.text.clear();
    official.why = "items were left out by --exclude";
  }
}

ExitCode print_official(const AnswerSet& set) {
  bool any = false;
  for (const OfficialText& official : set.official) {
    print_lines(official.text);
    any = any || !official.text.empty();
  }
  if (!any) fail_input("the official script prints no number of these answers: {}", set.official.front().why);
  return ExitCode::kGood;
}

}  // namespace

void declare_scored_files(const Flags& flags, AnswerOptions& options) {
  flags.option(
      "--against", options.against,
      "files of another model: differences, paired by item (the benchmark's own files need not be given again)");
  flags.option("--items", options.items, "write a JSON line an item: its score, its facts, and won or lost");
  flags.option("--exclude", options.exclude,
               "leave out the items of this file, an item or prompt a line, a tab and the reason behind it; every "
               "line is printed");
  flags.option("--html", options.html, "write a page of the numbers, one file");
  flags.option("--draws", options.draws, "resamples of the bootstrap over prompts")
      .between(int64_t{1}, kMostDraws)
      .shows_default();
  flags.option("--seed", options.seed, "of every resampling");
  flags.flag("--json", options.json, "one JSON document on stdout");
  flags.flag("--quiet,-q", Talk::quiet(), "no progress on stderr; notes stay, unless --json holds them");
}

void declare_answers(const Flags& score, AnswerOptions& options) {
  const Flags flags = score.verb(
      "answers", "The official numbers of a published benchmark's answer files, with intervals, tests and items");
  options.flags = flags;
  flags.option("--rule", options.rule, "whose rule (see: emfbench list rules)").required();
  flags.option("files", options.files, "answer files, or folders of them; NAME=PATH where a rule takes several runs")
      .required();
  flags.option("--option", options.options, "an option of the rule, key=value");
  flags.flag("--official", options.official, "print what the official scripts print, and nothing else");
  declare_scored_files(flags, options);
  flags.footer(rules_text());
}

ExitCode score_answers(const AnswerOptions& options, const CommonFlags& flags) {
  const std::unique_ptr<AnswerRule> rule = AnswerRuleRegistry::instance().find(options.rule).make();
  if (!options.options.empty() && rule->options().empty()) fail_input("rule {} takes no options", options.rule);
  return score_by_rule(*rule, options, rule_options(options), flags);
}

ExitCode score_by_rule(const AnswerRule& rule, const AnswerOptions& options, const Options& own,
                       const CommonFlags& flags) {
  const auto start = std::chrono::steady_clock::now();
  if (options.official && !options.html.empty())
    fail_input("--official prints the official words alone; leave it or --html out");
  if (!options.html.empty()) require_writable(options.html);
  const bool json = options.json || flags.json;
  AnswerNotes notes, other_notes;
  std::vector<AnswerFile> files, other_files;
  AnswerSet set = score_answers(rule, options.rule, options.files, {}, own, notes, files);
  Exclusions exclusions;
  if (!options.exclude.empty()) exclusions = Exclusions(options.exclude);
  leave_out(set, exclusions);
  exclusions.require_matched();
  BootstrapOptions bootstrap;
  bootstrap.draws = static_cast<int>(options.draws);
  bootstrap.seed = options.seed;
  bootstrap.stream = "answers";
  std::optional<AnswerComparison> comparison;
  if (!options.against.empty()) {
    AnswerSet other = score_answers(rule, options.rule, options.against, files, own, other_notes, other_files);
    Exclusions same = exclusions;  // what one side lacks is left out of the other too, and told of once
    leave_out(other, same);
    comparison = compare_answers(set, other, bootstrap);
    note_left_out(*comparison, notes);
  }
  say_warnings("", notes.lines(), json);
  say_warnings("--against: ", other_notes.lines(), json);
  if (!options.items.empty()) write_atomically(options.items, items_text(set, comparison ? &*comparison : nullptr));
  if (options.official && !json) return print_official(set);
  const std::vector<SureNumber> numbers = sure_numbers(set, bootstrap);
  Json identity = set.identity;
  identity.update({{"rule", options.rule}, {"source", rule.source()}});
  Json result = {
      {"value", numbers.front().value}, {"ci95", numbers.front().ci95 ? Json(*numbers.front().ci95) : Json()},
      {"n", set.items.size()},          {"numbers", Json::array()},
      {"official", Json::array()},      {"identity", identity},
      {"warnings", notes.lines()},      {"excluded", exclusions.lines()}};
  for (const SureNumber& number : numbers) result["numbers"].push_back(number_json(number));
  for (const OfficialText& official : set.official) {
    result["official"].push_back({{"script", official.script},
                                  {"text", official.text.empty() ? Json() : Json(official.text)},
                                  {"why", official.why.empty() ? Json() : Json(official.why)}});
  }
  if (comparison) result["against"] = comparison_json(*comparison, options.against, other_notes.lines());
  if (!options.html.empty()) write_page(options, set, comparison ? &*comparison : nullptr, result);
  if (!json) {
    print_numbers(numbers);
    print_exclusions(exclusions);
    if (comparison) print_comparison(*comparison);
    return ExitCode::kGood;
  }
  result["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
