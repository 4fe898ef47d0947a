// SPDX-License-Identifier: Apache-2.0
// What every registered tokenizer must hold to.
#include <gtest/gtest.h>

#include "encoders/tokenizers/tokenizer.h"

namespace emf {
namespace {

class TokenizerContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    try {
      tokenizer_ = TokenizerRegistry::instance().make(GetParam());
    } catch (const UserError& error) {
      ASSERT_EQ(error.code(), ExitCode::kMissing) << error.what();
      GTEST_SKIP() << error.what();
    }
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(TokenizerContract, EmptyTextHasNoIdsOfItsOwn) { EXPECT_TRUE(tokenizer_->encode("", false).empty()); }

TEST_P(TokenizerContract, MarksStandRoundTheTextsOwnIds) {
  for (const char* text : {"", "a cat"}) {
    std::vector<int64_t> ids = tokenizer_->specials().before;
    for (const int64_t id : tokenizer_->encode(text, false)) ids.push_back(id);
    for (const int64_t id : tokenizer_->specials().after) ids.push_back(id);
    EXPECT_EQ(tokenizer_->encode(text, true), ids);
  }
}

TEST_P(TokenizerContract, IdsAreInsideTheVocabulary) {
  std::string text = "a photo of a cat, 12 naïve dogs \xF0\x9F\x9A\x80\n\t";
  for (int byte = 0; byte < 128; ++byte) text += static_cast<char>(byte);
  const auto ids = tokenizer_->encode(text, true);
  EXPECT_GT(ids.size(), 10u);
  for (const int64_t id : ids) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, tokenizer_->vocabulary_size());
  }
  EXPECT_EQ(tokenizer_->encode(text, true), ids);
}

TEST_P(TokenizerContract, TextThatIsNotUtf8IsOneClearError) {
  for (const char* text : {"caf\xe9", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xc0\x80"}) {
    EXPECT_THROW(tokenizer_->encode(text, true), UserError);
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, TokenizerContract, testing::ValuesIn(TokenizerRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
