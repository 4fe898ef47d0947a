// SPDX-License-Identifier: Apache-2.0
// tokenizer.json and the other files: small ones of each family, and files that lie.
#include "encoders/tokenizers/tokenizer_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

using Ids = std::vector<int64_t>;

class TokenizerFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("tokenizer_file_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    write_atomically(folder_ / name, bytes);
    return folder_ / name;
  }
  std::unique_ptr<Tokenizer> load(const Json& document) const {
    return load_tokenizer(write("tokenizer.json", document.dump()));
  }
  /// The message of the UserError that loading must end in.
  std::string refusal(const Json& document) const {
    try {
      load(document);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

Json byte_level_json() {
  return Json::parse(R"({
    "version": "1.0", "truncation": {"max_length": 2}, "padding": null,
    "added_tokens": [{"id": 5, "content": "<eot>", "special": true, "normalized": false},
                     {"id": 6, "content": "  ", "special": false, "normalized": false}],
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": "\\s?\\p{L}+|\\s"}, "behavior": "Isolated", "invert": false},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
    "post_processor": {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<eot>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
      "special_tokens": {"<eot>": {"id": "<eot>", "ids": [5], "tokens": ["<eot>"]}}},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "\u0120": 2, "ab": 3, "\u0120ab": 4},
      "merges": ["a b", ["\u0120", "ab"]]}
  })");
}

Json character_json() {
  return Json::parse(R"({
    "added_tokens": [], "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
    "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false},
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
      "vocab": {"<unk>": 0, "\u2581": 1, "a": 2, "\u2581a": 3, "<0xC3>": 4, "<0xA9>": 5}, "merges": ["\u2581 a"]}
  })");
}

TEST_F(TokenizerFile, ReadsByteLevelBpe) {
  const auto tokenizer = load(byte_level_json());
  EXPECT_EQ(tokenizer->encode("ab ab", true), (Ids{5, 3, 4}));
  EXPECT_EQ(tokenizer->encode("ab  ab", false), (Ids{3, 6, 3}));  // an added token, though not special
  EXPECT_EQ(tokenizer->encode("<eot>ab", false), (Ids{5, 3}));    // a special one too
  const auto plain = load_tokenizer(folder_ / "tokenizer.json", {.parses_special = false});
  EXPECT_EQ(plain->encode("<eot>ab  ab", false), (Ids{3, 6, 3}));  // now it is text, and < e o t > are no pieces
  EXPECT_EQ(tokenizer->vocabulary_size(), 7);
  EXPECT_EQ(tokenizer->specials().before, Ids{5});
  EXPECT_EQ(load_tokenizer(folder_)->encode("ab ab", true), (Ids{5, 3, 4}));
}

TEST_F(TokenizerFile, ReadsCharacterBpeWithByteFallback) {
  const auto tokenizer = load(character_json());
  EXPECT_EQ(tokenizer->encode("a a", true), (Ids{2, 3}));
  EXPECT_EQ(tokenizer->encode("\u00E9zza", true), (Ids{4, 5, 0, 2}));  // bytes; unknown neighbours are one
}

TEST_F(TokenizerFile, ReadsWordPieceAndItsVocabulary) {
  write("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n##b\n");
  EXPECT_EQ(load_tokenizer(folder_)->encode("AB [SEP] c", true), (Ids{1, 3, 4, 2, 0, 2}));
  write("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(load_tokenizer(folder_)->encode("AB ab", true), (Ids{1, 0, 3, 4, 2}));
}

TEST_F(TokenizerFile, ReadsVocabularyAndMerges) {
  write("vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
  write("merges.txt", "#version: 0.2\na b\n");
  try {
    load_tokenizer(folder_);
    ADD_FAILURE() << "GPT-2's, Qwen's and RoBERTa's files look alike";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("tokenizer_class"), std::string::npos) << error.what();
  }
  write("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})");
  EXPECT_EQ(load_tokenizer(folder_)->encode("ab", true), Ids{2});
  write("tokenizer_config.json", R"({"tokenizer_class": "CLIPTokenizer"})");
  write("vocab.json", R"({"a": 0, "a</w>": 1, "aa</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4})");
  write("merges.txt", "#version: 0.2\na a</w>\n");
  EXPECT_EQ(load_tokenizer(folder_)->encode(" AA\n", true), (Ids{3, 2, 4}));
}

TEST_F(TokenizerFile, ReadsUnigramAsTheLibraryReadsItsOwnModel) {
  const Json golden = read_json(project_root() / "tests/oracle/encoders/tok_unigram_tiny.json");
  const auto model = project_root() / "tests/oracle/encoders/unigram_tiny.model";
  write("spiece.model", read_file(model));
  EXPECT_EQ(load_tokenizer(folder_)->encode("a photo of a cat", true),
            load_tokenizer(model)->encode("a photo of a cat", true));
  const Json document = Json::parse(R"({
    "normalizer": null, "added_tokens": [{"id": 1, "content": "</s>", "special": true, "normalized": false}],
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
      {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": true}]},
    "post_processor": {"type": "TemplateProcessing",
      "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
      "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}]},
    "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
      "vocab": [["<unk>", 0], ["</s>", 0], ["\u2581", -3], ["a", -2], ["b", -2.5], ["\u2581ab", -4]]}
  })");
  const auto tokenizer = load(document);
  EXPECT_EQ(tokenizer->encode("  ab \n ba", true), (Ids{5, 2, 4, 3, 1}));
  EXPECT_EQ(tokenizer->encode("</s>", false), Ids{1});
  EXPECT_EQ(tokenizer->encode("", true), Ids{1});
}

TEST_F(TokenizerFile, NamesFileSectionAndTypeOfWhatItDoesNotKnow) {
  for (const auto& [section, pointer] :
       std::map<std::string, std::string>{{"normalizer", "/normalizer/type"},
                                          {"pre_tokenizer/pretokenizers/1", "/pre_tokenizer/pretokenizers/1/type"},
                                          {"model", "/model/type"},
                                          {"post_processor", "/post_processor/type"}}) {
    Json document = byte_level_json();
    document[Json::json_pointer(pointer)] = "Quantum";
    const std::string message = refusal(document);
    EXPECT_NE(message.find("tokenizer.json:/" + section + ": type \"Quantum\""), std::string::npos) << message;
  }
}

TEST_F(TokenizerFile, LiesAreErrors) {
  const std::vector<std::pair<const char*, const char*>> lies = {
      {"/model/vocab/a", "-1"},
      {"/model/vocab/a", "2147483648"},
      {"/model/vocab/a", "18446744073709551615"},
      {"/model/vocab/a", "1"},
      {"/model/vocab/a", "0.5"},
      {"/model/vocab/a", "null"},
      {"/model/vocab", "[]"},
      {"/model/merges", "{}"},
      {"/model/merges/0", "\"a z\""},
      {"/model/merges/0", "[\"a\"]"},
      {"/model/merges/0", "7"},
      {"/model/continuing_subword_prefix", "\"##\""},
      {"/model", "null"},
      {"/model", "[]"},
      {"/normalizer", "3"},
      {"/normalizer", "{}"},
      {"/pre_tokenizer/pretokenizers", "{}"},
      {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "\"(\""},
      {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "\"\\\\C\""},
      {"/pre_tokenizer/pretokenizers/0/pattern", "\"x\""},
      {"/pre_tokenizer/pretokenizers/0/behavior", "\"Sideways\""},
      {"/pre_tokenizer/pretokenizers/0/invert", "1"},
      {"/added_tokens", "{}"},
      {"/added_tokens/1/id", "4294967296"},
      {"/added_tokens/1/content", "null"},
      {"/post_processor/single", "[]"},
      {"/post_processor/single/0/SpecialToken/id", "\"absent\""},
      {"/post_processor/special_tokens/<eot>/ids/0", "-3"},
  };
  for (const auto& [pointer, value] : lies) {
    Json document = byte_level_json();
    document[Json::json_pointer(pointer)] = Json::parse(value);
    const std::string message = refusal(document);
    EXPECT_NE(message.find("tokenizer.json"), std::string::npos) << pointer << " = " << value << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST_F(TokenizerFile, EveryTruncationIsAnError) {
  const std::string whole = byte_level_json().dump();
  for (size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_THROW(load_tokenizer(write("tokenizer.json", whole.substr(0, size))), UserError) << size;
  }
}

TEST_F(TokenizerFile, NestingBombsAreErrors) {
  constexpr size_t kDepth = 1'000'000;
  EXPECT_THROW(load_tokenizer(write("tokenizer.json", std::string(kDepth, '['))), UserError);
  EXPECT_THROW(load_tokenizer(write("tokenizer.json", std::string(kDepth, '[') + std::string(kDepth, ']'))), UserError);
  std::string objects;
  for (size_t i = 0; i < kDepth; ++i) objects += R"({"normalizer":)";
  EXPECT_THROW(load_tokenizer(write("tokenizer.json", objects)), UserError);
  // As deep as JSON may be here, and still a normaliser.
  Json nested = {{"type", "NFC"}};
  for (int i = 0; i < 200; ++i) nested = {{"type", "Sequence"}, {"normalizers", Json::array({nested})}};
  Json document = byte_level_json();
  document["normalizer"] = nested;
  EXPECT_EQ(load(document)->encode("ab", false), Ids{3});
}

TEST_F(TokenizerFile, PatternsThatBacktrackWithoutEndAreErrors) {
  Json document = byte_level_json();
  document["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "(?:a|aa)+[cd]";
  const auto tokenizer = load(document);
  EXPECT_THROW(tokenizer->encode(std::string(5000, 'a'), false), UserError);
}

TEST_F(TokenizerFile, OtherFilesThatLieAreErrors) {
  const auto refuses = [&](const char* name, std::string_view bytes) {
    EXPECT_THROW(load_tokenizer(write(name, bytes)), UserError) << name;
  };
  refuses("x.model", "");
  refuses("x.model", "no model");
  refuses("y.model", std::string("\x0a\xff\xff\xff\xff\x0f", 6) + "abc");  // a piece that claims 4 GiB
  const std::string whole = read_file(project_root() / "tests/oracle/encoders/unigram_tiny.model");
  refuses("z.model", std::string_view(whole).substr(0, whole.size() / 2));
  refuses("v.txt", "[UNK]\n[CLS]\n[SEP]\na\na\n");
  refuses("v.txt", "a\nb\n");
  refuses("v.txt", "\xff\n");
  refuses("m.txt.gz", "no gzip, and too short");
  refuses("m.txt.gz", std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b", 11));
  refuses("x.gguf", "GGUF");
  refuses("x.bin", "?");
  EXPECT_THROW(load_tokenizer(folder_ / "absent"), UserError);
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_THROW(load_tokenizer(folder_ / "empty"), UserError);
}

}  // namespace
}  // namespace emf
