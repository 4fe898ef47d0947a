// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/question_graph.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "harness/base/error.h"
#include "harness/rules/dependency_cell.h"

namespace emf {
namespace {

/// "6 -> 11 -> 7 -> 6" for every cycle that a depth-first walk closes.
std::vector<std::string> cycles_of(const QuestionGraph& graph, const CheckedGraph& checked) {
  std::map<int64_t, size_t> places;
  for (size_t i = 0; i < graph.questions.size(); ++i) places[graph.questions[i].id] = i;
  enum class State { kNew, kOpen, kDone };
  std::vector<State> states(graph.questions.size(), State::kNew);
  std::vector<int64_t> path;
  std::vector<std::string> cycles;
  // A question's depth is bounded by the length of its item's graph, so recursion is safe.
  const std::function<void(size_t)> walk = [&](size_t place) {
    states[place] = State::kOpen;
    path.push_back(graph.questions[place].id);
    for (const int64_t parent : checked.parents[place]) {
      const auto found = places.find(parent);
      if (found == places.end()) continue;
      if (states[found->second] == State::kNew) walk(found->second);
      if (states[found->second] != State::kOpen || parent == graph.questions[place].id) continue;
      std::string cycle;
      for (auto at = std::find(path.begin(), path.end(), parent); at != path.end(); ++at) {
        cycle += fmt::format("{} -> ", *at);
      }
      cycles.push_back(cycle + std::to_string(parent));
    }
    path.pop_back();
    states[place] = State::kDone;
  };
  for (size_t i = 0; i < states.size(); ++i) {
    if (states[i] == State::kNew) walk(i);
  }
  return cycles;
}

}  // namespace

CheckedGraph check_graph(const QuestionGraph& graph, DependencyRule rule, bool official) {
  std::set<int64_t> ids;
  for (const GraphQuestion& question : graph.questions) ids.insert(question.id);
  CheckedGraph checked;
  const bool official_dsg = official && rule == DependencyRule::kDsg;
  bool dropped = false;
  const auto warn = [&](const GraphQuestion& question, const std::string& what) {
    checked.warnings.push_back(fmt::format("{} question {}: {}", graph.item_id, question.id, what));
  };
  for (const GraphQuestion& question : graph.questions) {
    const DependencyCell cell =
        official ? read_dependency_cell_officially(question.dependency) : read_dependency_cell(question.dependency);
    for (const std::string& word : cell.words) {
      warn(question, fmt::format("'{}' is not the number of a question", word));
      dropped = true;
    }
    for (const std::string& part : cell.unreadable) {
      if (official_dsg) {
        warn(question, fmt::format("'{}' is not the number of a question", part));
        dropped = true;
      } else if (checked.why.empty()) {
        checked.why = fmt::format("question {}: '{}' among its dependencies names no question", question.id, part);
      }
    }
    std::vector<int64_t>& parents = checked.parents.emplace_back();
    for (const int64_t parent : cell.parents) {
      if (parent == question.id) {
        warn(question, "depends on itself");
      } else if (ids.count(parent) == 0) {
        warn(question, fmt::format("depends on question {}, which does not exist", parent));
      }
      if (official || (parent != question.id && ids.count(parent) != 0)) parents.push_back(parent);
    }
  }
  for (const std::string& cycle : cycles_of(graph, checked)) {
    checked.warnings.push_back(fmt::format("{}: questions depend on each other in a circle, {}", graph.item_id, cycle));
  }
  if (official_dsg && dropped) {
    for (auto& parents : checked.parents) parents.clear();
    checked.warnings.push_back(fmt::format("{}: all dependencies dropped, as the official loader does", graph.item_id));
  }
  return checked;
}

PictureScore score_picture(const QuestionGraph& graph, const CheckedGraph& checked, const PictureAnswers& answers,
                           DependencyRule rule, bool official) {
  ensure(checked.parents.size() == graph.questions.size(), "{} lists of parents for {} questions",
         checked.parents.size(), graph.questions.size());
  const bool answered_only = official && rule == DependencyRule::kDsg;
  PictureScore result;
  std::map<int64_t, double> given, current;
  std::vector<size_t> asked;
  for (size_t i = 0; i < graph.questions.size(); ++i) {
    const auto answer = answers.find(graph.questions[i].id);
    const double score = answer != answers.end() && answer->second == "yes" ? 1 : 0;
    result.raw.push_back(score);
    if (answered_only && answer == answers.end()) continue;
    given[graph.questions[i].id] = score;
    asked.push_back(i);
  }
  result.adjusted = result.raw;
  if (!checked.why.empty()) {
    std::fill(result.adjusted.begin(), result.adjusted.end(), 0.0);
    result.why = checked.why;
    return result;
  }
  if (asked.empty()) {
    result.why = graph.questions.empty() ? "no questions" : "no answers";
    return result;
  }
  current = given;
  const std::map<int64_t, double>& seen = rule == DependencyRule::kDpg ? current : given;
  for (const size_t i : asked) {
    const int64_t id = graph.questions[i].id;
    for (const int64_t parent : checked.parents[i]) {
      const auto score = seen.find(parent);
      if (score == seen.end()) {
        result.why = fmt::format("question {} depends on question {}, which {}", id, parent,
                                 answered_only ? "has no answer" : "does not exist");
        return result;
      }
      if (score->second != 0) continue;
      current[id] = 0;
      break;  // the released code stops at the first "no", before it can miss a later parent
    }
  }
  double sum = 0;
  for (const size_t i : asked) {
    result.adjusted[i] = current[graph.questions[i].id];
    sum += result.adjusted[i];
  }
  result.score = sum / static_cast<double>(asked.size());
  return result;
}

}  // namespace emf
