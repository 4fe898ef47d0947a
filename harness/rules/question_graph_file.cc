// SPDX-License-Identifier: Apache-2.0
// Question graphs and answers between CSV, judged rows and structs.
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/base/progress.h"
#include "harness/rules/question_graph.h"

namespace emf {
namespace {

std::optional<int64_t> id_of(const std::string& text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 1) return std::nullopt;
  return id;
}

int64_t required_id(const CsvTable& table, const CsvTable::Row& row, size_t column) {
  const std::optional<int64_t> id = id_of(row.cells[column]);
  if (!id) {
    fail_input("{}: {} must be a whole number from 1, not '{}'", table.place(row), table.header[column],
               row.cells[column]);
  }
  return *id;
}

struct Items {
  std::vector<std::string> order;
  std::map<std::string, Json> questions;  // arrays
  std::vector<std::string> warnings;
};

/// Where each question of an item stands in its array.
using Places = std::map<std::pair<std::string, int64_t>, size_t>;

/// @param texts  the column of the questions' words, where they are wanted.
Items read_items(const CsvTable& table, std::optional<size_t> texts) {
  const size_t item = table.required_column("item_id"), id = table.required_column("proposition_id"),
               dependency = table.required_column("dependency");
  const auto broad = table.column("category_broad"), detailed = table.column("category_detailed");
  if (table.rows.empty()) fail_input("{}: no questions", table.origin);
  Items items;
  Places places;
  for (const CsvTable::Row& row : table.rows) {
    const std::string& name = row.cells[item];
    const int64_t number = required_id(table, row, id);
    if (name.empty()) fail_input("{}: no item_id", table.place(row));
    const auto [entry, fresh] = items.questions.try_emplace(name, Json::array());
    if (fresh) items.order.push_back(name);
    Json question = {{"id", number},
                     {"dependency", row.cells[dependency]},
                     {"category", broad ? row.cells[*broad] : ""},
                     {"subcategory", detailed ? row.cells[*detailed] : ""}};
    if (texts) question["text"] = row.cells[*texts];
    const auto [place, first] = places.try_emplace({name, number}, entry->second.size());
    if (first) {
      entry->second.push_back(std::move(question));
      continue;
    }
    items.warnings.push_back(fmt::format("{}: question {} of item '{}' stands there again; this later row counts",
                                         table.place(row), number, name));
    entry->second[place->second] = std::move(question);
  }
  return items;
}

/// Picture -> answers, by item. Pictures are keyed so that those of one generator stay together, in the order
/// in which the generators were asked for.
using Pictures = std::map<std::pair<size_t, std::string>, Json>;

struct Answer {
  std::string place, item;
  int64_t question = 0;
};

struct Answers {
  std::map<std::string, Pictures> pictures;
  std::vector<Answer> all;  // in the file's order
};

Answers read_answers(const CsvTable& table, const std::vector<std::string>& generators) {
  const size_t item = table.required_column("item_id"), question = table.required_column("question_id"),
               answer = table.required_column("answer");
  const auto model = table.column("t2i_model"), picture = table.column("picture");
  if (!generators.empty() && !model) fail_input("{} has no column 't2i_model' to choose a generator by", table.origin);
  std::set<std::string> models;
  if (model) {
    for (const CsvTable::Row& row : table.rows) models.insert(row.cells[*model]);
  }
  const std::vector<std::string> known(models.begin(), models.end());
  if (generators.empty() && known.size() > 1) {
    fail_input("{} holds answers to {} generators ({}); choose one with --generator", table.origin, known.size(),
               fmt::join(known, ", "));
  }
  for (const std::string& name : generators) {
    if (models.count(name) == 0)
      fail_input("{} has no generator '{}'; known: {}", table.origin, name, fmt::join(known, ", "));
  }
  Answers answers;
  std::map<std::tuple<std::string, size_t, int64_t>, int> repeats;
  for (const CsvTable::Row& row : table.rows) {
    size_t generator = 0;
    if (!generators.empty()) {
      const auto found = std::find(generators.begin(), generators.end(), row.cells[*model]);
      if (found == generators.end()) continue;
      generator = static_cast<size_t>(found - generators.begin());
    }
    const std::string& name = row.cells[item];
    const int64_t id = required_id(table, row, question);
    const std::string place = picture ? row.cells[*picture] : fmt::format("{:06}", ++repeats[{name, generator, id}]);
    answers.all.push_back({table.place(row), name, id});
    Json& given = answers.pictures[name].try_emplace({generator, place}, Json::object()).first->second;
    if (given.contains(std::to_string(id))) {
      fail_input("{}: question {} of item '{}', picture '{}' is answered twice", table.place(row), id, name, place);
    }
    given[std::to_string(id)] = row.cells[answer];
  }
  return answers;
}

/// Answers to questions that nobody asked, which another spelling of the items would make of all of them.
void tell_unmatched(std::vector<std::string>& warnings, const Items& items, const Answers& answers,
                    const std::string& graph, const std::string& origin) {
  std::set<std::pair<std::string, int64_t>> asked;
  for (const auto& [name, questions] : items.questions) {
    for (const Json& question : questions) asked.insert({name, question["id"].get<int64_t>()});
  }
  size_t unmatched = 0;
  const Answer* first = nullptr;
  for (const Answer& answer : answers.all) {
    if (asked.count({answer.item, answer.question}) != 0) continue;
    ++unmatched;
    if (first == nullptr) first = &answer;
  }
  if (first == nullptr) return;
  const std::string shown = fmt::format("question {} of item '{}'", first->question, first->item);
  if (unmatched == answers.all.size()) {
    fail_input("{}: none of the {} answers is to a question of {} (the first is to {}; the graph's first item is '{}')",
               origin, unmatched, graph, shown, items.order.front());
  }
  warnings.push_back(fmt::format("{} of {} answers match no question of the graph; the first, {}, is to {}", unmatched,
                                 answers.all.size(), first->place, shown));
}

/// Where the n-th answer is about the n-th picture, a file that was joined from parts that overlap shows so.
void tell_unequal(std::vector<std::string>& warnings, const Answers& answers) {
  const std::string *most = nullptr, *least = nullptr;
  const auto pictures = [&](const std::string* item) { return answers.pictures.at(*item).size(); };
  for (const auto& [item, given] : answers.pictures) {
    if (most == nullptr || given.size() > pictures(most)) most = &item;
    if (least == nullptr || given.size() < pictures(least)) least = &item;
  }
  if (most == nullptr || pictures(most) == pictures(least)) return;
  warnings.push_back(fmt::format("items have unequal numbers of pictures: '{}' {}, '{}' {}", *most, pictures(most),
                                 *least, pictures(least)));
}

}  // namespace

std::vector<Prompt> read_question_prompts(const std::filesystem::path& path) {
  const CsvTable table = read_csv(path);
  const size_t item = table.required_column("item_id"), text = table.required_column("text"),
               asked = table.required_column("question_natural_language");
  const Items items = read_items(table, asked);
  std::map<std::string, std::string> texts;
  for (const CsvTable::Row& row : table.rows) {
    const std::string& name = row.cells[item];
    const auto [known, fresh] = texts.try_emplace(name, row.cells[text]);
    if (known->second != row.cells[text]) {
      fail_input("{}: item '{}' has another text than above; one item is one prompt", table.place(row), name);
    }
  }
  for (const std::string& warning : items.warnings) say("warning: " + warning);
  std::vector<Prompt> prompts;
  for (const std::string& name : items.order) {
    const std::string& words = texts.at(name);
    prompts.push_back(
        {words, {{"tag", "questions"}, {"prompt", words}, {"item_id", name}, {"questions", items.questions.at(name)}}});
  }
  return prompts;
}

QuestionRows read_question_graphs(const std::filesystem::path& graph_path, const std::filesystem::path& answers_path,
                                  const std::vector<std::string>& generators) {
  // Both are opened before either is looked into.
  const CsvTable graph = read_csv(graph_path), given_answers = read_csv(answers_path);
  const Items items = read_items(graph, std::nullopt);
  Answers answers = read_answers(given_answers, generators);
  QuestionRows result{{}, items.warnings};
  tell_unmatched(result.warnings, items, answers, graph.origin, answers_path.string());
  tell_unequal(result.warnings, answers);
  for (const std::string& name : items.order) {
    Json row = {{"item_id", name}, {"questions", items.questions.at(name)}, {"answers", Json::object()}};
    const auto given = answers.pictures.find(name);
    if (given == answers.pictures.end()) {
      result.rows.push_back(row);
      continue;
    }
    for (const auto& [key, texts] : given->second) {
      row["picture"] = key.second;
      row["answers"] = texts;
      result.rows.push_back(row);
      row.erase("questions");
    }
  }
  return result;
}

QuestionGraph question_graph(const Json& row, const std::string& where) {
  if (!row.is_object() || !row.contains("item_id") || !row["item_id"].is_string()) {
    fail_input("{}: a judged row needs a text \"item_id\"", where);
  }
  QuestionGraph graph{row["item_id"], {}};
  if (!row.contains("questions")) return graph;
  if (!row["questions"].is_array()) fail_input("{}: \"questions\" must be a list", where);
  for (const Json& one : row["questions"]) {
    if (!one.is_object() || !one.contains("id") || !one["id"].is_number_integer() || !one.contains("dependency") ||
        !one["dependency"].is_string()) {
      fail_input("{}: a question needs a whole number \"id\" and a text \"dependency\"", where);
    }
    GraphQuestion& question = graph.questions.emplace_back();
    question.id = one["id"];
    question.dependency = one["dependency"];
    for (const auto& [key, text] :
         {std::pair{"category", &question.category}, {"subcategory", &question.subcategory}}) {
      if (!one.contains(key)) continue;
      if (!one[key].is_string()) fail_input("{}: a question's \"{}\" must be a text", where, key);
      *text = one[key];
    }
  }
  return graph;
}

PictureAnswers picture_answers(const Json& row, const std::string& where) {
  if (!row.is_object() || !row.contains("answers") || !row["answers"].is_object()) {
    fail_input("{}: a judged row needs \"answers\", an object of question to text", where);
  }
  PictureAnswers answers;
  for (const auto& [key, text] : row["answers"].items()) {
    const std::optional<int64_t> id = id_of(key);
    if (!id || !text.is_string()) fail_input("{}: the answer to '{}' must be a text, by question number", where, key);
    answers[*id] = text;
  }
  return answers;
}

}  // namespace emf
