#include "harness/engine/prompt_table.h"

#include <unordered_map>

#include "harness/base/hash.h"

namespace emf {

std::vector<Prompt> PromptTable::all() const {
  std::vector<Prompt> prompts = training;
  prompts.insert(prompts.end(), judging.begin(), judging.end());
  return prompts;
}

std::string PromptTable::hash() const {
  std::string bytes;
  for (const Prompt& prompt : all()) bytes += canonical_json({prompt.text, prompt.labels}) + "\n";
  return sha256_hex(bytes);
}

PromptTable make_prompt_table(const Dataset& dataset, int64_t pool, int64_t judging_prompts, uint64_t judging_seed) {
  PromptTable table;
  std::unordered_map<std::string, int64_t> rows;
  table.training_index.reserve(static_cast<size_t>(pool));
  for (int64_t i = 0; i < pool; ++i) {
    Prompt prompt = dataset.prompt(static_cast<uint64_t>(i));
    const auto [position, fresh] = rows.try_emplace(prompt.text, static_cast<int64_t>(table.training.size()));
    if (fresh) table.training.push_back(std::move(prompt));
    table.training_index.push_back(position->second);
  }
  table.judging = dataset.evaluation_prompts(static_cast<int>(judging_prompts), judging_seed);
  return table;
}

}  // namespace emf
