// SPDX-License-Identifier: Apache-2.0
// Byte-level BPE on a toy vocabulary: the order of merges, dropped bytes, errors.
#include "encoders/tokenizers/byte_level_bpe.h"

#include <gtest/gtest.h>

#include "encoders/tokenizers/named_patterns.h"
#include "encoders/tokenizers/pattern.h"
#include "harness/base/error.h"

namespace emf {
namespace {

// a b c and space are pieces, d is not; "Ġ" stands for the space byte.
const std::vector<std::string_view> kTokens = {"a", "b", "c", "\u0120", "ab", "abc", "bc", "\u0120a", "aa"};
const MergeList kMerges = {{"b", "c"}, {"a", "b"}, {"a", "bc"}, {"\u0120", "a"}, {"a", "a"}};

std::vector<int64_t> ids_of(std::string_view text, const ByteLevelBpe::Options& options = {}) {
  const ByteLevelBpe model(Vocabulary(kTokens, "test"), kMerges, options);
  std::vector<int64_t> ids;
  model.encode(Pattern(" ?\\p{L}+|\\s+").pieces(text), ids);
  return ids;
}

TEST(ByteLevelBpe, MergesByRankThenFromTheLeft) {
  EXPECT_EQ(ids_of("abc"), (std::vector<int64_t>{5}));  // b c first, then a bc
  EXPECT_EQ(ids_of("ab"), (std::vector<int64_t>{4}));
  EXPECT_EQ(ids_of("aaa"), (std::vector<int64_t>{8, 0}));      // the leftmost of equal ranks
  EXPECT_EQ(ids_of("c ab"), (std::vector<int64_t>{2, 3, 4}));  // a b before the space takes the a
  EXPECT_EQ(ids_of(""), std::vector<int64_t>{});
}

TEST(ByteLevelBpe, BytesWithoutATokenAreDroppedAndNeighboursMerge) {
  EXPECT_EQ(ids_of("adb"), (std::vector<int64_t>{4}));
  EXPECT_EQ(ids_of("d"), std::vector<int64_t>{});
}

TEST(ByteLevelBpe, APieceThatIsATokenMaySkipTheMerges) {
  const std::vector<std::string_view> tokens = {"a", "b", "ab"};
  ByteLevelBpe::Options options;
  for (const bool ignores : {false, true}) {
    options.ignores_merges = ignores;
    std::vector<int64_t> ids;
    ByteLevelBpe(Vocabulary(tokens, "test"), {}, options).encode({"ab"}, ids);
    EXPECT_EQ(ids, ignores ? std::vector<int64_t>{2} : (std::vector<int64_t>{0, 1}));
  }
}

TEST(ByteLevelBpe, AWordsEndIsPartOfItsLastByte) {
  ByteLevelBpe::Options options;
  options.word_end = "</w>";
  std::vector<int64_t> ids;
  ByteLevelBpe(Vocabulary({"a", "a</w>", "aa</w>"}, "test"), {{"a", "a</w>"}}, options).encode({"aaa", "a"}, ids);
  EXPECT_EQ(ids, (std::vector<int64_t>{0, 2, 1}));
}

TEST(ByteLevelBpe, BadMergesAndVocabulariesAreErrors) {
  const auto make = [](const MergeList& merges) { return ByteLevelBpe(Vocabulary(kTokens, "test"), merges, {}); };
  EXPECT_THROW(make({{"a", "z"}}), UserError);
  EXPECT_THROW(make({split_merge("ab")}), UserError);
  EXPECT_THROW(make({split_merge("")}), UserError);
  EXPECT_THROW(Vocabulary({"a", "a"}, "test"), UserError);
  Vocabulary vocabulary("test");
  EXPECT_THROW(vocabulary.add("a", -1), UserError);
  EXPECT_THROW(vocabulary.add("a", int64_t{1} << 31), UserError);
}

TEST(NamedPattern, CutsAsEachFamilyDoes) {
  using Pieces = std::vector<std::string_view>;
  const std::string_view text = "It'S  12345\n\n x";
  EXPECT_EQ(named_pre_tokenizer("gpt-2", "test").pieces(text), (Pieces{"It", "'", "S", " ", " 12345", "\n\n", " x"}));
  EXPECT_EQ(named_pre_tokenizer("smollm", "test").pieces(text),
            (Pieces{"It", "'", "S", "  ", "1", "2", "3", "4", "5", "\n\n", " x"}));
  EXPECT_EQ(named_pre_tokenizer("llama-bpe", "test").pieces(text),
            (Pieces{"It", "'S", " ", " ", "123", "45", "\n\n", " x"}));
  EXPECT_EQ(named_pre_tokenizer("qwen2", "test").pieces(text),
            (Pieces{"It", "'S", " ", " ", "1", "2", "3", "4", "5", "\n\n", " x"}));
  EXPECT_THROW(named_pre_tokenizer("gpt-3", "test"), UserError);
}

}  // namespace
}  // namespace emf
