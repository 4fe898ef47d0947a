// SPDX-License-Identifier: Apache-2.0
// Ids of real vocabularies against the families' own software, hostile texts, and time on long ones.
#include <gtest/gtest.h>

#include <ctime>
#include <map>

#include "encoders/tokenizers/byte_level_bpe.h"
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/weights/gguf.h"

namespace emf {
namespace {

std::unique_ptr<Tokenizer> make_or_null(const std::string& name) {
  try {
    return TokenizerRegistry::instance().make(name);
  } catch (const UserError& error) {
    if (error.code() != ExitCode::kMissing) throw;
    std::fprintf(stderr, "%s\n", error.what());
    return nullptr;
  }
}

void expect_golden(const Tokenizer& tokenizer, const std::string& name, size_t num_rows, const char* ids_key,
                   bool with_specials) {
  const Json golden = read_json(project_root() / "tests/oracle/encoders" / fmt::format("{}.json", name));
  ASSERT_EQ(golden.at("rows").size(), num_rows);
  for (const Json& row : golden.at("rows")) {
    const std::string text = row.at("text");
    const Json& ids = row.contains(ids_key) ? row.at(ids_key) : row.at("ids");
    EXPECT_EQ(tokenizer.encode(text, with_specials), ids.get<std::vector<int64_t>>()) << name << " " << row.at("id");
    std::vector<int64_t> whole = tokenizer.specials().before;
    for (const int64_t id : tokenizer.encode(text, false)) whole.push_back(id);
    for (const int64_t id : tokenizer.specials().after) whole.push_back(id);
    EXPECT_EQ(tokenizer.encode(text, true), whole);
  }
}

#define MAKE_OR_SKIP(variable, name)        \
  const auto variable = make_or_null(name); \
  if (!variable) GTEST_SKIP() << name " is absent";

TEST(TokenizerGolden, Smollm2) {
  MAKE_OR_SKIP(tokenizer, "smollm2");
  expect_golden(*tokenizer, "tok_smollm2", 19, "ids", true);
  EXPECT_EQ(tokenizer->vocabulary_size(), 49152);
  // Two spaces before a digit stay one piece, before a letter the second goes with the word.
  EXPECT_EQ(tokenizer->encode("x  12", true).size(), 4u);
}

TEST(TokenizerGolden, Gemma) {
  MAKE_OR_SKIP(tokenizer, "gemma");
  expect_golden(*tokenizer, "tok_gemma3", 19, "ids", false);
  EXPECT_EQ(tokenizer->encode("", true), std::vector<int64_t>{2});
  EXPECT_EQ(tokenizer->vocabulary_size(), 262144);
}

TEST(TokenizerGolden, Minilm) {
  MAKE_OR_SKIP(tokenizer, "minilm");
  expect_golden(*tokenizer, "tok_minilm", 19, "ids", true);
  EXPECT_EQ(tokenizer->encode("[SEP]", false), std::vector<int64_t>{102});
  EXPECT_EQ(tokenizer->encode("", true), (std::vector<int64_t>{101, 102}));
  EXPECT_EQ(tokenizer->vocabulary_size(), 30522);
  // The plain vocabulary beside it says the same.
  const auto path = package_file("all-minilm-l6-v2-vocabulary").path;
  expect_golden(*load_tokenizer(path), "tok_minilm", 19, "ids", true);
}

TEST(TokenizerGolden, Clip) {
  MAKE_OR_SKIP(tokenizer, "clip");
  expect_golden(*tokenizer, "tok_clip", 19, "ids_without_ftfy", false);
  EXPECT_EQ(tokenizer->encode("", true), (std::vector<int64_t>{49406, 49407}));
  EXPECT_EQ(tokenizer->vocabulary_size(), 49408);
  EXPECT_EQ(tokenizer->encode("cats &amp;amp; dogs", true), tokenizer->encode(" Cats & DOGS\n", true));
}

TEST(TokenizerGolden, SentencePieceUnigram) {
  const auto tokenizer = load_tokenizer(project_root() / "tests/oracle/encoders/unigram_tiny.model");
  expect_golden(*tokenizer, "tok_unigram_tiny", 18, "ids", false);
  EXPECT_EQ(tokenizer->encode("", true), std::vector<int64_t>{1});
}

/// Texts that have broken tokenizers.
std::vector<std::string> hostile_texts() {
  std::vector<std::string> texts = {
      "\u0301",                                         // a mark without a letter
      "a\u0301\u0323\u0301 \u1100\u1161\u11A8 \uD55C",  // marks out of order, Hangul in parts
      "\uFFFD \uFFFF \uFDD0",                           // a replacement and two that are no characters
      std::string("a\0b\0", 4),                         // NUL
      "\U0001F469\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466\U0001F3F3\uFE0F\u200D\U0001F308",
      "\u202Eabc\u202C \u05E9\u05DC\u05D5\u05DD \u0645\u0631\u062D\u0628\u0627",  // right to left
      "\uFEFFbom \u00A0\u2003\u3000\u180E\u200B|",                                // spaces that are and are not
      "\u0130 \u1E9E \uFB03 \u03A3\u03A3 \u01C5",                                 // letters whose case is not simple
      "\U000E0041\U0010FFFF\U0001D400 \u2581\u2581 \u0120",  // tags, the last point, marks of the tokenizers
                                                             // themselves
      "&#x110000; &#0; &NotEqualTilde; &notit; &#12345678901234567890;",
  };
  std::string all;
  for (int32_t byte = 1; byte < 128; ++byte) all += static_cast<char>(byte);
  texts.push_back(all);
  return texts;
}

TEST(TokenizerHostileText, AllTokenizersGiveIdsInRange) {
  int tried = 0;
  for (const std::string& name : TokenizerRegistry::instance().names()) {
    const auto tokenizer = make_or_null(name);
    if (!tokenizer) continue;
    ++tried;
    const SpecialIds marks = tokenizer->specials();
    const std::vector<std::string> texts = hostile_texts();
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::vector<int64_t> ids = tokenizer->encode(texts[i], true);
      EXPECT_EQ(tokenizer->encode(texts[i], true), ids) << name << ", text " << i;
      EXPECT_GE(ids.size(), marks.before.size() + marks.after.size()) << name << ", text " << i;
      for (const int64_t id : ids) {
        EXPECT_GE(id, 0) << name << ", text " << i;
        EXPECT_LT(id, tokenizer->vocabulary_size()) << name << ", text " << i;
      }
    }
    // All of ASCII has letters: whoever drops it as a whole has read nothing.
    EXPECT_GT(tokenizer->encode(texts.back(), false).size(), 10u) << name;
  }
  if (tried == 0) GTEST_SKIP() << "no tokenizer's file is here";
}

TEST(TokenizerHostileText, ByteLevelIdsSpellTheText) {
  MAKE_OR_SKIP(tokenizer, "smollm2");
  const GgufFile file(package_file("smollm2-135m-instruct-q4_1").path);
  const auto tokens = file.texts("tokenizer.ggml.tokens");
  std::map<std::string, char> bytes;
  for (size_t byte = 0; byte < 256; ++byte) bytes[byte_alphabet()[byte]] = static_cast<char>(byte);
  for (const std::string& text : hostile_texts()) {
    std::string spelt, expected;
    for (const int64_t id : tokenizer->encode(text, false)) {
      const std::string_view token = tokens[static_cast<size_t>(id)];
      for (size_t at = 0; at < token.size();) {
        const size_t size = static_cast<unsigned char>(token[at]) < 0x80 ? 1 : 2;
        spelt += bytes.at(std::string(token.substr(at, size)));
        at += size;
      }
    }
    constexpr std::string_view kWithoutToken = "\x04\x06\x13\x14\x16\x1d\xf2\xf5\xf1";
    for (const char c : text) {
      if (kWithoutToken.find(c) == std::string_view::npos) expected += c;
    }
    EXPECT_EQ(spelt, expected);
  }
}

TEST(TokenizerHostileText, ByteFallbackIdsSpellTheText) {
  MAKE_OR_SKIP(tokenizer, "gemma");
  const GgufFile file(package_file("gemma-3-270m-q4_k_m").path);
  const auto tokens = file.texts("tokenizer.ggml.tokens");
  const auto kinds = file.integers("tokenizer.ggml.token_type");
  const std::string mark = "\u2581";
  const auto with_spaces = [&](const std::string& text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const bool is_mark = text.compare(at, mark.size(), mark) == 0;
      out += is_mark ? ' ' : text[at];
      at += is_mark ? mark.size() : 1;
    }
    return out;
  };
  for (const std::string& text : hostile_texts()) {
    std::string spelt;
    for (const int64_t id : tokenizer->encode(text, false)) {
      const std::string token(tokens[static_cast<size_t>(id)]);
      constexpr int64_t kByte = 6;
      if (kinds[static_cast<size_t>(id)] == kByte) {
        spelt += static_cast<char>(std::stoi(token.substr(3, 2), nullptr, 16));
      } else {
        spelt += token;
      }
    }
    EXPECT_EQ(with_spaces(spelt), with_spaces(text));
  }
}

TEST(TokenizerHostileText, LongTextTakesNoQuadraticTime) {
  for (const std::string& name : TokenizerRegistry::instance().names()) {
    const auto tokenizer = make_or_null(name);
    if (!tokenizer) continue;
    for (const char* unit : {"x", " ", "\n", "yz", "'", "\u4E2D", "1", "\u0301\u0323", "&", "&amp", "\u03A3", "&#1"}) {
      std::string text;
      while (text.size() < 200'000) text += unit;
      const std::clock_t start = std::clock();  // of this process: other programs may be busy
      tokenizer->encode(text, true);
      EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 4.0) << name << " on repeated " << unit;
    }
  }
}

}  // namespace
}  // namespace emf
