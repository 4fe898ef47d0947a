// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/judged_prompts.h"

#include <algorithm>
#include <unordered_set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/captions/composition.h"
#include "harness/captions/geneval_metadata.h"
#include "harness/captions/wordings.h"
#include "harness/rules/question_graph.h"

namespace emf {
namespace {

/// The same facts in words that no training caption has.
Prompt reword(const Dataset& dataset, const Prompt& prompt, const std::unordered_set<std::string>& seen) {
  constexpr uint64_t kMostTries = 1000;
  for (uint64_t attempt = 0; attempt < kMostTries; ++attempt) {
    Prompt other = dataset.paraphrase(prompt, attempt);
    if (other.text == prompt.text || seen.count(other.text) > 0) continue;
    // Facts stay the same in other words, and so does what training has seen of them.
    other.labels["held_out"] = prompt.labels.value("held_out", false);
    other.labels["reworded"] = true;
    return other;
  }
  fail_input("evaluation.reworded: dataset {} says '{}' in no words that training does not have; use reworded = 0",
             dataset.name(), prompt.text);
}

/// The prompts of a file that the dataset has the classes and colours for.
std::vector<Prompt> drawable_prompts(const Dataset& dataset, const std::string& path, int64_t& num_beyond) {
  if (dataset.world() == nullptr) {
    fail_input("evaluation.metadata: dataset {} has no facts, so GenEval's prompts cannot be judged in it",
               dataset.name());
  }
  std::vector<Prompt> prompts;
  std::unordered_set<std::string> held_out;
  for (const Prompt& prompt : dataset.world()->all_prompts(Split::kHeldOut)) held_out.insert(prompt.text);
  const std::vector<Json> lines = read_json_lines(path);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string where = fmt::format("{}:{}", path, i + 1);
    const GenEvalMetadata metadata = geneval_metadata(lines[i], where);
    if (metadata.prompt.empty()) fail_input("{}: \"prompt\" is missing", where);
    for (const char* label : {"reworded", "questions"}) {
      // By these labels judged prompts are told apart, and the line's prompt would be taken for one of another kind.
      if (lines[i].contains(label)) {
        fail_input("{}: \"{}\" is a label that emfbench gives itself; take it out of the line", where, label);
      }
    }
    Prompt prompt{metadata.prompt, lines[i]};
    prompt.labels["held_out"] = held_out.count(prompt.text) > 0;
    // The dataset alone knows which prompts it can draw, and says so by refusing the others.
    try {
      dataset.draw(prompt, 0);
      prompts.push_back(std::move(prompt));
    } catch (const UserError&) {
      ++num_beyond;
    }
  }
  if (prompts.empty()) {
    fail_input("evaluation.metadata: dataset {} can draw none of the {} prompts of {}; give it more classes and colors",
               dataset.name(), lines.size(), path);
  }
  return prompts;
}

std::vector<Prompt> composed_prompts(const Dataset& dataset, const JudgingOptions& judging) {
  std::vector<Prompt> composed;
  if (dataset.world() != nullptr) {
    composed = dataset.world()->compositions(static_cast<int>(judging.compositions), judging.seed);
  }
  if (composed.empty()) {
    fail_input("evaluation.compositions: dataset {} has no long captions; leave it out", dataset.name());
  }
  return composed;
}

}  // namespace

std::string hash_of_prompts(const std::vector<Prompt>& prompts) {
  std::string bytes;
  for (const Prompt& prompt : prompts) bytes += canonical_json({prompt.text, prompt.labels}) + "\n";
  return sha256_hex(bytes);
}

std::string JudgedPrompts::hash() const { return hash_of_prompts(prompts); }

int64_t JudgedPrompts::num_plain() const { return std::count_if(prompts.begin(), prompts.end(), is_plain); }

int64_t JudgedPrompts::num_without_questions() const {
  return std::count_if(prompts.begin(), prompts.end(), [](const Prompt& prompt) { return !has_questions(prompt); });
}

bool is_reworded(const Prompt& prompt) { return prompt.labels.is_object() && prompt.labels.value("reworded", false); }

bool has_questions(const Prompt& prompt) { return prompt.labels.is_object() && prompt.labels.contains("questions"); }

bool is_plain(const Prompt& prompt) { return !is_reworded(prompt) && !has_questions(prompt); }

const std::vector<std::string>& prompt_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> all = {"all", "known", "new"};
    all.insert(all.end(), novelty_names().begin() + 1, novelty_names().end());
    return all;
  }();
  return kinds;
}

bool is_of_kind(const Prompt& prompt, const std::string& kind) {
  if (kind == "all") return true;
  if (!prompt.labels.is_object() || !prompt.labels.contains("novelty")) return false;
  const bool known = prompt.labels.at("novelty") == novelty_names().front();
  if (kind == "known" || kind == "new") return known == (kind == "known");
  return prompt.labels.at("novelty") == kind;
}

bool has_facts(const Prompt& prompt) {
  return prompt.labels.is_object() && prompt.labels.contains("include") && !is_composition(prompt.labels);
}

JudgedPrompts make_judged_prompts(const TrainingCaptions& captions, const JudgingOptions& judging) {
  JudgedPrompts judged;
  const Dataset& dataset = captions.dataset();
  const std::vector<Prompt> plain = judging.metadata.empty()
                                        ? dataset.evaluation_prompts(static_cast<int>(judging.prompts), judging.seed)
                                        : drawable_prompts(dataset, judging.metadata, judged.num_beyond);
  if (judging.reworded > static_cast<int64_t>(plain.size())) {
    fail_input("evaluation.reworded: {} of {} prompts asked for", judging.reworded, plain.size());
  }
  std::vector<Prompt>& prompts = judged.prompts;
  // All prompts once and then all again, so that the first pictures show every prompt, on grids and in smaller
  // numbers of pictures alike.
  for (int64_t i = 0; i < judging.pictures_per_prompt; ++i) prompts.insert(prompts.end(), plain.begin(), plain.end());
  // Behind the plain ones, which must come first: features are taken of the head of the list.
  if (judging.reworded > 0) {
    std::unordered_set<std::string> seen;
    for (int64_t i = 0; i < captions.index().size(); ++i) seen.insert(captions.caption(i).text);
    for (int64_t i = 0; i < judging.reworded; ++i) {
      prompts.push_back(reword(dataset, plain[static_cast<size_t>(i)], seen));
    }
  }
  if (judging.compositions > 0) {
    for (Prompt& prompt : composed_prompts(dataset, judging)) prompts.push_back(std::move(prompt));
  }
  if (!judging.questions.empty()) {
    for (Prompt& prompt : read_question_prompts(judging.questions)) prompts.push_back(std::move(prompt));
  }
  return judged;
}

}  // namespace emf
