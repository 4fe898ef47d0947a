// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/wordings.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf {

const std::vector<std::string>& novelty_names() {
  static const std::vector<std::string> names = {"none", "combination", "sentence", "words"};
  return names;
}

Wordings::Wordings(const Facts& facts, WordSplit sentences, WordSplit words)
    : facts_(facts), sentences_(emf::sentences(facts, sentences)), words_(words) {
  write_caption(facts);  // refuses facts that nothing states
  size_t size = sentences_.size();
  for (const ObjectFact& object : facts.objects) {
    size *= class_words(object.class_id, words).size();
    if (object.color_id >= 0) size *= color_words(object.color_id, words).size();
    if (object.count > 1) size *= count_words(object.count, words).size();
  }
  size_ = static_cast<uint32_t>(size);
}

std::string Wordings::at(uint32_t number) const {
  ensure(number < size_, "wording {} of {}", number, size_);
  const auto take = [&number](const std::vector<std::string>& words) -> const std::string& {
    const std::string& word = words[number % words.size()];
    number /= static_cast<uint32_t>(words.size());
    return word;
  };
  // Sentences are counted out last, so that neighbours differ in their words.
  std::vector<PhraseWords> phrases;
  for (const ObjectFact& object : facts_.objects) {
    PhraseWords phrase;
    const std::string& name = take(class_words(object.class_id, words_));
    const bool official = name == geneval_classes()[static_cast<size_t>(object.class_id)];
    // The official caption has naive plurals ("knifes"), and so has every other use of the official name.
    phrase.noun = object.count == 1 ? name : official ? plural(object.class_id, NameStyle::kOfficial) : plural_of(name);
    if (object.color_id >= 0) phrase.color = take(color_words(object.color_id, words_));
    if (object.count > 1) phrase.number = take(count_words(object.count, words_));
    phrases.push_back(std::move(phrase));
  }
  return fill_template(sentences_[number], phrases);
}

std::vector<std::string> training_wordings(const Facts& facts, size_t count) {
  const Wordings all(facts, WordSplit::kTraining, WordSplit::kTraining);
  std::vector<std::string> chosen = {all.at(0)};
  Random random(0, "captions/training/" + chosen.front(), 0);
  // Numbers of all wordings in a drawn order, as far as they are needed.
  std::vector<uint32_t> order(all.size());
  for (uint32_t i = 0; i < all.size(); ++i) order[i] = i;
  for (uint32_t i = 1; i < all.size() && chosen.size() < count; ++i) {
    std::swap(order[i], order[i + random.below(all.size() - i)]);
    chosen.push_back(all.at(order[i]));
  }
  return chosen;
}

}  // namespace emf
