// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/scoring/judging.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/captions/composition.h"
#include "harness/engine/text/judged_prompts.h"
#include "harness/rules/answers.h"

namespace emf {
namespace {

constexpr const char* kJudged = "items/judged.jsonl";
constexpr int64_t kBatch = 128;

/// The questions of a prompt, in their order.
std::vector<std::string> questions_of(const Prompt& prompt) {
  std::vector<std::string> texts;
  for (const Json& question : prompt.labels.at("questions")) texts.push_back(question.at("text"));
  return texts;
}

/// An answered row.   @param answers  in the order of the questions.
Json answered_row(const Prompt& prompt, const std::vector<std::string>& answers) {
  const Json& questions = prompt.labels.at("questions");
  ensure(answers.size() == questions.size(), "{} answers to {} questions", answers.size(), questions.size());
  // The keys of a JSON object are strings, and ids are numbers.
  Json by_id = Json::object();
  for (size_t i = 0; i < answers.size(); ++i) by_id[questions[i].at("id").dump()] = answers[i];
  return {{"item_id", prompt.labels.value("item_id", prompt.text)},
          {"questions", questions},
          {"answers", std::move(by_id)}};
}

Json threshold_options(const GenEvalOptions& options) {
  return {{"threshold", options.threshold}, {"counting_threshold", options.counting_threshold}};
}

Json row_of_boxes(const Judge& judge, const Prompt& prompt, const std::vector<Detection>& boxes) {
  Json row = Json::object();
  if (has_questions(prompt)) {
    const PictureAnswers found =
        answer_questions(composition_from_labels(prompt.labels), boxes, judge.geneval_options());
    std::vector<std::string> answers;
    for (const auto& [id, answer] : found) answers.push_back(answer);
    row = answered_row(prompt, answers);
  } else {
    row["metadata"] = prompt.labels;
    row["options"] = threshold_options(judge.geneval_options());
  }
  row["detections"] = to_json(boxes);
  return row;
}

enum class LookedAt { kBoxes, kAnswers, kNothing };

/// How the judge looks at a prompt's picture.
LookedAt look_of(const Judge& judge, const Prompt& prompt) {
  if (has_questions(prompt)) {
    // Answers are preferred even where boxes would do: whoever names a judge that answers wants to hear it.
    if (judge.answers()) return LookedAt::kAnswers;
    if (judge.detects() && is_composition(prompt.labels)) return LookedAt::kBoxes;
    fail_input("the judge answers no questions, and '{}' has some that boxes do not answer; name a judge that does",
               prompt.text);
  }
  return judge.detects() && has_facts(prompt) ? LookedAt::kBoxes : LookedAt::kNothing;
}

}  // namespace

std::vector<std::vector<Detection>> detect_in_batches(const Judge& judge, const at::Tensor& pictures) {
  std::vector<std::vector<Detection>> all;
  for (int64_t begin = 0; begin < pictures.size(0); begin += kBatch) {
    if (interrupted()) stop_interrupted();
    const auto found = judge.detect(pictures.narrow(0, begin, std::min(kBatch, pictures.size(0) - begin)));
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

Json judge_pictures(const Judge& judge, const at::Tensor& pictures, const std::vector<Prompt>& prompts,
                    const RunFolder& folder) {
  const at::NoGradGuard no_grad;
  const auto count = static_cast<int64_t>(prompts.size());
  ensure(pictures.size(0) == count, "{} pictures of {} prompts", pictures.size(0), count);
  // A picture that nobody looks at keeps an empty row, so that rows and prompts stay side by side.
  std::vector<Json> rows(prompts.size(), Json::object());
  std::vector<int64_t> with_boxes, with_answers;
  for (int64_t i = 0; i < count; ++i) {
    const LookedAt look = look_of(judge, prompts[static_cast<size_t>(i)]);
    if (look == LookedAt::kBoxes) with_boxes.push_back(i);
    if (look == LookedAt::kAnswers) with_answers.push_back(i);
  }
  Progress progress("judge pictures", count, "pictures");
  int64_t done = 0;
  // Batches of those pictures alone that are looked at in one way.
  const auto each_batch = [&](const std::vector<int64_t>& places, const auto& look) {
    for (size_t begin = 0; begin < places.size(); begin += kBatch) {
      if (interrupted()) stop_interrupted();
      const std::vector<int64_t> batch(
          places.begin() + static_cast<ptrdiff_t>(begin),
          places.begin() + static_cast<ptrdiff_t>(std::min(places.size(), begin + kBatch)));
      look(batch, pictures.index_select(0, at::tensor(batch, at::kLong)));
      progress.update(done += static_cast<int64_t>(batch.size()));
    }
  };
  each_batch(with_boxes, [&](const std::vector<int64_t>& batch, const at::Tensor& seen) {
    const std::vector<std::vector<Detection>> found = judge.detect(seen);
    for (size_t i = 0; i < batch.size(); ++i) {
      const auto place = static_cast<size_t>(batch[i]);
      rows[place] = row_of_boxes(judge, prompts[place], found[i]);
    }
  });
  each_batch(with_answers, [&](const std::vector<int64_t>& batch, const at::Tensor& seen) {
    std::vector<std::vector<std::string>> questions;
    for (const int64_t place : batch) questions.push_back(questions_of(prompts[static_cast<size_t>(place)]));
    const std::vector<std::vector<std::string>> answers = judge.answer(seen, questions);
    for (size_t i = 0; i < batch.size(); ++i) {
      const auto place = static_cast<size_t>(batch[i]);
      rows[place] = answered_row(prompts[place], answers[i]);
    }
  });
  write_atomically(folder.file(kJudged), json_lines(rows));
  return {{"pictures", count}};
}

std::vector<Json> read_judged(const RunFolder& folder) { return read_json_lines(folder.file(kJudged)); }

}  // namespace emf
