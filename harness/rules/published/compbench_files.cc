// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/published/compbench_files.h"

#include <algorithm>
#include <charconv>
#include <deque>

#include "harness/base/error.h"
#include "harness/base/json_elements.h"

namespace emf {
namespace {

const std::vector<std::pair<std::string, std::string>> kFolders = {{"annotation_blip", "blip_vqa"},
                                                                   {"annotation_obj_detection_2d", "unidet_2d"},
                                                                   {"annotation_obj_detection_3d", "unidet_3d"},
                                                                   {"annotation_num", "numeracy"},
                                                                   {"annotation_clip", "clip"},
                                                                   {"annotation_3_in_1", "3_in_1"},
                                                                   {"gpt4v", "gpt4v"}};

/// N of "annotationN_blip", or 0.
int phrase_of(std::string_view folder) {
  constexpr std::string_view kBefore = "annotation", kBehind = "_blip";
  if (!folder.starts_with(kBefore) || !folder.ends_with(kBehind) || folder.size() <= kBefore.size() + kBehind.size())
    return 0;
  const std::string_view digits = folder.substr(kBefore.size(), folder.size() - kBefore.size() - kBehind.size());
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? number : 0;
}

struct Range {
  double low = 0, high = 1;
};

Range range_of(const std::string& evaluator) {
  if (evaluator == "clip") return {-1, 1};
  if (evaluator == "gpt4v") return {0, 100};
  return {0, 1};
}

int64_t id_of(const Json& element, const std::string& where) {
  const Json id = element.is_object() ? element.value("question_id", Json()) : Json();
  int64_t number = 0;
  if (id.is_number_integer()) {
    number = id;
  } else if (id.is_string()) {
    // ShareGPT4V's script writes them as texts.
    const std::string text = id;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) number = -1;
  } else {
    number = -1;
  }
  if (number < 0) fail_input("{}: \"question_id\" must be a whole number from 0", where);
  return number;
}

}  // namespace

CompBenchPlace compbench_place(const AnswerFile& file) {
  CompBenchPlace place{"answers", 0};
  for (const std::filesystem::path& folder : file.path.parent_path()) {
    if (const int phrase = phrase_of(folder.string()); phrase > 0) place = {"blip_vqa", phrase};
    for (const auto& [name, evaluator] : kFolders) {
      if (folder == name) place = {evaluator, 0};
    }
  }
  return place;
}

bool compbench_is_share(const std::string& evaluator) {
  return range_of(evaluator).low == 0 && range_of(evaluator).high == 1;
}

CompBenchAnswers read_compbench_answers(const AnswerFile& file, const std::string& evaluator, AnswerNotes& notes) {
  const Range range = range_of(evaluator);
  std::deque<CompBenchAnswers::Row> rows;
  for_each_element(file.text(), file.origin(), 1, [&](Json&& element, size_t place) {
    const std::string where = fmt::format("{}: element {}", file.origin(), place + 1);
    const int64_t id = id_of(element, where);
    const Json answer = element.value("answer", Json());
    const auto value = answer.is_string()   ? number_of(answer.get<std::string>())
                       : answer.is_number() ? std::optional(answer.get<double>())
                                            : std::nullopt;
    if (!value)
      fail_input("{}: \"answer\" must be a number, or the text of one, not {}", where, beginning_of(answer.dump()));
    if (*value < range.low || *value > range.high) {
      fail_input("{}: an answer of {} is not in {}..{}{}", where, *value, range.low, range.high,
                 *value > range.high ? "; is it in percent?" : "");
    }
    rows.push_back({id, *value});
  });
  if (rows.empty()) fail_input("{}: no answers", file.origin());
  if (evaluator == "answers") {
    notes.add("the folder's name says no evaluator; its answers are taken for shares in 0..1", file.origin());
  }
  return {file.origin(), {rows.begin(), rows.end()}};
}

std::vector<CompBenchQuestion> read_compbench_questions(const AnswerFile& file) {
  std::vector<CompBenchQuestion> questions;
  for_each_element(file.text(), file.origin(), 1, [&](Json&& element, size_t place) {
    const std::string where = fmt::format("{}: element {}", file.origin(), place + 1);
    CompBenchQuestion& question = questions.emplace_back();
    question.id = id_of(element, where);
    const Json image = element.value("image", Json()), text = element.value("question", Json(""));
    if (!image.is_string()) fail_input("{}: \"image\" must be the name of a picture", where);
    if (!text.is_string()) fail_input("{}: \"question\" must be a text", where);
    const std::string name = std::filesystem::path(image.get<std::string>()).filename();
    question.prompt = name.substr(0, name.find('_'));
    question.text = text;
  });
  return questions;
}

}  // namespace emf
