// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/statistics_names.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <utility>

#include "harness/base/error.h"

namespace emf {
namespace {

using Words = std::multiset<std::string>;

/// "Ref_mu" as {"mu", "ref"}.
Words words_of(const std::string& name) {
  Words words;
  std::string word;
  for (const char letter : name + "_") {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    } else if (!word.empty()) {
      words.insert(std::exchange(word, ""));
    }
  }
  return words;
}

/// The other words of a name that has one of these among its own; nothing where it has none.
std::optional<Words> beside(const std::string& name, std::initializer_list<const char*> known) {
  Words words = words_of(name);
  for (const char* word : known) {
    const auto found = words.find(word);
    if (found == words.end()) continue;
    words.erase(found);
    return words;
  }
  return std::nullopt;
}

bool is_vector(const std::vector<int64_t>& shape) {
  return shape.size() == 1 || (shape.size() == 2 && shape[0] == 1);  // [1, D] by those who keep the axis
}

bool is_covariance_for(const std::vector<int64_t>& covariance, const std::vector<int64_t>& mean) {
  if (covariance.empty()) return mean.back() == 1;  // numpy's covariance of one column is a number
  return covariance.size() == 2 && covariance[0] == covariance[1] && covariance[0] == mean.back();
}

}  // namespace

std::optional<StatisticsNames> statistics_names(const ArrayShapes& shapes, const std::string& of,
                                                const std::string& where) {
  std::map<Words, StatisticsNames> pairs;
  for (const auto& [mean, mean_shape] : shapes) {
    const auto mean_words = beside(mean, {"mu", "mean", "means", "m"});
    if (!mean_words || (!is_vector(mean_shape) && mean != "mu")) continue;
    for (const auto& [covariance, shape] : shapes) {
      const auto words = beside(covariance, {"sigma", "cov", "covariance", "s"});
      // Sizes of pytorch-fid's own names are for the reader of them to complain of.
      const bool official = mean == "mu" && covariance == "sigma";
      if (words != mean_words || !(official || is_covariance_for(shape, mean_shape))) continue;
      if (!of.empty() && of != mean && of != covariance) continue;
      StatisticsNames& pair = pairs[*words] = {mean, covariance, ""};
      for (const auto& [count, count_shape] : shapes) {
        const bool one = count_shape.empty() || (count_shape.size() == 1 && count_shape[0] == 1);
        if (one && beside(count, {"n", "count", "num"}) == words) pair.count = count;
      }
    }
  }
  if (pairs.empty()) return std::nullopt;
  const auto plain = pairs.find(Words());
  if (plain != pairs.end()) return plain->second;
  if (pairs.size() > 1) {
    const StatisticsNames &one = pairs.begin()->second, &other = std::next(pairs.begin())->second;
    fail_input("{}: holds statistics under several names ({} and {}, {} and {}); name one as {}:{}", where, one.mean,
               one.covariance, other.mean, other.covariance, where, one.mean);
  }
  return pairs.begin()->second;
}

bool look_like_statistics(const ArrayShapes& shapes) {
  return std::any_of(shapes.begin(), shapes.end(), [&](const auto& vector) {
    return vector.second.size() == 1 && vector.second[0] > 1 &&
           std::any_of(shapes.begin(), shapes.end(), [&](const auto& matrix) {
             return matrix.second.size() == 2 && is_covariance_for(matrix.second, vector.second);
           });
  });
}

}  // namespace emf
