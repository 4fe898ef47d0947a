#include "harness/engine/prompt_table.h"

#include <unordered_map>

#include "harness/base/hash.h"

namespace emf {

std::string PromptTable::hash() const {
  std::string bytes;
  for (const auto* part : {&training, &judging}) {
    for (const Prompt& prompt : *part) bytes += canonical_json({prompt.text, prompt.labels}) + "\n";
  }
  return sha256_hex(bytes);
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
  return table;
}

}  // namespace emf
