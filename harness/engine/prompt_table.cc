#include "harness/engine/prompt_table.h"

#include <algorithm>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/hash.h"

namespace emf {

std::string PromptTable::hash() const {
  std::string bytes;
  for (const auto* part : {&training, &judging}) {
    for (const Prompt& prompt : *part) bytes += canonical_json({prompt.text, prompt.labels}) + "\n";
  }
  return sha256_hex(bytes);
}

namespace {

/// The same facts in words that no training caption has.
Prompt reword(const Dataset& dataset, const Prompt& prompt, const std::unordered_map<std::string, int64_t>& seen) {
  constexpr uint64_t kMostTries = 1000;
  for (uint64_t attempt = 0; attempt < kMostTries; ++attempt) {
    Prompt other = dataset.paraphrase(prompt, attempt);
    if (other.text == prompt.text || seen.count(other.text) > 0) continue;
    other.labels["held_out"] = prompt.labels.value("held_out", false);
    other.labels["reworded"] = true;
    return other;
  }
  fail_input("evaluation.reworded: dataset {} says '{}' in no words that training does not have; use reworded = 0",
             dataset.name(), prompt.text);
}

}  // namespace

int64_t PromptTable::num_plain() const {
  return std::count_if(judging.begin(), judging.end(),
                       [](const Prompt& prompt) { return !prompt.labels.value("reworded", false); });
}

PromptTable make_prompt_table(const Dataset& dataset, int64_t pool, const JudgingOptions& judging) {
  PromptTable table;
  std::unordered_map<std::string, int64_t> rows;
  table.training_index.reserve(static_cast<size_t>(pool));
  for (int64_t i = 0; i < pool; ++i) {
    Prompt prompt = dataset.prompt(static_cast<uint64_t>(i));
    const auto [position, fresh] = rows.try_emplace(prompt.text, static_cast<int64_t>(table.training.size()));
    if (fresh) table.training.push_back(std::move(prompt));
    table.training_index.push_back(position->second);
  }
  const std::vector<Prompt> judged = dataset.evaluation_prompts(static_cast<int>(judging.prompts), judging.seed);
  for (int64_t i = 0; i < judging.pictures_per_prompt; ++i) {
    table.judging.insert(table.judging.end(), judged.begin(), judged.end());
  }
  for (int64_t i = 0; i < judging.reworded; ++i)
    table.judging.push_back(reword(dataset, judged[static_cast<size_t>(i)], rows));
  return table;
}

}  // namespace emf
