// SPDX-License-Identifier: Apache-2.0
// Prompt files: what is kept of a line, and what each bad line is called.
#include "harness/captions/prompt_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "harness/base/error.h"

namespace emf {
namespace {

class PromptFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  std::vector<Prompt> read(const std::string& ending, const std::string& bytes) {
    std::filesystem::remove(path_);
    path_ = std::filesystem::temp_directory_path() / ("emf_prompts_" + std::to_string(getpid()) + ending);
    std::ofstream(path_, std::ios::binary) << bytes;
    return read_prompts(path_);
  }
  std::vector<std::string> texts(const std::string& ending, const std::string& bytes) {
    std::vector<std::string> texts;
    for (const Prompt& prompt : read(ending, bytes)) texts.push_back(prompt.text);
    return texts;
  }
  std::string error_of(const std::string& ending, const std::string& bytes) {
    try {
      read(ending, bytes);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path path_;
};

TEST_F(PromptFile, TextLinesAreKeptAsTheyStand) {
  EXPECT_EQ(texts(".txt", "a cat\n\n  two  \nlast"), (std::vector<std::string>{"a cat", "", "  two  ", "last"}));
  EXPECT_EQ(texts(".txt", "\xEF\xBB\xBFone\r\ntwo\r\n"), (std::vector<std::string>{"one", "two"}));
}

TEST_F(PromptFile, PiecesAreTheWhole) {
  const std::vector<std::string> whole = texts(".txt",
                                               "\xEF\xBB\xBF"
                                               "a\nb\n\nc\r\nd");
  PromptReader reader(path_);
  std::vector<std::string> pieces;
  for (;;) {
    const std::vector<Prompt> some = reader.next(2);
    if (some.empty()) break;
    for (const Prompt& prompt : some) pieces.push_back(prompt.text);
  }
  EXPECT_EQ(pieces, whole);
  EXPECT_EQ(whole.size(), 5u);
  EXPECT_NE(error_of(".txt", "\xEF\xBB\xBF").find("holds no prompt"), std::string::npos);
}

TEST_F(PromptFile, JsonLinesKeepNewlinesAndLabels) {
  const auto prompts = read(".jsonl",
                            "{\"prompt\": \"a\\nb\"}\n\n\"bare\"\n{\"text\": \"t\", \"id\": 3}\n"
                            "{\"tag\": \"single_object\", \"include\": [{\"class\": \"cat\"}], \"prompt\": \"p\"}\n");
  ASSERT_EQ(prompts.size(), 4u);
  EXPECT_EQ(prompts[0].text, "a\nb");
  EXPECT_EQ(prompts[1].text, "bare");
  EXPECT_TRUE(prompts[2].labels.is_null());
  EXPECT_EQ(prompts[3].labels.at("include")[0].at("class"), "cat");
}

TEST_F(PromptFile, BadLinesAreNamed) {
  const std::string said = error_of(".txt", "good\ncaf\xe9\n");  // sets path_
  EXPECT_EQ(said, path_.string() + ":2: not UTF-8 at byte 3 of the line; save the file as UTF-8");
  const std::string malformed = error_of(".jsonl", "\"a\"\n{\"prompt\": \n");
  EXPECT_NE(malformed.find(path_.string() + ":2"), std::string::npos);
  EXPECT_NE(error_of(".jsonl", "{\"caption\": \"a\"}\n").find(":1: no 'prompt' or 'text'"), std::string::npos);
  EXPECT_NE(error_of(".jsonl", "{\"prompt\": 3}\n").find(":1: 'prompt' must be a string, not number"),
            std::string::npos);
  EXPECT_NE(error_of(".jsonl", "[1]\n").find(":1: a prompt is a string or an object, not array"), std::string::npos);
  EXPECT_NE(error_of(".csv", "a\n").find(".txt"), std::string::npos);
  EXPECT_NE(error_of(".jsonl", "\n").find("holds no prompt"), std::string::npos);
  EXPECT_NE(error_of(".jsonl", "\"\\ud800\"\n").find(":1"), std::string::npos);
}

}  // namespace
}  // namespace emf
