// SPDX-License-Identifier: Apache-2.0
#include "harness/command/answer_comparison.h"

#include <algorithm>
#include <set>

#include "harness/statistics/resampled_sums.h"
#include "probes/metrics/feature_pair.h"

namespace emf {
namespace {

ResampledSums resampled(const AnswerSet& set, const std::set<std::string>* items = nullptr) {
  std::vector<bool> shares;
  for (const AnswerSet::Slot& slot : set.slots) shares.push_back(slot.share);
  ResampledSums sums(shares);
  for (const AnswerItem& item : set.items) {
    if (items != nullptr && items->count(item.id) == 0) continue;
    for (const AnswerPart& part : item.parts) sums.add(item.stratum, item.cluster, part.slot, part.sum);
  }
  return sums;
}

std::vector<Sum> sums_of(const AnswerSet& set, const std::set<std::string>& items) {
  std::vector<Sum> sums(set.slots.size());
  for (const AnswerItem& item : set.items) {
    if (items.count(item.id) == 0) continue;
    for (const AnswerPart& part : item.parts) sums[part.slot] += part.sum;
  }
  return sums;
}

const AnswerNumber* number_of_name(const AnswerSet& set, const std::string& name) {
  const auto found = std::find_if(set.numbers.begin(), set.numbers.end(),
                                  [&](const AnswerNumber& number) { return number.name == name; });
  return found == set.numbers.end() ? nullptr : &*found;
}

void require_same_benchmark(const AnswerSet& ours, const AnswerSet& theirs) {
  if (ours.identity != theirs.identity) {
    fail_input("the two sets of answers do not compare ({})", first_difference(ours.identity, theirs.identity));
  }
  std::map<std::string, const AnswerItem*> others;
  for (const AnswerItem& item : theirs.items) others[item.id] = &item;
  for (const AnswerItem& item : ours.items) {
    const auto other = others.find(item.id);
    if (other == others.end()) continue;
    if (other->second->cluster != item.cluster || other->second->stratum != item.stratum) {
      fail_input("item '{}' is of prompt '{}' here and of '{}' there; the two sets are not of one benchmark", item.id,
                 item.cluster, other->second->cluster);
    }
  }
}

}  // namespace

std::vector<SureNumber> sure_numbers(const AnswerSet& set, const BootstrapOptions& options) {
  std::vector<NumberOfSums> numbers;
  std::vector<double> values;
  for (const AnswerNumber& number : set.numbers) {
    numbers.push_back({number.slots, number.of});
    values.push_back(number.official.value());
  }
  const std::vector<NumberInterval> intervals = resampled(set).intervals(numbers, values, options);
  std::vector<int64_t> items_of(set.slots.size(), 0);
  std::vector<SureNumber> sure;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const std::set<size_t> slots(numbers[i].slots.begin(), numbers[i].slots.end());
    const auto items = std::count_if(set.items.begin(), set.items.end(), [&](const AnswerItem& item) {
      return std::any_of(item.parts.begin(), item.parts.end(),
                         [&](const AnswerPart& part) { return slots.count(part.slot) > 0; });
    });
    sure.push_back({set.numbers[i].name, values[i], intervals[i].ci95, items, intervals[i].clusters});
  }
  return sure;
}

AnswerComparison compare_answers(const AnswerSet& ours, const AnswerSet& theirs, const BootstrapOptions& options) {
  require_same_benchmark(ours, theirs);
  AnswerComparison comparison;
  std::map<std::string, double> others;
  for (const AnswerItem& item : theirs.items) others[item.id] = item.score;
  std::set<std::string> common;
  for (const AnswerItem& item : ours.items) {
    const auto other = others.find(item.id);
    if (other == others.end()) {
      comparison.only_ours.push_back(item.id);
      continue;
    }
    common.insert(item.id);
    comparison.other_scores[item.id] = other->second;
    ++(item.score > other->second ? comparison.won : item.score < other->second ? comparison.lost : comparison.tied);
  }
  for (const AnswerItem& item : theirs.items) {
    if (common.count(item.id) == 0) comparison.only_theirs.push_back(item.id);
  }
  if (common.empty()) {
    fail_input("the two sets of answers have no item in common ('{}' and '{}' are the first of each)",
               ours.items.front().id, theirs.items.front().id);
  }
  const std::vector<Sum> left = sums_of(ours, common), right = sums_of(theirs, common);
  std::vector<NumberOfSums> numbers, partners;
  std::vector<double> values;
  for (const AnswerNumber& number : ours.numbers) {
    const AnswerNumber* partner = number_of_name(theirs, number.name);
    const double a = value_of(number, left), b = partner == nullptr ? 0 : value_of(*partner, right);
    // Where no common item adds to a number, there is nothing to compare.
    if (partner == nullptr || !std::isfinite(a) || !std::isfinite(b)) {
      comparison.numbers_only_ours.push_back(number.name);
      continue;
    }
    numbers.push_back({number.slots, number.of});
    partners.push_back({partner->slots, partner->of});
    values.push_back(a - b);
    comparison.numbers.push_back({number.name, a, b, {}, 1, number.lower_is_better});
  }
  for (const AnswerNumber& number : theirs.numbers) {
    if (number_of_name(ours, number.name) == nullptr) comparison.numbers_only_theirs.push_back(number.name);
  }
  if (numbers.empty()) fail_input("the two sets of answers have no number in common");
  const std::vector<Difference> differences =
      resampled(ours, &common).differences(numbers, resampled(theirs, &common), partners, values, options);
  std::vector<double> p_values;
  std::vector<size_t> tested;
  for (size_t i = 0; i < differences.size(); ++i) {
    comparison.numbers[i].difference = differences[i];
    if (!differences[i].ci95) continue;  // too few prompts to test anything
    tested.push_back(i);
    p_values.push_back(differences[i].p_value);
  }
  const std::vector<double> corrected = holm(p_values);
  for (size_t i = 0; i < tested.size(); ++i) comparison.numbers[tested[i]].p_holm = corrected[i];
  comparison.tested = tested.size();
  return comparison;
}

}  // namespace emf
