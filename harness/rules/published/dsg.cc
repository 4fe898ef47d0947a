// SPDX-License-Identifier: Apache-2.0
// DSG-1k: questions that depend on one another, by prompt, and by the source of the prompt.
//
// Source: j-min/DSG 7330119, dsg/vqa_utils.py and scripts/t2i_eval_dsg1k.py. The rule itself: question_graph.h.
//
// What the scripts do, and a reader may not expect:
// - A "no" sets its children to 0, but no further: their children are judged by the answers as they were given.
// - One dependency that is no number ("5, right") drops every dependency of its prompt.
// - Only questions with an answer count; a prompt without any answer scores 0. A question whose parent has no answer
//   ends the script in a KeyError; here its prompt scores 0 and is named.
// - Only exactly "yes" is right: "Yes" and "yes." are not.
// - Categories are words in the prompt's id: tifa, paragraph, count, relation, real_user, pose, defying, text.
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/official_text.h"
#include "harness/rules/question_graph.h"

namespace emf {
namespace {

enum Kind : size_t { kGraph, kAnswers };

/// @return  "" where the official script knows none.
std::string category_of(const std::string& item) {
  static const std::vector<std::pair<const char*, const char*>> kWords = {
      {"tifa", "tifa"},      {"stanford", "paragraph"},  {"localized", "paragraph"},  {"countbench", "count"},
      {"vrd", "relation"},   {"diffusion", "real_user"}, {"midjourney", "real_user"}, {"posescript", "pose"},
      {"whoops", "defying"}, {"drawtext", "text"}};
  for (const auto& [word, category] : kWords) {
    if (item.find(word) != std::string::npos) return category;
  }
  return "";
}

class Dsg : public AnswerRule {
 public:
  std::string source() const override { return "j-min/DSG 7330119, scripts/t2i_eval_dsg1k.py"; }
  std::vector<FileKind> files() const override {
    return {{"dsg-1k-anns.csv", "the benchmark's questions: item_id, proposition_id, dependency", FileKind::Count::kOne,
             true},
            {"*_dsg.csv", "the answers: item_id, question_id, answer, and t2i_model where there are several"}};
  }
  std::vector<std::string> options() const override {
    return {"generator=NAME: the answers of this t2i_model, where the file holds several"};
  }
  std::optional<size_t> kind_of(const std::filesystem::path&, std::string_view head) const override {
    const std::string_view header = head.substr(0, head.find('\n'));
    if (header.find("proposition_id") != std::string_view::npos) return kGraph;
    if (header.find("answer") != std::string_view::npos && header.find("item_id") != std::string_view::npos) {
      return kAnswers;
    }
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader reader(options);
    const std::string generator = reader.text("generator", "");
    reader.finish();
    const AnswerFile &graph = *file_of(files, kGraph), &answers = *file_of(files, kAnswers);
    graph.text();  // refuses what is not UTF-8
    check_generator(answers, generator);
    // What its reader passes over this rule tells in its own words (note_slips, note_unmatched).
    const std::vector<Json> rows =
        read_question_graphs(graph.path, answers.path,
                             generator.empty() ? std::vector<std::string>{} : std::vector{generator})
            .rows;
    AnswerSet set;
    set.slot("all");
    QuestionGraph questions;
    std::map<std::string, int> pictures;
    for (const Json& row : rows) {
      // Only a prompt's first row holds its questions.
      QuestionGraph own = question_graph(row, answers.origin());
      if (row.contains("questions")) questions = std::move(own);
      add(set, questions, picture_answers(row, answers.origin()), pictures, notes);
    }
    note_slips(answers, rows, notes);
    note_unmatched(answers, rows, generator, notes);
    add_numbers(set);
    return set;
  }

 private:
  /// @throws UserError  several generators and none chosen, or one that the file does not have.
  static void check_generator(const AnswerFile& file, const std::string& generator) {
    const std::string text = file.text(), origin = file.origin();
    CsvReader csv(text, origin);
    const auto column = CsvTable{origin, csv.header().cells, {}}.column("t2i_model");
    if (!column && !generator.empty()) fail_input("{} has no column 't2i_model' to choose a generator by", origin);
    if (!column) return;
    std::set<std::string> found;
    CsvTable::Row row;
    while (csv.next(row)) found.insert(row.cells[*column]);
    const std::vector<std::string> known(found.begin(), found.end());
    if (generator.empty() && known.size() > 1) {
      fail_input("{} holds answers to {} generators ({}); choose one with --option generator=NAME", origin,
                 known.size(), fmt::join(known, ", "));
    }
    if (!generator.empty() && found.count(generator) == 0) {
      fail_input("{} has no generator '{}'{}", origin, generator, suggestion(generator, known));
    }
  }

  static void add(AnswerSet& set, const QuestionGraph& questions, const PictureAnswers& answers,
                  std::map<std::string, int>& pictures, AnswerNotes& notes) {
    const CheckedGraph checked = check_graph(questions, DependencyRule::kDsg, /*official=*/true);
    const PictureScore score = score_picture(questions, checked, answers, DependencyRule::kDsg, /*official=*/true);
    AnswerItem& item = set.items.emplace_back();
    item.cluster = questions.item_id;
    const int picture = ++pictures[questions.item_id];
    item.id = picture == 1 ? questions.item_id : fmt::format("{} #{}", questions.item_id, picture);
    if (answers.empty()) {
      notes.add("prompts without an answer, scored 0 as the official script does", item.id);
    } else if (!score.why.empty()) {
      notes.add("prompts scored 0, where the official script ends with an error",
                fmt::format("{}: {}", item.id, score.why));
    } else if (answers.size() < questions.questions.size()) {
      notes.add("prompts of which only the answered questions count, as the official script has it", item.id);
    }
    if (std::any_of(checked.warnings.begin(), checked.warnings.end(), [](const std::string& line) {
          return line.find("all dependencies dropped") != std::string::npos;
        })) {
      notes.add("prompts that lose every dependency to one that is no number, as in the official loader", item.id);
    }
    const double value = score.why.empty() ? score.score : 0;
    const std::string category = category_of(questions.item_id);
    if (category.empty()) notes.add("prompts of no category, which count in 'all' alone", item.id);
    item.stratum = category;
    item.score = value;
    item.parts = {{set.slot("all"), {value, 1}}};
    if (!category.empty()) item.parts.push_back({set.slot("category/" + category), {value, 1}});
    item.facts = {{"category", category}, {"answers", answers.size()}, {"questions", questions.questions.size()}};
    if (!score.why.empty()) item.facts["why"] = score.why;
  }

  /// Answers that look like yes or no, but are not, to the letter.
  static void note_slips(const AnswerFile& file, const std::vector<Json>& rows, AnswerNotes& notes) {
    for (const Json& row : rows) {
      for (const auto& [question, answer] : row["answers"].items()) {
        const std::string text = answer;
        if (text == "yes" || text == "no") continue;
        notes.add("answers that are neither yes nor no to the letter, counted as no",
                  fmt::format("{}: item {}, question {}: '{}'", file.origin(), row["item_id"].get<std::string>(),
                              question, beginning_of(text)));
      }
    }
  }

  /// Answers to prompts and questions that the graph does not have.
  static void note_unmatched(const AnswerFile& file, const std::vector<Json>& rows, const std::string& generator,
                             AnswerNotes& notes) {
    std::map<std::string, std::set<std::string>> known;
    for (const Json& row : rows) {
      if (!row.contains("questions")) continue;
      for (const Json& question : row["questions"])
        known[row["item_id"]].insert(std::to_string(question["id"].get<int64_t>()));
    }
    const std::string text = file.text(), origin = file.origin();
    CsvReader csv(text, origin);
    const CsvTable columns{origin, csv.header().cells, {}};
    const size_t item = columns.required_column("item_id"), question = columns.required_column("question_id");
    const auto model = columns.column("t2i_model");
    CsvTable::Row row;
    while (csv.next(row)) {
      if (model && !generator.empty() && row.cells[*model] != generator) continue;
      const auto prompt = known.find(row.cells[item]);
      if (prompt == known.end()) {
        notes.add("answers to prompts that the graph does not have, left out",
                  fmt::format("{} at {}", row.cells[item], columns.place(row)));
      } else if (prompt->second.count(row.cells[question]) == 0) {
        notes.add("answers to questions that the graph does not have, left out", columns.place(row));
      }
    }
  }

  static void add_numbers(AnswerSet& set) {
    constexpr double kPercent = 100;
    std::vector<std::vector<double>> scores(set.slots.size());
    for (const AnswerItem& item : set.items) {
      for (const AnswerPart& part : item.parts) scores[part.slot].push_back(part.sum.total);
    }
    std::string text;
    // All prompts are the headline here, and the last line there.
    for (size_t slot = 0; slot < scores.size(); ++slot) {
      const double value = numpy_mean(scores[slot]) * kPercent;
      const std::string name = set.slots[slot].name;
      set.add_mean(name, slot, kPercent).official = value;
      const std::string line = fmt::format("Dataset category: {} | # items: {}\nAvg. score: {:.1f}%\n",
                                           name.substr(name.find('/') + 1), scores[slot].size(), value);
      text = slot == 0 ? line : text.insert(text.rfind("Dataset category: all"), line);
    }
    set.official.push_back({"scripts/t2i_eval_dsg1k.py", text, ""});
  }
};

EMF_REGISTER(AnswerRuleRegistry, "dsg", "DSG-1k's score of its answer files, over all prompts and by their source",
             std::make_unique<Dsg>);

}  // namespace
}  // namespace emf
