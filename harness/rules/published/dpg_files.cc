// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/published/dpg_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "harness/base/csv.h"
#include "harness/base/error.h"

namespace emf {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

int64_t whole_number(const std::string& cell, const char* what, const std::string& where) {
  const std::string_view text = trimmed(cell);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < 0) {
    fail_input("{}: {} must be a whole number, not '{}'; the official script ends here with an error", where, what,
               cell);
  }
  return number;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t comma = text.find(", ", begin);
    parts.push_back(text.substr(begin, comma == std::string_view::npos ? comma : comma - begin));
    if (comma == std::string_view::npos) return parts;
    begin = comma + 2;
  }
}

/// Where "(0, 0, 512, 512)" stands between ", " and ", ", at the first place of that form.
struct CropPlace {
  size_t begin = 0, end = 0;
};

std::optional<CropPlace> crop_of(std::string_view line) {
  for (size_t at = line.find(", ("); at != std::string_view::npos; at = line.find(", (", at + 1)) {
    const size_t begin = at + 2, end = line.find("), ", begin);
    if (end == std::string_view::npos) return std::nullopt;
    const std::vector<std::string_view> sides = parts_of(line.substr(begin + 1, end - begin - 1));
    const bool numbers = std::all_of(sides.begin(), sides.end(), [](std::string_view side) {
      return !side.empty() && side.find_first_not_of("0123456789") == std::string_view::npos;
    });
    if (sides.size() == 4 && numbers) return CropPlace{begin, end + 1};
  }
  return std::nullopt;
}

std::string item_of(std::string_view image_path) {
  const std::string name = std::filesystem::path(image_path).filename();
  return name.substr(0, name.find('.'));
}

/// The question that "QUESTION, ANSWER" begins with; the longest where several do, the first unanswered of equal ones.
std::optional<size_t> question_of(const DpgPrompt& prompt, std::string_view text, const PictureAnswers& answers) {
  std::optional<size_t> found;
  const auto answered = [&](size_t place) { return answers.count(prompt.graph.questions[place].id) > 0; };
  for (size_t i = 0; i < prompt.texts.size(); ++i) {
    const std::string& question = prompt.texts[i];
    if (!text.starts_with(question) || !text.substr(question.size()).starts_with(", ")) continue;
    const bool longer = !found || question.size() > prompt.texts[*found].size();
    const bool twin = found && question.size() == prompt.texts[*found].size() && answered(*found) && !answered(i);
    if (longer || twin) found = i;
  }
  return found;
}

PictureAnswers& answers_of(DpgPicture& picture, const std::string& crop) {
  const auto known =
      std::find_if(picture.crops.begin(), picture.crops.end(), [&](const auto& entry) { return entry.first == crop; });
  if (known != picture.crops.end()) return known->second;
  return picture.crops.emplace_back(crop, PictureAnswers{}).second;
}

}  // namespace

bool is_dpg_detail(std::string_view line) { return crop_of(line).has_value(); }

bool is_dpg_result(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::vector<std::string_view> parts = parts_of(line);
  return parts.size() > 2 && number_of(parts.back()).has_value() && number_of(parts[parts.size() - 2]).has_value();
}

std::map<std::string, DpgPrompt> read_dpg_benchmark(const AnswerFile& file, AnswerNotes& notes) {
  const std::string text = file.text(), origin = file.origin();
  CsvReader csv(text, origin);
  const CsvTable columns{origin, csv.header().cells, {}};
  const size_t item = columns.required_column("item_id"), id = columns.required_column("proposition_id"),
               dependency = columns.required_column("dependency"), tuple = columns.required_column("tuple"),
               asked = columns.required_column("question_natural_language");
  std::map<std::string, DpgPrompt> prompts;
  std::string before;
  CsvTable::Row row;
  if (csv.next(row)) {
    notes.add("the first question of dpg_bench.csv, never read by the official script",
              fmt::format("{}, question {}", row.cells[item], row.cells[id]));
  }
  while (csv.next(row)) {
    const std::string where = columns.place(row);
    const std::string& name = row.cells[item];
    if (name.empty()) fail_input("{}: no item_id", where);
    if (name != before && prompts.count(name) > 0) {
      notes.add("rows of a prompt stand apart: the official script forgets those before", where);
      prompts.erase(name);
    }
    before = name;
    DpgPrompt& prompt = prompts[name];
    prompt.graph.item_id = name;
    GraphQuestion question;
    question.id = whole_number(row.cells[id], "proposition_id", where);
    question.dependency = row.cells[dependency];
    for (size_t begin = 0; begin <= question.dependency.size();) {
      const size_t comma = std::min(question.dependency.find(',', begin), question.dependency.size());
      whole_number(question.dependency.substr(begin, comma - begin), "dependency", where);
      begin = comma + 1;
    }
    const std::string& words = row.cells[tuple];
    question.subcategory = trimmed(std::string_view(words).substr(0, words.find('(')));
    question.category = trimmed(std::string_view(question.subcategory).substr(0, question.subcategory.find('-')));
    const auto known = std::find_if(prompt.graph.questions.begin(), prompt.graph.questions.end(),
                                    [&](const GraphQuestion& one) { return one.id == question.id; });
    if (known == prompt.graph.questions.end()) {
      prompt.graph.questions.push_back(question);
      prompt.texts.push_back(row.cells[asked]);
    } else {
      notes.add("questions of one number: the official script keeps the last", where);
      prompt.texts[static_cast<size_t>(known - prompt.graph.questions.begin())] = row.cells[asked];
      *known = question;
    }
  }
  if (prompts.empty()) fail_input("{}: no questions", origin);
  return prompts;
}

std::vector<DpgPicture> read_dpg_details(const AnswerFile& file, const std::map<std::string, DpgPrompt>& prompts,
                                         AnswerNotes& notes) {
  std::vector<DpgPicture> pictures;
  std::map<std::string, size_t> places;
  size_t unmatched = 0;
  for_each_line(file.text(), file.origin(), [&](std::string_view line, const std::string& where) {
    const std::optional<CropPlace> crop = crop_of(line);
    if (!crop) fail_input("{}: must be 'image path, (left, top, right, bottom), question, answer'", where);
    const std::string path(line.substr(0, crop->begin - 2));
    const auto prompt = prompts.find(item_of(path));
    if (prompt == prompts.end()) {
      notes.add("answers to a prompt that dpg_bench.csv does not have, left out", fmt::format("{} at {}", path, where));
      ++unmatched;
      return;
    }
    const auto [place, fresh] = places.try_emplace(path, pictures.size());
    if (fresh) pictures.push_back({path, {}});
    PictureAnswers& answers =
        answers_of(pictures[place->second], std::string(line.substr(crop->begin, crop->end - crop->begin)));
    const std::string_view rest = line.substr(crop->end + 2);
    const std::optional<size_t> question = question_of(prompt->second, rest, answers);
    if (!question) {
      fail_input("{}: prompt '{}' has no question that '{}' begins with; is dpg_bench.csv of another version?", where,
                 prompt->first, beginning_of(rest, 80));
    }
    const int64_t id = prompt->second.graph.questions[*question].id;
    const std::string answer(rest.substr(prompt->second.texts[*question].size() + 2));
    if (!answers.emplace(id, answer).second) {
      fail_input("{}: question {} of this crop of {} is answered twice; are two runs in one file?", where, id, path);
    }
    if (answer != "yes" && answer != "no") notes.add("answers that are neither yes nor no, counted as no", where);
  });
  if (pictures.empty()) {
    fail_input(
        "{}: {}", file.origin(),
        unmatched > 0 ? "not one answer is to a prompt of dpg_bench.csv; is it of another benchmark?" : "no answers");
  }
  return pictures;
}

DpgResults read_dpg_results(const AnswerFile& file) {
  DpgResults results;
  bool report = false;
  for_each_line(file.text(), file.origin(), [&](std::string_view line, const std::string& where) {
    report = report || line.starts_with("Model: ");
    if (report) {
      const size_t colon = line.rfind(": ");
      const auto number = colon == std::string_view::npos ? std::nullopt : number_of(line.substr(colon + 2));
      if (number) results.numbers[std::string(trimmed(line.substr(0, colon)))] = *number;
      return;
    }
    const std::vector<std::string_view> parts = parts_of(line);
    DpgResults::Picture picture;
    size_t first = parts.size();
    while (first > 1 && number_of(parts[first - 1])) --first;
    if (parts.size() - first < 2) fail_input("{}: must be 'image path, score of each crop, their mean'", where);
    double sum = 0;
    for (size_t i = first; i < parts.size(); ++i) {
      const double score = *number_of(parts[i]);
      if (score < 0 || score > 1) {
        fail_input("{}: a score of {} is not in 0..1{}", where, score, score > 1 ? "; is it in percent?" : "");
      }
      if (i + 1 < parts.size()) picture.crops.push_back(score);
      if (i + 1 < parts.size()) sum += score;
      picture.mean = score;
    }
    constexpr double kRounding = 1e-9;
    if (std::abs(sum / static_cast<double>(picture.crops.size()) - picture.mean) > kRounding) {
      fail_input("{}: the last number {} is not the mean of the {} before it", where, picture.mean,
                 picture.crops.size());
    }
    picture.image_path = line.substr(0, static_cast<size_t>(parts[first].data() - line.data()) - 2);
    results.pictures.push_back(picture);
  });
  if (results.pictures.empty()) fail_input("{}: no picture has a score", file.origin());
  return results;
}

}  // namespace emf
