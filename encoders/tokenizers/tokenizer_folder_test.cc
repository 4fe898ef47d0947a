// SPDX-License-Identifier: Apache-2.0
// Folders: which file says what, what is refused, and what stands for a text without ids.
#include "encoders/tokenizers/tokenizer_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "encoders/tokenizers/base64.h"
#include "encoders/tokenizers/character_map.h"
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/piece_trie.h"
#include "encoders/tokenizers/tokenizer_file.h"
#include "encoders/tokenizers/unigram.h"
#include "harness/base/file.h"
#include "harness/base/json.h"

namespace emf {
namespace {

using Ids = std::vector<int64_t>;

class TokenizerFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("tokenizer_folder_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    write("vocab.json", R"({"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3, "\u0120": 4, "1": 5, "11": 6})");
    write("merges.txt", "#version: 0.2\na b\n1 1\n");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view bytes) const { write_atomically(folder_ / name, bytes); }
  Ids ids(std::string_view text) const { return load_tokenizer(folder_)->encode(text, true); }
  std::string refusal() const {
    try {
      load_tokenizer(folder_);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

TEST_F(TokenizerFolder, TheClassTellsOneFamilyFromAnother) {
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})");
  EXPECT_EQ(ids("11"), Ids{6});
  write("tokenizer_config.json", R"({"tokenizer_class": "Qwen2TokenizerFast"})");
  EXPECT_EQ(ids("11"), (Ids{5, 5}));  // Qwen's digits stand alone
  std::filesystem::remove(folder_ / "tokenizer_config.json");
  write("config.json", R"({"model_type": "qwen3"})");
  EXPECT_EQ(ids("11"), (Ids{5, 5}));
}

TEST_F(TokenizerFolder, RefusesWhatItCannotTellInOneLine) {
  const auto expect = [&](const char* what) {
    const std::string message = refusal();
    EXPECT_NE(message.find(what), std::string::npos) << message;
    EXPECT_NE(message.find(folder_.string()), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  };
  expect("tokenizer_class");
  write("tokenizer_config.json", R"({"tokenizer_class": "CTRLTokenizer"})");
  expect("\"CTRLTokenizer\"");
  write("tokenizer_config.json", R"({"tokenizer_class": "T5Tokenizer"})");
  expect("\"T5Tokenizer\"");  // which has no merges
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer", "never_split": ["a"]})");
  expect("never_split");
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": 1})");
  expect("add_prefix_space");
  write("tokenizer_config.json",
        R"({"tokenizer_class": "GPT2Tokenizer", "added_tokens_decoder": {"x": {"content": "y"}}})");
  expect("/added_tokens_decoder/x");
  write("tokenizer_config.json", "[]");
  expect("tokenizer_config.json");
}

TEST_F(TokenizerFolder, AddedTokensComeFromEveryFileThatNamesThem) {
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer", "additional_special_tokens": ["<x>"]})");
  write("added_tokens.json", R"({"<toy>": 7})");
  write("special_tokens_map.json", R"({"pad_token": {"content": "<pad>", "lstrip": true}})");
  EXPECT_EQ(ids("a<toy>b <pad><x>"), (Ids{0, 7, 1, 8, 9}));
  // A decoder says all that the other two would.
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer",
        "added_tokens_decoder": {"7": {"content": "<pad>", "special": true, "normalized": false}}})");
  EXPECT_EQ(ids("a<toy>b<pad>"), (Ids{0, 1, 7}));
  EXPECT_EQ(load_tokenizer(folder_, {.parses_special = false})->encode("a<pad>b", true), (Ids{0, 0, 1}));
}

TEST_F(TokenizerFolder, OneFolderGivesOneRowWithTokenizerJsonAndWithout) {
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>"})");
  write("added_tokens.json", R"({"<toy>": 7})");
  const Ids without = ids("ab 11<toy><|endoftext|>");
  write("tokenizer.json", R"({"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "ByteLevel",
        "add_prefix_space": false}, "model": {"type": "BPE", "merges": ["a b", "1 1"], "vocab":
        {"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3, "\u0120": 4, "1": 5, "11": 6}}})");
  EXPECT_EQ(ids("ab 11<toy><|endoftext|>"), without);
  EXPECT_EQ(without, (Ids{2, 4, 6, 7, 3}));
}

TEST_F(TokenizerFolder, PadThenEndStandsForATextWithoutIds) {
  const auto filler = [&](const char* config) {
    write("tokenizer_config.json", config);
    return load_tokenizer(folder_)->filler();
  };
  EXPECT_EQ(filler(R"({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "b", "pad_token": "a"})"), 0);
  EXPECT_EQ(filler(R"({"tokenizer_class": "Qwen2Tokenizer", "eos_token": "b", "pad_token": null})"), 1);
  EXPECT_EQ(filler(R"({"tokenizer_class": "GPT2Tokenizer"})"), 3);
  EXPECT_EQ(filler(R"({"tokenizer_class": "Qwen2Tokenizer", "eos_token": null, "pad_token": null})"), std::nullopt);
}

TEST(Unigram, TiesGoToTheTokenThatBeginsFirst) {
  const std::vector<Unigram::Piece> pieces = {{"<unk>", 0}, {"a", -2}, {"aa", -3}, {"aaa", -5}};
  Ids ids;
  Unigram(pieces, {.unknown = 0}, "test").encode({"aaa", "bb", "bab"}, ids);
  // "aa a" and "a aa" are as probable as "aaa", which begins first.
  EXPECT_EQ(ids, (Ids{3, 0, 0, 1, 0}));
  EXPECT_THROW(Unigram(pieces, {.unknown = 4}, "test"), UserError);
  EXPECT_THROW(Unigram({}, {}, "test"), UserError);
  EXPECT_THROW(Unigram(pieces, {}, "test").encode({"b"}, ids), UserError);
}

TEST(Unigram, UnknownTextFallsBackToBytesWhereAllAreThere) {
  const std::vector<Unigram::Piece> pieces = {{"<unk>", 0}, {"<0xC3>", -1}, {"<0xA9>", -1}, {"a", -1}};
  Ids ids;
  Unigram(pieces, {.unknown = 0, .falls_back_to_bytes = true}, "test").encode({"\u00E9a", "\u00E8"}, ids);
  EXPECT_EQ(ids, (Ids{1, 2, 3, 0}));
}

TEST(PieceTrie, FindsWhatWasAddedAndNothingElse) {
  PieceTrie trie;
  for (int32_t i = 0; i < 3000; ++i) trie.add("piece" + std::to_string(i), i);
  trie.add("piece7", 9000);
  for (int32_t i = 0; i < 3000; ++i) EXPECT_EQ(trie.find("piece" + std::to_string(i)), i == 7 ? 9000 : i);
  EXPECT_EQ(trie.find("piece3000"), -1);
  EXPECT_EQ(trie.find("piec"), -1);
  EXPECT_EQ(trie.find(""), -1);
}

TEST(CharacterMap, DamagedOnesAreErrors) {
  EXPECT_EQ(CharacterMap("", "test").by_clusters("a\r\n"), "a\r\n");
  for (const std::string_view bytes : {"abc", "\x08\0\0\0ab", "\x03\0\0\0abc"}) {
    EXPECT_THROW(CharacterMap(bytes, "test"), UserError);
  }
  EXPECT_EQ(from_base64(to_base64("any\xFF")), "any\xFF");
  EXPECT_EQ(from_base64("?"), std::nullopt);
}

TEST(PatternFromFile, RefusesWhatMeansAnotherThing) {
  for (const char* expression :
       {"(?~ab)", "(*FAIL)", "[[:graph:]]", "(?s)a", "\\y", "[a", "\\xE9", "\\p{NoSuch}", "("}) {
    try {
      Pattern::from_file(expression, "FILE:/pattern");
      ADD_FAILURE() << expression;
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find("FILE:/pattern"), 0u) << error.what();
    }
  }
}

TEST(PatternFromFile, AnIntervalBeforeAPlusIsRepeated) {
  using Pieces = std::vector<std::string_view>;
  EXPECT_EQ(Pattern::from_file("\\p{N}{1,3}+", "test").pieces("12345 1"), (Pieces{"12345", " ", "1"}));
  EXPECT_EQ(Pattern::from_file("^a|b$", "test").pieces("ab\nab"), (Pieces{"a", "b", "\n", "a", "b"}));
  EXPECT_EQ(Pattern::from_file("\\h", "test").pieces("xaF"), (Pieces{"x", "a", "F"}));
}

}  // namespace
}  // namespace emf
