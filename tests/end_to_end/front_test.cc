// SPDX-License-Identifier: Apache-2.0
// The light program as the front of the whole one: the same words give the same answer, with and without LibTorch.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "harness/base/json.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

struct Answer {
  int code = -1;
  std::string text;  ///< stdout and stderr together
  bool operator==(const Answer&) const = default;
};

Answer ask(const std::string& command) {
  Answer answer;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  char bytes[4096];
  for (size_t count = 0; (count = std::fread(bytes, 1, sizeof bytes, pipe)) > 0;) answer.text.append(bytes, count);
  answer.code = WEXITSTATUS(::pclose(pipe));
  return answer;
}

Answer by_front(const std::string& words) { return ask("EMFBENCH_WHOLE=" EMF_PROGRAM " " EMF_FRONT " " + words); }

TEST(Front, AnswersAsTheWholeProgram) {
  const TemporaryFolder folder("front");
  const std::string store = " --store " + (folder / "store").string();
  for (const std::string& words : {std::string(),
                                   std::string("help"),
                                   std::string("--help"),
                                   std::string("help run"),
                                   std::string("run --help"),
                                   std::string("run smoke -h"),
                                   std::string("help store verify"),
                                   std::string("store --help verify"),
                                   std::string("--help run"),
                                   std::string("run smoke --jobs 2 --help"),
                                   std::string("score --help"),
                                   std::string("help nothing"),
                                   std::string("--version"),
                                   std::string("version"),
                                   std::string("completion bash"),
                                   std::string("list encoders --json"),
                                   std::string("statsu"),
                                   "status" + store,
                                   std::string("--plugin /none.so list encoders"),
                                   std::string("score kid --real none.npy --generated none.npy"),
                                   "report nothing" + store,
                                   "run nothing" + store,
                                   std::string("export"),
                                   std::string("--nothing")}) {
    const Answer whole = ask(EMF_PROGRAM " " + words), front = by_front(words);
    EXPECT_EQ(front.code, whole.code) << words;
    EXPECT_EQ(front.text, whole.text) << words;
    EXPECT_FALSE(whole.text.empty()) << words;
  }
}

TEST(Front, HandsOverWhereANetworkIsAskedFor) {
  const TemporaryFolder folder("front_pictures");
  folder.write("a.ppm", "P6\n2 2\n255\n" + std::string(12, 'a'));
  folder.write("b.ppm", "P6\n2 2\n255\n" + std::string(12, 'b'));
  const std::string words = "score inception --json --generated " + folder.path().string();
  Answer whole = ask(EMF_PROGRAM " " + words), front = by_front(words);
  ASSERT_EQ(front.code, whole.code) << front.text;
  // What took how long is another time each.
  const auto without_times = [](const Answer& answer) {
    Json result = parse_json(answer.text.substr(answer.text.find('{')), "answer");
    result.erase("seconds");
    return result;
  };
  if (whole.code == 0) {
    EXPECT_EQ(without_times(front), without_times(whole));
  } else {
    EXPECT_EQ(front.text, whole.text);
  }
}

TEST(Front, StandsAlone) {
  // Without a whole program it is the light one.
  const Answer answer = ask("EMFBENCH_WHOLE=/none " EMF_FRONT " --version");
  EXPECT_EQ(answer.code, 0);
  EXPECT_NE(ask("EMFBENCH_WHOLE=/none " EMF_FRONT " run smoke").code, 0);
}

}  // namespace
}  // namespace emf
