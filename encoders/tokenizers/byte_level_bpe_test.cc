// Byte-level BPE on a toy vocabulary, and SmolLM2 ids against Hugging Face tokenizers.
#include "encoders/tokenizers/byte_level_bpe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

// a b c and space are pieces, d is not; "Ġ" stands for the space byte.
const std::vector<std::string_view> kTokens = {"a", "b", "c", "\u0120", "ab", "abc", "bc", "\u0120a", "aa"};
const std::vector<std::string_view> kMerges = {"b c", "a b", "a bc", "\u0120 a", "a a"};

std::vector<int64_t> ids_of(std::string_view text) {
  const ByteLevelBpe tokenizer(kTokens, kMerges, Pattern(" ?\\p{L}+|\\s+"), "test");
  return tokenizer.encode(text, true);
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

TEST(ByteLevelBpe, BadMergesAndTextAreErrors) {
  EXPECT_THROW(ByteLevelBpe(kTokens, {"a z"}, Pattern("."), "test"), UserError);
  EXPECT_THROW(ByteLevelBpe(kTokens, {"ab"}, Pattern("."), "test"), UserError);
  EXPECT_THROW(ids_of("a\xff"), UserError);
}

class SmollmTokenizer : public testing::Test {
 protected:
  void SetUp() override {
    const PackageFile package = package_file("smollm2-135m-instruct-q4_1");
    if (!std::filesystem::exists(package.path))
      GTEST_SKIP() << package.path << " is absent (./emfbench setup)";
    tokenizer_ = TokenizerRegistry::instance().make("smollm2");
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(SmollmTokenizer, IdsEqualThoseOfHuggingFaceTokenizers) {
  const Json golden = read_json(project_root() / "tests/oracle/encoders/tok_smollm2.json");
  ASSERT_EQ(golden.at("rows").size(), 19u);
  for (const Json& row : golden.at("rows")) {
    EXPECT_EQ(tokenizer_->encode(row.at("text").get<std::string>(), true),
              row.at("ids").get<std::vector<int64_t>>())
        << row.at("id");
  }
  EXPECT_EQ(tokenizer_->vocabulary_size(), 49152);
}

TEST_F(SmollmTokenizer, DigitsStandAloneAndLeaveSpacesBehind) {
  // Two spaces before a digit stay one piece, before a letter the second goes with the word.
  const auto ids = tokenizer_->encode("x  12", true);
  const auto x = tokenizer_->encode("x", true), spaces = tokenizer_->encode("  ", true);
  ASSERT_EQ(spaces.size(), 1u);
  EXPECT_EQ(ids, (std::vector<int64_t>{x[0], spaces[0], tokenizer_->encode("1", true)[0],
                                       tokenizer_->encode("2", true)[0]}));
}

TEST_F(SmollmTokenizer, LongHostileTextTakesNoQuadraticTime) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* unit : {"x", " ", "\n", "yz", "'", "\xE4\xB8\xAD", "1"}) {
    std::string text;
    while (text.size() < 400'000) text += unit;
    EXPECT_FALSE(tokenizer_->encode(text, true).empty());
  }
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20.0);
}

}  // namespace
}  // namespace emf
