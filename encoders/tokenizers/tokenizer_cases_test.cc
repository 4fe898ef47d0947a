// Files and folders of every family against the ids of Hugging Face's software
// (tests/oracle/encoders/make_tokenizer_cases.py).
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "encoders/tokenizers/base64.h"
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/file.h"
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
      for (const auto& [name, value] : test.at("files").items()) write_atomically(folder_ / name, bytes_of(value));
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
    if (!value.is_string())
      return value.contains("base64") ? *from_base64(value.at("base64").get<std::string>()) : value.dump();
    const std::string text = value;
    return text.starts_with('@') ? bytes_of(golden_.at("files").at(text.substr(1))) : text;
  }

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

}  // namespace
}  // namespace emf
