// SPDX-License-Identifier: Apache-2.0
// Files and folders of every family against the ids of Hugging Face's software
// (tests/oracle/encoders/make_tokenizer_cases.py).
#include <gtest/gtest.h>

#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "encoders/tokenizers/base64.h"
#include "encoders/tokenizers/text_lines.h"
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/json.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

using Row = std::vector<int64_t>;

class TokenizerCases : public testing::Test {
 protected:
  void SetUp() override {
    golden_ = read_json(project_root() / "tests/oracle/encoders/tok_cases.json");
    folder_ = std::filesystem::path(testing::TempDir()) / "tokenizer_cases";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// Writes a case's files.   @return  what to load.
  std::filesystem::path write(const Json& test) const {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    if (!test.contains("base")) {
      for (const auto& [name, value] : test.at("files").items()) {
        std::ofstream(folder_ / name, std::ios::binary) << bytes_of(value);
      }
      return folder_ / test.value("target", "");
    }
    Json document = golden_.at("bases").at(test.at("base").get<std::string>());
    for (const auto& [section, value] : test.at("patch").items()) {
      if (section == "model") {
        document[section].update(value);
      } else {
        document[section] = value;
      }
    }
    write_atomically(folder_ / "tokenizer.json", document.dump());
    return folder_ / "tokenizer.json";
  }

  std::string bytes_of(const Json& value) const {
    if (value.is_object() && value.contains("gz")) {
      std::ofstream(folder_ / "zipped.gz", std::ios::binary) << *from_base64(value.at("gz").get<std::string>());
      return read_text_or_gzip(folder_ / "zipped.gz");
    }
    if (!value.is_string())
      return value.contains("base64") ? *from_base64(value.at("base64").get<std::string>()) : value.dump();
    const std::string text = value;
    return text.starts_with('@') ? bytes_of(golden_.at("files").at(text.substr(1))) : text;
  }

  /// Keys of a JSON file replaced, dropped (null) or set to null ({"null": 1}); those of "model" one by one.
  static void change(const std::filesystem::path& path, const Json& changes) {
    if (changes.empty()) return;
    Json document = read_json(path);
    for (const auto& [key, value] : changes.items()) {
      if (key == "model") {
        document[key].update(value);
        continue;
      }
      document.erase(key);
      if (!value.is_null()) document[key] = value == Json{{"null", 1}} ? Json() : value;
    }
    std::ofstream(path) << document.dump();
  }

  static std::string digits_of(const Row& ids) { return sha256_hex(fmt::format("{}", fmt::join(ids, ","))); }

  Json golden_;
  std::filesystem::path folder_;
};

TEST_F(TokenizerCases, EveryCaseGivesTheReferencesIds) {
  std::map<std::string, std::map<size_t, Row>> known;
  const auto texts = golden_.at("texts").get<std::vector<std::string>>();
  size_t num_rows = 0;
  for (const Json& test : golden_.at("cases")) {
    const std::string name = test.at("name");
    std::map<size_t, Row>& rows = known[name];
    if (test.contains("like")) rows = known.at(test.at("like"));
    for (const auto& [place, row] : test.at("ids").items()) rows[std::stoul(place)] = row.get<Row>();
    const auto tokenizer = load_tokenizer(write(test));
    for (const auto& [place, row] : rows) {
      EXPECT_EQ(tokenizer->encode(texts.at(place), true), row) << name << ", text " << place << ": " << texts[place];
      ++num_rows;
    }
  }
  EXPECT_GE(known.size(), 250u);
  EXPECT_GE(num_rows, 15000u);
}

// tests/oracle/encoders/make_hostile.py: 572 texts that try every class of character, mark and run, on every family and
// form of file. A row is the beginning of the SHA-256 of its ids.
TEST_F(TokenizerCases, HostileTextsGiveTheReferencesIds) {
  constexpr size_t kDigits = 4;
  const Json hostile = read_json(project_root() / "tests/oracle/encoders/tok_hostile.json");
  const auto texts = hostile.at("texts").get<std::vector<std::string>>();
  ASSERT_GE(texts.size(), 441u);
  std::map<std::string, const Json*> known;
  for (const Json& test : golden_.at("cases")) known[test.at("name")] = &test;
  std::map<std::string, std::string> rows;
  size_t num_rows = 0, num_wrong = 0;
  for (const Json& one : hostile.at("cases")) {
    const std::string name = one.at("name");
    std::string& digits = rows[name];
    digits = one.at("rows");
    if (digits.starts_with('=')) digits = rows.at(digits.substr(1));
    ASSERT_EQ(digits.size(), kDigits * texts.size()) << name;
    const auto tokenizer = load_tokenizer(write(one.contains("files") ? one : *known.at(name)));
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string expected = digits.substr(kDigits * i, kDigits);
      if (expected == "....") continue;
      const Row ids = tokenizer->encode(texts[i], true);
      const std::string found = digits_of(ids).substr(0, kDigits);
      ++num_rows;
      if (found == expected) continue;
      if (++num_wrong < 40) {
        ADD_FAILURE() << name << ", text " << i << ": " << Json(texts[i]).dump() << "\n  " << fmt::format("{}", ids);
      }
    }
  }
  EXPECT_EQ(num_wrong, 0u);
  EXPECT_GE(rows.size(), 150u);
  EXPECT_GE(num_rows, 90000u);
}

// tests/oracle/encoders/make_mixed.py: what one file of a folder says against another.
TEST_F(TokenizerCases, FoldersThatContradictThemselvesAreReadAsTransformersDoesOrRefused) {
  constexpr size_t kDigits = 4;
  const Json hostile = read_json(project_root() / "tests/oracle/encoders/tok_hostile.json");
  const Json mixed = read_json(project_root() / "tests/oracle/encoders/tok_mixed.json");
  const auto texts = golden_.at("texts").get<std::vector<std::string>>();
  std::map<std::string, const Json*> bases;
  for (const Json& one : hostile.at("cases")) bases[one.at("name")] = &one;
  std::map<std::string, std::string> rows;
  size_t num_equal = 0, num_refused = 0, num_wished = 0, num_wrong = 0;
  for (const Json& one : mixed.at("cases")) {
    const std::string name = one.at("name");
    const std::filesystem::path folder = write(*bases.at(one.at("base")));
    change(folder / "tokenizer.json", one.value("json", Json::object()));
    change(folder / "tokenizer_config.json", one.value("config", Json::object()));
    if (one.contains("without")) std::filesystem::remove(folder / one.at("without").get<std::string>());
    std::string digits = one.at("rows").is_null() ? "" : one.at("rows").get<std::string>();
    if (digits.starts_with('=')) digits = rows.at(digits.substr(1));
    rows[name] = digits;
    std::unique_ptr<Tokenizer> tokenizer;
    try {
      tokenizer = load_tokenizer(folder);
    } catch (const UserError& error) {
      ++(digits.empty() ? num_refused : num_wished);
      continue;
    }
    // Whatever transformers fails in has no ids to be equal to.
    if (digits.empty()) continue;
    std::string found;
    for (const std::string& text : texts) found += digits_of(tokenizer->encode(text, true)).substr(0, kDigits);
    if (found == digits) {
      ++num_equal;
      continue;
    }
    size_t place = 0;
    while (found.substr(place, kDigits) == digits.substr(place, kDigits)) place += kDigits;
    const std::string& text = texts[place / kDigits];
    ++num_wrong;
    ADD_FAILURE() << name << ": " << Json(text).dump() << " is " << fmt::format("{}", tokenizer->encode(text, true));
  }
  // A refusal that spread would hide behind no wrong ids.
  EXPECT_GT(num_equal, 1000u);
  EXPECT_GT(num_refused, 10u);
  EXPECT_LE(num_wished, 80u);
}

}  // namespace
}  // namespace emf
