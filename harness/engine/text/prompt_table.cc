#include "harness/engine/text/prompt_table.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/captions/composition.h"
#include "harness/rules/geneval_rule.h"

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

/// The prompts of a file that the dataset has the classes and colours for.
std::vector<Prompt> drawable_prompts(const Dataset& dataset, const std::string& path, int64_t& num_beyond) {
  std::vector<Prompt> prompts;
  std::unordered_set<std::string> held_out;
  for (const Prompt& prompt : dataset.all_prompts(Split::kHeldOut)) held_out.insert(prompt.text);
  const std::vector<Json> lines = read_json_lines(path);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string where = fmt::format("{}:{}", path, i + 1);
    const GenEvalMetadata metadata = geneval_metadata(lines[i], where);
    if (metadata.prompt.empty()) fail_input("{}: \"prompt\" is missing", where);
    Prompt prompt{metadata.prompt, lines[i]};
    prompt.labels["held_out"] = held_out.count(prompt.text) > 0;
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

}  // namespace

int64_t PromptTable::num_plain() const { return std::count_if(judging.begin(), judging.end(), is_plain); }

bool is_plain(const Prompt& prompt) {
  return !prompt.labels.value("reworded", false) && !is_composition(prompt.labels);
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
  const std::vector<Prompt> judged = judging.metadata.empty()
                                         ? dataset.evaluation_prompts(static_cast<int>(judging.prompts), judging.seed)
                                         : drawable_prompts(dataset, judging.metadata, table.num_beyond);
  if (judging.reworded > static_cast<int64_t>(judged.size())) {
    fail_input("evaluation.reworded: {} of {} prompts asked for", judging.reworded, judged.size());
  }
  for (int64_t i = 0; i < judging.pictures_per_prompt; ++i) {
    table.judging.insert(table.judging.end(), judged.begin(), judged.end());
  }
  for (int64_t i = 0; i < judging.reworded; ++i)
    table.judging.push_back(reword(dataset, judged[static_cast<size_t>(i)], rows));
  if (judging.compositions > 0) {
    const std::vector<Prompt> composed = dataset.compositions(static_cast<int>(judging.compositions), judging.seed);
    if (composed.empty()) {
      fail_input("evaluation.compositions: dataset {} has no long captions; leave it out", dataset.name());
    }
    table.judging.insert(table.judging.end(), composed.begin(), composed.end());
  }
  return table;
}

}  // namespace emf
