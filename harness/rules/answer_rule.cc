// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/answer_rule.h"

#include <cmath>
#include <set>

#include "harness/base/error.h"

namespace emf {

size_t AnswerSet::slot(const std::string& name, bool share) {
  const auto [entry, fresh] = places_.try_emplace(name, slots.size());
  if (fresh) slots.push_back({name, share});
  return entry->second;
}

AnswerNumber& AnswerSet::add_mean(const std::string& name, size_t slot, double scale) {
  return numbers.emplace_back(AnswerNumber{
      name, {slot}, [scale](std::span<const Sum> sums) { return scale * sums[0].total / sums[0].weight; }});
}

std::vector<Sum> AnswerSet::sums() const {
  std::vector<Sum> sums(slots.size());
  for (const AnswerItem& item : items) {
    for (const AnswerPart& part : item.parts) sums[part.slot] += part.sum;
  }
  return sums;
}

double value_of(const AnswerNumber& number, std::span<const Sum> sums) {
  std::vector<Sum> own;
  for (const size_t slot : number.slots) own.push_back(sums[slot]);
  return number.of(own);
}

AnswerSet score_answers(const AnswerRule& rule, const std::string& name, const std::vector<std::string>& words,
                        const std::vector<AnswerFile>& benchmark, const Options& options, AnswerNotes& notes,
                        std::vector<AnswerFile>& files) {
  const std::vector<FileKind> kinds = rule.files();
  files = sorted_answer_files(
      words, kinds, [&](const auto& below, std::string_view head) { return rule.kind_of(below, head); },
      rule.takes_labels(), notes);
  std::set<size_t> given;
  for (const AnswerFile& file : files) given.insert(file.kind);
  for (const AnswerFile& file : benchmark) {
    if (kinds.at(file.kind).of_benchmark && given.count(file.kind) == 0) files.push_back(file);
  }
  check_answer_files(files, kinds, name);
  AnswerSet set = rule.score(files, options, notes);
  ensure(!set.items.empty() && !set.numbers.empty(), "rule {} scored nothing and said nothing", name);
  std::set<std::string> ids;
  for (const AnswerItem& item : set.items) ensure(ids.insert(item.id).second, "item '{}' twice", item.id);
  const std::vector<Sum> sums = set.sums();
  for (AnswerNumber& number : set.numbers) {
    const double value = value_of(number, sums);
    if (!number.official) number.official = value;
    ensure(std::isfinite(*number.official) && std::abs(value - *number.official) <= 1e-9 * (1 + std::abs(value)),
           "number '{}' of rule {} is {} in one order and {} in another", number.name, name, *number.official, value);
  }
  return set;
}

}  // namespace emf
