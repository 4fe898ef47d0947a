// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/claim_sentence.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

#include "harness/base/error.h"

namespace emf {
namespace {

std::optional<double> number_of(const std::string& word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// Words of a sentence; brackets that touch a word are words of their own.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    const size_t opening = std::min(word.find_first_not_of('('), word.size() - 1);
    words.insert(words.end(), opening, "(");
    size_t end = word.size();
    while (end > opening + 1 && word[end - 1] == ')') --end;
    words.push_back(word.substr(opening, end - opening));
    words.insert(words.end(), word.size() - end, ")");
  }
  return words;
}

/// A weighted sum of cells and a plain number.
struct Sum {
  std::vector<ClaimTerm> terms;
  double constant = 0;

  void add(const Sum& other, double weight) {
    constant += weight * other.constant;
    for (const ClaimTerm& term : other.terms) {
      const auto same =
          std::find_if(terms.begin(), terms.end(), [&](const ClaimTerm& own) { return own.cell == term.cell; });
      if (same != terms.end()) {
        same->weight += weight * term.weight;
      } else {
        terms.push_back({weight * term.weight, term.cell});
      }
    }
  }
};

class Parser {
 public:
  Parser(const std::string& text, const std::string& where) : text_(text), where_(where), words_(words_of(text)) {}

  ClaimSentence sentence() {
    ClaimSentence claim;
    if (words_.size() > kMostWords) {
      fail_input("{}: a claim of {} words and signs; {} are enough for any", where_, words_.size(), kMostWords);
    }
    if (words_.size() == 3 && words_[1] == "~") {
      if (is_sign(words_[0]) || is_sign(words_[2])) fail("a probe before ~ and a cell behind it are expected");
      claim.probe = words_[0];
      claim.terms = {{1, words_[2]}};
      return claim;
    }
    const Sum left = sum();
    const std::string sign = take("> or < is expected");
    if (sign != ">" && sign != "<") fail(fmt::format("> or < is expected, not '{}'", sign));
    const Sum right = sum();
    if (at_ < words_.size()) fail(fmt::format("nothing is expected behind the second side, not '{}'", words_[at_]));
    Sum all;
    all.add(left, sign == ">" ? 1 : -1);
    all.add(right, sign == ">" ? -1 : 1);
    std::erase_if(all.terms, [](const ClaimTerm& term) { return term.weight == 0; });
    if (all.terms.empty()) fail("both sides are the same, whatever is measured");
    claim.terms = std::move(all.terms);
    claim.threshold = -all.constant;
    return claim;
  }

 private:
  static constexpr int kMostBrackets = 20;
  static constexpr size_t kMostWords = 500;

  static bool is_sign(const std::string& word) {
    return word.size() == 1 && std::string("+-*()<>~").find(word) != std::string::npos;
  }

  [[noreturn]] void fail(const std::string& what) const { fail_input("{}: claim \"{}\": {}", where_, text_, what); }

  std::string take(const char* expected) {
    if (at_ == words_.size()) fail(expected);
    return words_[at_++];
  }

  bool next_is(const char* word) const { return at_ < words_.size() && words_[at_] == word; }

  Sum sum() {
    Sum all = product();
    while (next_is("+") || next_is("-")) {
      const double weight = words_[at_++] == "+" ? 1 : -1;
      all.add(product(), weight);
    }
    return all;
  }

  Sum product() {
    double factor = 1;
    for (;;) {
      const std::string word = take("a cell or a number is expected");
      const std::optional<double> number = number_of(word);
      if (number && next_is("*")) {
        ++at_;
        factor *= *number;
        continue;
      }
      Sum one;
      one.add(operand(word, number), factor);
      return one;
    }
  }

  Sum operand(const std::string& word, const std::optional<double>& number) {
    Sum one;
    if (number) {
      one.constant = *number;
    } else if (word == "(") {
      if (++depth_ > kMostBrackets) fail("too many brackets within each other");
      one = sum();
      if (take("a closing bracket is expected") != ")") fail("a closing bracket is expected");
      --depth_;
    } else if (is_sign(word)) {
      fail(fmt::format("a cell or a number is expected, not '{}'", word));
    } else {
      one.terms.push_back({1, word});
    }
    return one;
  }

  const std::string &text_, &where_;
  std::vector<std::string> words_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

ClaimSentence parse_claim(const std::string& text, const std::string& where) { return Parser(text, where).sentence(); }

}  // namespace emf
