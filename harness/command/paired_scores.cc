// SPDX-License-Identifier: Apache-2.0
#include "harness/command/paired_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/api/metric.h"
#include "harness/base/file.h"
#include "harness/rules/judged_lines.h"
#include "reports/record/format.h"

namespace emf {
namespace {

/// Prompt and task: one sentence may be asked in two tasks.
using Place = std::pair<std::string, std::string>;

std::map<Place, std::pair<double, int64_t>> sums_of(const Scores& scores) {
  std::map<Place, std::pair<double, int64_t>> sums;
  for (size_t i = 0; i < scores.values.size(); ++i) {
    auto& [sum, count] = sums[{scores.clusters[i], scores.strata[i]}];
    sum += scores.values[i];
    ++count;
  }
  return sums;
}

Scores restricted(const Scores& scores, const std::set<Place>& kept) {
  Scores out;
  for (size_t i = 0; i < scores.values.size(); ++i) {
    if (kept.count({scores.clusters[i], scores.strata[i]}) == 0) continue;
    out.values.push_back(scores.values[i]);
    // A sentence of two tasks is two clusters: tasks are resampled apart.
    out.clusters.push_back(scores.strata[i] + "\n" + scores.clusters[i]);
    out.strata.push_back(scores.strata[i]);
  }
  return out;
}

/// The prompts that differ most stand first; equal ones keep their order.
void most_first(PairedScore& row) {
  const auto by = [&](const std::string& prompt) {
    const auto& [from, to] = row.scores.at(prompt);
    return std::abs(to - from);
  };
  for (std::vector<std::string>* prompts : {&row.won, &row.lost}) {
    std::stable_sort(prompts->begin(), prompts->end(),
                     [&](const std::string& left, const std::string& right) { return by(left) > by(right); });
  }
}

void correct_for_many(std::vector<PairedScore>& rows) {
  std::vector<double> p_values;
  std::vector<size_t> tested;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].difference.ci95) continue;
    tested.push_back(i);
    p_values.push_back(rows[i].difference.p_value);
  }
  const std::vector<double> corrected = holm(p_values);
  for (size_t i = 0; i < tested.size(); ++i) rows[tested[i]].p_holm = corrected[i];
}

void flatten(const Json& value, const std::string& path, std::map<std::string, Json>& out) {
  if (!value.is_object() || value.empty()) {
    out[path] = value;
    return;
  }
  for (const auto& [key, part] : value.items()) flatten(part, path.empty() ? key : path + "." + key, out);
}

std::string signed_text(double value) { return fmt::format("{:+.4f}", value); }

/// A word of a judged row: its own, or that of its metadata.
std::string word_of(const Json& row, const char* key, const std::string& origin) {
  const Json* holder = &row;
  if (!row.contains(key) && row.contains("metadata") && row.at("metadata").is_object()) holder = &row.at("metadata");
  const auto found = holder->find(key);
  if (found == holder->end() || !found->is_string())
    fail_input("{}: \"{}\" is missing, so its picture cannot be paired with another", origin, key);
  return found->get<std::string>();
}

}  // namespace

PairedComparison paired_scores(const NamedScores& a, const NamedScores& b) {
  PairedComparison comparison;
  std::set<Place> everywhere, common_anywhere;
  for (const auto& [name, left] : a) {
    const auto other =
        std::find_if(b.begin(), b.end(), [&, &wanted = name](const auto& row) { return row.first == wanted; });
    if (other == b.end()) {
      comparison.only_a.push_back(name);
      continue;
    }
    const auto ours = sums_of(left), theirs = sums_of(other->second);
    PairedScore row{name, 0, 0, {}, 1, {}, {}, 0, {}};
    std::set<Place> common;
    for (const auto& [place, sum] : theirs) everywhere.insert(place);
    for (const auto& [place, sum] : ours) {
      everywhere.insert(place);
      const auto partner = theirs.find(place);
      if (partner == theirs.end()) continue;
      common.insert(place);
      const double from = sum.first / static_cast<double>(sum.second);
      const double to = partner->second.first / static_cast<double>(partner->second.second);
      if (to != from) row.scores[place.first] = {from, to};
      if (to > from) {
        row.won.push_back(place.first);
      } else if (to < from) {
        row.lost.push_back(place.first);
      } else {
        ++row.tied;
      }
    }
    if (common.empty()) continue;
    most_first(row);
    common_anywhere.insert(common.begin(), common.end());
    const Scores from = restricted(left, common), to = restricted(other->second, common);
    BootstrapOptions options;
    options.stream = "compare";
    const auto share = [](double value) { return value >= 0 && value <= 1; };
    options.shares = std::all_of(from.values.begin(), from.values.end(), share) &&
                     std::all_of(to.values.begin(), to.values.end(), share);
    row.a = estimate_mean(from, options).value;
    row.b = estimate_mean(to, options).value;
    row.difference = paired_difference(to, from, options);
    comparison.rows.push_back(std::move(row));
  }
  for (const auto& [name, scores] : b) {
    const bool known =
        std::any_of(a.begin(), a.end(), [&, &wanted = name](const auto& row) { return row.first == wanted; });
    if (!known) comparison.only_b.push_back(name);
  }
  if (comparison.rows.empty()) fail_input("the two sides have no row, or no prompt of one, in common");
  comparison.prompts = static_cast<int64_t>(common_anywhere.size());
  comparison.prompts_left_out = static_cast<int64_t>(everywhere.size() - common_anywhere.size());
  correct_for_many(comparison.rows);
  return comparison;
}

JudgedFile read_judged_file(const std::filesystem::path& file) {
  JudgedRows judged;
  bool verdicts = true;
  for (JudgedLine& line : read_judged_lines(file)) {
    verdicts = verdicts && line.row.is_object() && line.row.contains("correct");
    judged.rows.push_back(std::move(line.row));
    judged.detections.push_back(std::move(line.detections));
  }
  if (judged.rows.empty()) fail_input("{} holds no judged picture", file.string());
  // Of results.jsonl the verdict counts, whatever boxes stand beside it.
  if (verdicts) judged.detections.clear();
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make("geneval");
  MetricInput input;
  input.options = {{"origin", file.string()}};
  input.judged = &judged.rows;
  count_pictures_once(judged, file.string());
  if (!judged.detections.empty()) input.detections = &judged.detections;
  JudgedFile out;
  out.warnings = judged.warnings;
  Scores overall;
  std::map<std::string, Scores> tasks;
  const std::vector<Json> items = metric->items(input);
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string origin = fmt::format("{} row {}", file.string(), i + 1);
    const Json& row = judged.rows[i];
    const std::string tag = word_of(row, "tag", origin), prompt = word_of(row, "prompt", origin);
    for (Scores* scores : {&overall, &tasks[tag]}) {
      scores->values.push_back(items[i].at("correct").get<bool>() ? 1 : 0);
      scores->clusters.push_back(prompt);
      scores->strata.push_back(tag);
    }
    if (const auto name = row.find("filename"); name != row.end() && name->is_string())
      out.pictures[prompt].push_back(name->get<std::string>());
  }
  out.scores.emplace_back("overall", std::move(overall));
  for (auto& [tag, scores] : tasks) out.scores.emplace_back(tag, std::move(scores));
  return out;
}

NamedScores scores_of_record(const Json& result) {
  NamedScores named;
  const Json prompts = result.at("prompts");
  for (const Json& cell : result.value("items", Json::array())) {
    Scores scores;
    const Json& values = cell.at("scores");
    if (values.size() != prompts.size())
      fail_input("a record's items are {} scores of {} prompts; it is damaged", values.size(), prompts.size());
    for (size_t i = 0; i < values.size(); ++i) {
      // As comparisons within a suite: a reworded prompt is the twin of a plain one.
      if (values[i].is_null() || prompts[i].value("reworded", false)) continue;
      scores.values.push_back(values[i]);
      scores.clusters.push_back(prompts[i].at("text"));
      scores.strata.push_back(prompts[i].at("tag"));
    }
    std::string name =
        fmt::format("{}/{}/{}/{}", cell.at("encoder").get<std::string>(), cell.at("objective").get<std::string>(),
                    cell.at("steps").get<int64_t>(), cell.at("seed").get<int64_t>());
    if (cell.contains("checkpoint")) name += fmt::format("@{}", cell.at("checkpoint").get<int64_t>());
    if (!scores.values.empty()) named.emplace_back(std::move(name), std::move(scores));
  }
  return named;
}

Json changed_keys(const Json& a, const Json& b) {
  std::map<std::string, Json> left, right;
  flatten(a, "", left);
  flatten(b, "", right);
  std::set<std::string> keys;
  for (const auto& [key, value] : left) keys.insert(key);
  for (const auto& [key, value] : right) keys.insert(key);
  Json changed = Json::array();
  for (const std::string& key : keys) {
    const Json from = left.count(key) > 0 ? left[key] : Json(), to = right.count(key) > 0 ? right[key] : Json();
    if (from != to) changed.push_back({{"key", key}, {"a", from}, {"b", to}});
  }
  return changed;
}

Json json_of(const PairedComparison& comparison) {
  Json rows = Json::array();
  for (const PairedScore& row : comparison.rows) {
    const auto& ci95 = row.difference.ci95;
    rows.push_back({{"name", row.name},
                    {"a", row.a},
                    {"b", row.b},
                    {"difference", row.difference.value},
                    {"ci95", ci95 ? Json{(*ci95)[0], (*ci95)[1]} : Json()},
                    {"p", row.difference.p_value},
                    {"p_holm", row.p_holm},
                    {"prompts", row.difference.clusters},
                    {"won", row.won},
                    {"lost", row.lost},
                    {"tied", row.tied}});
  }
  return {{"rows", rows},
          {"only_a", comparison.only_a},
          {"only_b", comparison.only_b},
          {"prompts", comparison.prompts},
          {"prompts_left_out", comparison.prompts_left_out}};
}

std::vector<Block> blocks_of(const PairedComparison& comparison, const Json& changed, const std::string& a,
                             const std::string& b) {
  std::vector<Block> blocks;
  Table table{fmt::format("b - a over the prompts that both have; a: {}, b: {}", a, b),
              {{"Row"},
               {"a", true},
               {"b", true},
               {"b - a", true},
               {"p, Holm", true},
               {"Won", true},
               {"Lost", true},
               {"Tied", true}}};
  for (const PairedScore& row : comparison.rows) {
    TableCell difference{signed_text(row.difference.value), row.difference.value};
    if (row.difference.ci95) {
      difference.ci95 = {{(*row.difference.ci95)[0], (*row.difference.ci95)[1]}};
      difference.ci95_text = fmt::format("{:+.3f} to {:+.3f}", (*row.difference.ci95)[0], (*row.difference.ci95)[1]);
    }
    // Marked by the corrected p: of forty differences two would stand out by chance.
    difference.best = row.p_holm < 0.05;
    const auto count = [](size_t number) { return TableCell{std::to_string(number), static_cast<double>(number)}; };
    table.add({{row.name},
               {fmt::format("{:.4f}", row.a), row.a},
               {fmt::format("{:.4f}", row.b), row.b},
               difference,
               {format_p(row.p_holm), row.p_holm},
               count(row.won.size()),
               count(row.lost.size()),
               count(static_cast<size_t>(row.tied))});
  }
  blocks.push_back(std::move(table));
  blocks.push_back(Paragraph{
      fmt::format("Paired over {} prompts, which are drawn with replacement within their tasks; differences with a "
                  "corrected p below .05 are marked.{}",
                  comparison.prompts,
                  comparison.prompts_left_out > 0
                      ? fmt::format(" {} prompts that one side alone has are left out.", comparison.prompts_left_out)
                      : ""),
      Tone::kNote});
  if (!changed.empty()) {
    Table keys{"What differs in the two configurations", {{"Key"}, {"a"}, {"b"}}};
    for (const Json& key : changed) keys.add({{key.at("key")}, {key.at("a").dump()}, {key.at("b").dump()}});
    blocks.push_back(std::move(keys));
  }
  for (const PairedScore& row : comparison.rows) {
    if (row.won.empty() && row.lost.empty()) continue;
    Table prompts{"", {{"Prompt"}, {"b is"}}};
    for (const std::string& prompt : row.won) prompts.add({{prompt}, {"better"}});
    for (const std::string& prompt : row.lost) prompts.add({{prompt}, {"worse"}});
    blocks.push_back(BlockGroup{BlockGroup::Layout::kFolded,
                                fmt::format("{}: {} prompts won, {} lost", row.name, row.won.size(), row.lost.size()),
                                {std::move(prompts)}});
  }
  return blocks;
}

}  // namespace emf
