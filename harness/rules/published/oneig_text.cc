// SPDX-License-Identifier: Apache-2.0
// OneIG-Bench, text rendering: edit distance, completion rate and word accuracy of what was read in the pictures.
//
// Source: OneIG-Bench/OneIG-Benchmark 41b4983, scripts/text/text_score.py, text_utils.py, fine_grained_analysis.py.
//
// What the scripts do, and a reader may not expect:
// - score = 1 - min(M, ED) (1 - CR) (1 - WAC) / M with M 100 in English and 50 in Chinese. ED and CR are means over
//   pictures, WAC is the sum of matched words over the sum of words, so long texts weigh more; by length all three
//   are means over prompts.
// - The wanted text is the cell of text_content as it stands, a Python list in brackets; brackets, quotes and all
//   punctuation are taken out of both sides, and letters other than English, French and Chinese ones with them.
// - Where Chinese stands in a text, all its blanks go; where it stands in the wanted text, characters count as words.
// - A part of the picture grid that is black is no picture. A grid of black alone is given the text that was read for
//   the prompt before it, and a prompt without a picture counts nowhere: neither can be seen in the files.
// - What was read is kept nowhere: the script leaves [ED, CR, WAC] by prompt, means over its pictures. The numbers
//   can be made of these again where every prompt has as many pictures as the others.
#include "harness/rules/published/oneig_reading.h"

#include <algorithm>
#include <array>
#include <set>

#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/official_text.h"
#include "harness/rules/python_literal.h"

namespace emf {
namespace {

enum Kind : size_t { kContent, kLengths, kRead, kScores };

const std::vector<std::string> kMeasures = {"ED", "CR", "WAC"}, kLengthNames = {"short", "middle", "long"};

/// What is wanted of a prompt's pictures.
struct Wanted {
  std::u32string text;
  std::string length;  ///< "short", "middle", "long"; "" where no file says
};

struct Prompts {
  std::string language;
  std::map<std::string, Wanted> wanted;
  std::vector<std::string> order;
};

Prompts read_content(const AnswerFile& file) {
  const std::string text = file.text(), origin = file.origin();
  CsvReader csv(text, origin);
  const CsvTable columns{origin, csv.header().cells, {}};
  const size_t id = columns.required_column("id"), content = columns.required_column("text_content");
  Prompts prompts;
  const bool english = columns.column("prompt_en").has_value(), chinese = columns.column("prompt_cn").has_value();
  if (english != chinese) prompts.language = english ? "en" : "zh";
  CsvTable::Row row;
  while (csv.next(row)) {
    if (!prompts.wanted.emplace(row.cells[id], Wanted{oneig_text(row.cells[content]), ""}).second) {
      fail_input("{}: prompt '{}' stands twice", columns.place(row), row.cells[id]);
    }
    prompts.order.push_back(row.cells[id]);
  }
  if (prompts.order.empty()) fail_input("{}: no prompts", origin);
  return prompts;
}

void read_lengths(const AnswerFile& file, Prompts& prompts, AnswerNotes& notes) {
  const std::string text = file.text(), origin = file.origin();
  CsvReader csv(text, origin);
  const CsvTable columns{origin, csv.header().cells, {}};
  const size_t category = columns.required_column("category"), id = columns.required_column("id"),
               length = columns.required_column("prompt_length");
  CsvTable::Row row;
  while (csv.next(row)) {
    const auto known = prompts.wanted.find(row.cells[id]);
    if (row.cells[category] != "Text_Rendering" || known == prompts.wanted.end()) continue;
    if (!known->second.length.empty()) continue;  // the first row is the one looked at
    known->second.length = row.cells[length];
    if (std::find(kLengthNames.begin(), kLengthNames.end(), row.cells[length]) == kLengthNames.end()) {
      notes.add("prompt lengths other than short, middle and long, which count in no number of lengths",
                fmt::format("'{}' at {}", row.cells[length], columns.place(row)));
    }
  }
}

/// The items of a set: a picture each, or a prompt each where only its means are known.
class Items {
 public:
  Items(AnswerSet& set, const Prompts& prompts) : set_(set), prompts_(prompts) {
    most_ = prompts.language == "en" ? 100 : 50;
    set_.slot("ED", /*share=*/false);
    for (const char* share : {"CR", "WAC"}) set_.slot(share);
  }

  double most() const { return most_; }

  /// Means over a prompt's pictures: ED, CR, WAC.
  void add_prompt(const std::string& prompt, const std::array<double, 3>& means) {
    by_length_[prompts_.wanted.at(prompt).length].push_back(means);
  }
  /// Of a length, those of each prompt, in order.
  const std::vector<std::array<double, 3>>& prompts_of(const std::string& length) { return by_length_[length]; }

  /// @param share  of its prompt: one over the number of its pictures.
  void add(const std::string& prompt, const std::string& id, const OneIgReading& found, double share) {
    AnswerItem& item = set_.items.emplace_back();
    item.id = id;
    item.cluster = prompt;
    item.score = score(found.distance, found.complete, found.accuracy);
    item.parts = {{set_.slot("ED"), {found.distance, 1}},
                  {set_.slot("CR"), {found.complete, 1}},
                  {set_.slot("WAC"), {found.matched, found.words}}};
    item.facts = {{"ED", found.distance}, {"CR", found.complete}, {"WAC", found.accuracy}, {"words", found.words}};
    const std::string& length = prompts_.wanted.at(prompt).length;
    if (length.empty()) return;
    item.facts["length"] = length;
    const std::array<double, 3> values = {found.distance, found.complete, found.accuracy};
    for (size_t i = 0; i < values.size(); ++i) {
      item.parts.push_back({set_.slot(length + "/" + kMeasures[i], /*share=*/i > 0), {values[i] * share, share}});
    }
  }

  double score(double distance, double complete, double accuracy) const {
    return 1 - std::min(most_, distance) * (1 - complete) * (1 - accuracy) / most_;
  }

 private:
  AnswerSet& set_;
  const Prompts& prompts_;
  double most_;
  std::map<std::string, std::vector<std::array<double, 3>>> by_length_;
};

/// Takes {id: [text, ...]}, or JSON Lines of {"id", "ocr"} in a file called .jsonl.
std::map<std::string, std::vector<std::string>> read_ocr(const AnswerFile& file, const Prompts& prompts,
                                                         AnswerNotes& notes) {
  std::map<std::string, std::vector<std::string>> texts;
  const auto take = [&](const std::string& id, const Json& list, const std::string& where) {
    if (!list.is_array() || !std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_string(); })) {
      fail_input("{}: what was read must be a list of texts, one a picture", where);
    }
    if (prompts.wanted.count(id) == 0) {
      notes.add("texts of prompts that text_content does not have, left out", where);
    } else if (!texts.emplace(id, list.get<std::vector<std::string>>()).second) {
      fail_input("{}: prompt '{}' stands twice", where, id);
    }
  };
  if (file.path.extension() == ".jsonl") {
    for_each_line(file.text(), file.origin(), [&](std::string_view line, const std::string& where) {
      const Json row = parse_json(std::string(line), where);
      if (!row.is_object() || !row.contains("id") || !row["id"].is_string() || !row.contains("ocr")) {
        fail_input("{}: must be an object of \"id\", a text, and \"ocr\", a list", where);
      }
      take(row["id"], row["ocr"], where);
    });
    return texts;
  }
  const Json all = parse_json(file.text(), file.origin());
  if (!all.is_object()) fail_input("{}: must be an object, a list of texts by prompt", file.origin());
  for (const auto& [id, list] : all.items()) take(id, list, fmt::format("{}: '{}'", file.origin(), id));
  return texts;
}

/// @return  what the official script writes of each prompt.
std::string add_pictures(Items& items, const AnswerFile& file, const Prompts& prompts, AnswerNotes& notes) {
  const auto texts = read_ocr(file, prompts, notes);
  size_t usual = 0;
  for (const auto& [id, list] : texts) usual = std::max(usual, list.size());
  std::string written = ",model\n";
  for (const std::string& id : prompts.order) {
    const auto own = texts.find(id);
    if (own == texts.end() || own->second.empty()) {
      notes.add("prompts without a picture, which count nowhere in the official score", id);
      written += id + ",\n";
      continue;
    }
    const auto pictures = static_cast<double>(own->second.size());
    if (own->second.size() < usual) notes.add(fmt::format("prompts with fewer than {} pictures", usual), id);
    OneIgReading sum;
    for (size_t picture = 0; picture < own->second.size(); ++picture) {
      const OneIgReading found = oneig_reading(prompts.wanted.at(id).text, oneig_read_text(own->second[picture]));
      items.add(id, fmt::format("{}/{}", id, picture), found, 1 / pictures);
      sum.distance += found.distance;
      sum.complete += found.complete;
      sum.accuracy += found.accuracy;
    }
    const std::array<double, 3> means = {sum.distance / pictures, sum.complete / pictures, sum.accuracy / pictures};
    items.add_prompt(id, means);
    written +=
        fmt::format("{},\"[{}, {}, {}]\"\n", id, python_text(means[0]), python_text(means[1]), python_text(means[2]));
  }
  return written;
}

/// @return  the model's name in the file.
std::string add_scores(Items& items, const AnswerFile& file, const std::string& model, const Prompts& prompts,
                       AnswerNotes& notes) {
  const std::string text = file.text(), origin = file.origin();
  CsvReader csv(text, origin);
  const CsvTable columns{origin, csv.header().cells, {}};
  if (model.empty() && columns.header.size() > 2) {
    fail_input("{} holds {} models; choose one with --option model=NAME", origin, columns.header.size() - 1);
  }
  const size_t place = model.empty() ? columns.header.size() - 1 : columns.required_column(model);
  std::set<std::string> seen;
  CsvTable::Row row;
  while (csv.next(row)) {
    const std::string where = columns.place(row);
    const std::string &id = row.cells[0], &cell = row.cells[place];
    if (!seen.insert(id).second) fail_input("{}: prompt '{}' stands twice", where, id);
    const auto wanted = prompts.wanted.find(id);
    if (wanted == prompts.wanted.end()) {
      notes.add("scores of prompts that text_content does not have, left out", fmt::format("{} at {}", id, where));
      continue;
    }
    if (cell.empty()) {
      notes.add("prompts without a picture, which count nowhere in the official score", id);
      continue;
    }
    const Json list = parse_python_literal(cell, where);
    if (!list.is_array() || list.size() != 3 ||
        !std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_number(); })) {
      fail_input("{}: must be [ED, CR, WAC], not '{}'", where, beginning_of(cell));
    }
    OneIgReading found;
    found.distance = list[0], found.complete = list[1], found.accuracy = list[2];
    found.words = oneig_words(wanted->second.text);
    found.matched = found.accuracy * found.words;
    const auto share = [](double value) { return value >= 0 && value <= 1; };
    if (found.distance < 0 || !share(found.complete) || !share(found.accuracy)) {
      fail_input("{}: {} is no edit distance with two shares in 0..1; are they in percent?", where, beginning_of(cell));
    }
    items.add(id, id, found, 1);
    items.add_prompt(id, {found.distance, found.complete, found.accuracy});
  }
  notes.add(
      "made of means by prompt: equal to the official score where every prompt has as many pictures as the others");
  return columns.header[place];
}

class OneIgText : public AnswerRule {
 public:
  std::string source() const override {
    return "OneIG-Bench/OneIG-Benchmark 41b4983, scripts/text/text_score.py and fine_grained_analysis.py";
  }
  std::vector<FileKind> files() const override {
    return {{"text_content.csv", "the benchmark's texts (text_content_zh.csv in Chinese): id, text_content",
             FileKind::Count::kOne, true},
            {"OneIG-Bench.csv", "adds numbers by prompt_length (English alone)", FileKind::Count::kOneOrNone, true},
            {"ocr.json", "what was read: {id: [text of each picture]}; or ocr.jsonl, lines of {id, ocr}",
             FileKind::Count::kOneOrNone},
            {"text_prompt_score_*.csv", "instead: what the official script leaves, [ED, CR, WAC] by prompt",
             FileKind::Count::kOneOrNone}};
  }
  std::vector<std::string> options() const override {
    return {"language=en|zh: where the header of text_content does not say",
            "model=NAME: the column of text_prompt_score, where it has several"};
  }
  std::optional<size_t> kind_of(const std::filesystem::path&, std::string_view head) const override {
    const std::string_view header = head.substr(0, head.find_first_of("\r\n"));
    if (head.starts_with('{')) return kRead;
    if (header.find("text_content") != std::string_view::npos) return kContent;
    if (header.find("prompt_length") != std::string_view::npos) return kLengths;
    // The script writes two tables; that of sums over prompts begins with ",ED".
    if (header.starts_with(',') && !header.starts_with(",ED,")) return kScores;
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader reader(options);
    const std::string language = reader.choice("language", "", {"", "en", "zh"}), model = reader.text("model", "");
    reader.finish();
    const AnswerFile *read = file_of(files, kRead), *scores = file_of(files, kScores);
    Prompts prompts = read_content(*file_of(files, kContent));
    if (!language.empty()) prompts.language = language;
    if (prompts.language.empty()) {
      fail_input("{}: neither prompt_en nor prompt_cn is a column; say --option language=en or language=zh",
                 file_of(files, kContent)->origin());
    }
    if ((read == nullptr) == (scores == nullptr)) {
      fail_input("rule oneig_text needs what was read (ocr.json) or text_prompt_score_*.csv{}",
                 read == nullptr ? "" : ", not both");
    }
    if (read != nullptr && !model.empty()) fail_input("option model is of text_prompt_score_*.csv, which is not given");
    const AnswerFile* lengths = file_of(files, kLengths);
    if (lengths != nullptr) read_lengths(*lengths, prompts, notes);
    AnswerSet set;
    set.identity["language"] = prompts.language;
    Items items(set, prompts);
    std::string by_prompt, name = "model";
    if (read != nullptr) {
      by_prompt = add_pictures(items, *read, prompts, notes);
    } else {
      name = add_scores(items, *scores, model, prompts, notes);
    }
    if (set.items.empty()) fail_input("{}: no prompt has a picture", (read != nullptr ? read : scores)->origin());
    add_numbers(set, items.most());
    add_official(set, name);
    if (!by_prompt.empty()) set.official.push_back({"scripts/text/text_score.py, by prompt", by_prompt, ""});
    if (lengths != nullptr) add_lengths(set, items, name);
    return set;
  }

 private:
  static void add_numbers(AnswerSet& set, double most) {
    if (set.sums()[set.slot("WAC")].weight == 0) fail_input("no wanted text holds a word");
    set.numbers.push_back(
        {"score", {set.slot("ED"), set.slot("CR"), set.slot("WAC")}, [most](std::span<const Sum> sums) {
           return 1 - std::min(most, sums[0].mean()) * (1 - sums[1].mean()) * (1 - sums[2].mean()) / most;
         }});
    for (const std::string& measure : kMeasures) {
      set.add_mean(measure, set.slot(measure)).lower_is_better = measure == "ED";
    }
  }

  static void add_official(AnswerSet& set, const std::string& model) {
    std::string text = fmt::format(",ED,CR,WAC,text score\n{}", model);
    const std::vector<Sum> sums = set.sums();
    for (const size_t number : {1, 2, 3, 0}) text += "," + python_text(value_of(set.numbers[number], sums));
    set.official.push_back({"scripts/text/text_score.py", text + "\n", ""});
  }

  static void add_lengths(AnswerSet& set, Items& items, const std::string& model) {
    std::string header = "Model", values = model;
    for (size_t measure = 0; measure < kMeasures.size(); ++measure) {
      for (const std::string& length : kLengthNames) {
        header += fmt::format(",{}_{}", length, kMeasures[measure]);
        const std::vector<std::array<double, 3>>& prompts = items.prompts_of(length);
        double total = 0;
        for (const auto& means : prompts) total += means[measure];
        const double mean = total / static_cast<double>(prompts.size());
        values += prompts.empty() ? ",-" : fmt::format(",{:.3f}", mean);
        if (prompts.empty()) continue;
        const std::string name = length + "/" + kMeasures[measure];
        AnswerNumber& number = set.add_mean(name, set.slot(name));
        number.official = mean;
        number.lower_is_better = measure == 0;
      }
    }
    set.official.push_back({"fine_grained_analysis.py", header + "\n" + values + "\n", ""});
  }
};

EMF_REGISTER(AnswerRuleRegistry, "oneig_text", "OneIG-Bench's text score: edit distance, completion, word accuracy",
             std::make_unique<OneIgText>);

}  // namespace
}  // namespace emf
