// SPDX-License-Identifier: Apache-2.0
// Text to token ids, by name, for those who want the ids and no features.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "harness/base/registry.h"

namespace emf {

/// The marks a family's tokenizer adds by itself: [CLS] ... [SEP] (BERT), BOS (Gemma), EOS (T5); often none.
struct SpecialIds {
  std::vector<int64_t> before, after;
  bool closes_once = false;  ///< nothing is added behind ids that end in the closing marks already (SigLIP)

  /// Puts them round a text's own ids.
  void add_to(std::vector<int64_t>& ids) const;
};

/// A trained tokenizer. Safe to call from any thread.
class Tokenizer {
 public:
  static constexpr const char* kKind = "tokenizer";
  virtual ~Tokenizer() = default;

  /// Ids of a text, never cut; empty text has none of its own.
  ///
  /// @param text  valid UTF-8, any length.
  /// @param with_specials  with specials() round them; who cuts keeps the closing ones.
  /// @throws UserError  text not UTF-8 (names the byte).   @cost  about 0.2 us a byte.
  virtual std::vector<int64_t> encode(std::string_view text, bool with_specials) const = 0;

  virtual SpecialIds specials() const { return {}; }

  /// What stands for a text that has no ids at all, marks included, where a model needs one: the tokenizer's own pad
  /// mark, else its end mark, else its begin mark; nothing where it has none of them.
  virtual std::optional<int64_t> filler() const { return std::nullopt; }

  /// One more than the greatest id.
  virtual int64_t vocabulary_size() const = 0;
};

/// Factories throw UserError(kMissing) when the vocabulary's file is absent.
using TokenizerRegistry = Registry<Tokenizer>;

}  // namespace emf
