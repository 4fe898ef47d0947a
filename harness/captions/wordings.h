// SPDX-License-Identifier: Apache-2.0
// The many ways in which facts can be said, counted out, for worlds whose training says some and whose judged prompts
// say others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/captions/grammar.h"
#include "harness/captions/sentences.h"

namespace emf {

/// What training never had of a judged prompt.
enum class Novelty {
  kNone,         ///< training may have said this very text
  kCombination,  ///< each word and each thing is known, and never together
  kSentence,     ///< known facts and words in a sentence that training does not use
  kWords,        ///< known facts in known sentences, with names, colours and numbers that training does not use
};

/// "none", "combination", "sentence", "words": what the label `novelty` of a judged prompt says.
const std::vector<std::string>& novelty_names();

/// Every way to say facts with sentences of one half and words of the other, or of the same.
class Wordings {
 public:
  /// @throws InternalError  facts that no caption states.
  Wordings(const Facts& facts, WordSplit sentences, WordSplit words);

  /// 0 where a class has no held-out name.
  uint32_t size() const { return size_; }
  /// @param number  0 .. size() - 1. Of training's sentences and words the first is the official caption.
  /// @cost  about a microsecond.
  std::string at(uint32_t number) const;

 private:
  const Facts& facts_;
  const std::vector<Template>& sentences_;
  WordSplit words_;
  uint32_t size_ = 0;
};

/// Up to `count` ways in which training says the facts, the official caption first: a function of the facts alone, so
/// that every seed of a world trains on the same captions.
std::vector<std::string> training_wordings(const Facts& facts, size_t count);

}  // namespace emf
