// SPDX-License-Identifier: Apache-2.0
// Answer files with something wrong in them end in a score or in one line with the file's name, never in anything else,
// and no reader asks for memory that its input does not account for.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/base/random.h"
#include "tests/answer_cases.h"
#include "tests/largest_request.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// What stands in files where it should not.
const std::vector<std::string> kIntruders = {"95.0",
                                             "-1",
                                             "1e999",
                                             "NaN",
                                             "null",
                                             "\"\"",
                                             "[]",
                                             "{}",
                                             "true",
                                             "\"x\"",
                                             ",",
                                             "\n",
                                             "\r\n",
                                             "\"",
                                             "[",
                                             "]",
                                             "{",
                                             "}",
                                             "'",
                                             "\\",
                                             "\xff",
                                             "\xc3",
                                             "\0",
                                             "0",
                                             "9223372036854775808",
                                             "((((((((((((((((((((((((((((((",
                                             "[[[[[[[[[[[[[[[[[[[[[[",
                                             "\xf0\x9f\x98\x80"};

std::string mutated(const std::string& text, Random& random) {
  std::string changed = text;
  const int changes = 1 + static_cast<int>(random.below(3));
  for (int i = 0; i < changes && !changed.empty(); ++i) {
    const auto size = static_cast<uint32_t>(changed.size());
    const size_t at = random.below(size), length = std::min<size_t>(1 + random.below(40), size - at);
    switch (random.below(8)) {
      case 0:
        changed[at] = static_cast<char>(random.below(256));
        break;
      case 1:
        changed.erase(at, length);
        break;
      case 2:
        changed.insert(at, changed.substr(at, length));
        break;
      case 3:
        changed.resize(at);
        break;
      case 4: {
        // A number or word gives way.
        const size_t begin = changed.find_first_of("0123456789", at);
        if (begin == std::string::npos) break;
        const size_t end = std::min(changed.find_first_not_of("0123456789.", begin), changed.size());
        changed.replace(begin, end - begin, kIntruders[random.below(static_cast<uint32_t>(kIntruders.size()))]);
        break;
      }
      case 5: {
        std::string slice;
        for (int repeat = 0; repeat < 400; ++repeat) slice += changed.substr(at, length);
        changed.insert(at, slice);
        break;
      }
      case 6: {
        // A line stands elsewhere.
        const size_t begin = changed.rfind('\n', at) == std::string::npos ? 0 : changed.rfind('\n', at) + 1;
        const size_t end = std::min(changed.find('\n', at), changed.size() - 1) + 1;
        const std::string line = changed.substr(begin, end - begin);
        changed.erase(begin, end - begin);
        changed.insert(changed.empty() ? 0 : random.below(static_cast<uint32_t>(changed.size())), line);
        break;
      }
      default:
        changed.insert(at, kIntruders[random.below(static_cast<uint32_t>(kIntruders.size()))]);
    }
  }
  return changed;
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const bool printed = entry.path().string().find("/official/") != std::string::npos &&
                         entry.path().filename() != "text_prompt_score.csv";
    if (entry.is_regular_file() && !printed) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Files of a case, those of its folders included.
std::vector<fs::path> files_of_case(const AnswerFolder& folder, const AnswerCase& one) {
  std::vector<fs::path> files;
  for (const std::string& word : folder.words(one.words)) {
    const fs::path path = word.substr(word.find('=') == std::string::npos ? 0 : word.find('=') + 1);
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const std::vector<fs::path> below = files_below(path);
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

class Mutated : public testing::TestWithParam<AnswerCase> {};

TEST_P(Mutated, EndsInAScoreOrInOneLine) {
  constexpr uint64_t kMutations = 300;
  constexpr size_t kAllowance = 64 * 1024;  // names, messages and the reader's own buffers
  const AnswerCase& one = GetParam();
  const AnswerFolder folder(one.rule);
  const std::vector<fs::path> files = files_of_case(folder, one);
  size_t scored = 0, refused = 0;
  for (uint64_t seed = 0; seed < kMutations; ++seed) {
    Random random(seed, "mutated/" + one.name, 0);
    const fs::path& file = files[random.below(static_cast<uint32_t>(files.size()))];
    const std::string before = read_file(file), changed = mutated(before, random);
    const std::string name = fs::relative(file, folder.path());
    folder.write(name, changed);
    size_t input = 0;
    for (const fs::path& path : files) input += fs::file_size(path);
    forget_largest_request();
    try {
      const ScoredAnswers result = scored_answers(folder, one);
      ++scored;
    } catch (const UserError& error) {
      ++refused;
      EXPECT_EQ(error.code(), ExitCode::kBadInput) << seed << ": " << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << seed << ": " << error.what();
      EXPECT_LT(std::string(error.what()).size(), 700u) << seed << ": " << error.what();
      EXPECT_TRUE(std::string(error.what()).find(folder.path().string()) != std::string::npos ||
                  std::string(error.what()).find("rule " + one.rule + " needs") != std::string::npos)
          << seed << ", " << name << ": " << error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << seed << ", " << name << ": " << error.what();
    }
    EXPECT_LE(largest_request(), 4 * input + kAllowance) << seed << ", " << name << ", " << input << " bytes";
    folder.write(name, before);
  }
  // The mutations are neither all harmless nor all fatal.
  EXPECT_GT(scored, kMutations / 100);
  EXPECT_GT(refused, kMutations / 10);
}

INSTANTIATE_TEST_SUITE_P(Rules, Mutated, testing::ValuesIn(answer_cases()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace emf
