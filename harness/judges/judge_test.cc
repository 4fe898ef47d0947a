// SPDX-License-Identifier: Apache-2.0
// Judges by name: the shipped detector and TorchScript files.
#include "harness/api/judge.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

class ScriptJudge : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(folder_);
    write_square_judge(path_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void say(const Json& facts) const { write_json(path_.string() + ".json", facts); }
  std::unique_ptr<Judge> judge() const { return make_judge("torchscript:" + path_.string(), {16, 16}); }
  std::string refusal() const {
    try {
      judge()->detect(picture(1));
    } catch (const UserError& error) {
      return error.what();
    }
    return "accepted";
  }
  /// A square of rows 2..6 and columns 3..9 in one channel.
  static at::Tensor picture(int64_t channel) {
    at::Tensor bytes = at::zeros({1, 3, 16, 16}, at::kByte);
    bytes.narrow(1, channel, 1).narrow(2, 2, 4).narrow(3, 3, 6).fill_(255);
    return bytes;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_judge_test_{}", ::getpid());
  const std::filesystem::path path_ = folder_ / "judge.pt";
};

TEST_F(ScriptJudge, SaysWhatTheScriptSees) {
  say({{"classes", {"apple"}}, {"colors", {"red", "green", "blue"}}, {"threshold", 0.4}});
  const auto found = judge()->detect(at::cat({picture(1), at::zeros({1, 3, 16, 16}, at::kByte), picture(2)}));
  ASSERT_EQ(found.size(), 3u);
  const Json square = {{"cls", "apple"}, {"box", {3.0, 2.0, 9.0, 6.0}}, {"score", 1.0}, {"color", "green"}};
  EXPECT_EQ(to_json(found[0]), Json::array({square}));
  EXPECT_TRUE(found[1].empty());
  EXPECT_EQ(found[2][0].color, "blue");
  EXPECT_EQ(to_json(judge()->geneval_options()), Json({{"threshold", 0.4}}));
  EXPECT_TRUE(judge()->detects());
  EXPECT_FALSE(judge()->answers());
  EXPECT_THROW(judge()->answer(picture(1), {{"is there an apple?"}}), UserError);
}

TEST_F(ScriptJudge, FingerprintChangesWithWeightsAndFacts) {
  say({{"classes", {"apple"}}, {"colors", {"red", "green", "blue"}}});
  const Json first = judge()->fingerprint();
  EXPECT_EQ(judge()->fingerprint(), first);
  say({{"classes", {"pear"}}, {"colors", {"red", "green", "blue"}}});
  EXPECT_NE(judge()->fingerprint(), first);
}

TEST_F(ScriptJudge, SaysWhatIsWrong) {
  EXPECT_NE(refusal().find("it says colour 1, but only 0 have names; list them in"), std::string::npos) << refusal();
  say({{"classes", Json::array()}, {"colors", {"red", "green"}}});
  EXPECT_NE(refusal().find("it says class 0, but only 0 have names"), std::string::npos) << refusal();
  say({{"clases", {"apple"}}});
  EXPECT_NE(refusal().find("'clases'"), std::string::npos) << refusal();
  say({{"input", "list"}});
  EXPECT_NE(refusal().find("its forward failed"), std::string::npos) << refusal();
  std::filesystem::remove(path_.string() + ".json");
  write_color_backbone(path_);
  EXPECT_NE(refusal().find("must return a list of 1 dictionaries"), std::string::npos) << refusal();
  write_atomically(path_, "no archive");
  EXPECT_NE(refusal().find("not a TorchScript file"), std::string::npos) << refusal();
  EXPECT_EQ(refusal().find('\n'), std::string::npos) << refusal();
  std::filesystem::remove(path_);
  EXPECT_NE(refusal().find("no such TorchScript file"), std::string::npos) << refusal();
  EXPECT_THROW(make_judge("torchscript", {16, 16}), UserError);
  EXPECT_THROW(make_judge("detektor", {32, 32}), UserError);
}

TEST_F(ScriptJudge, AnswersQuestions) {
  write_color_answerer(path_);
  say({{"words", "answers"}, {"range", "0..1"}});
  const auto judge = this->judge();
  EXPECT_TRUE(judge->answers());
  EXPECT_FALSE(judge->detects());
  // The script says how large a part of the picture has the asked colour: the square fills an eleventh, less than half.
  const std::vector<std::vector<std::string>> questions = {{"red", "green"}, {}, {"blue"}};
  const at::Tensor green = at::zeros({1, 3, 16, 16}, at::kByte);
  green.narrow(1, 1, 1).fill_(255);
  const auto answers = judge->answer(at::cat({green, picture(1), picture(2)}), questions);
  EXPECT_EQ(answers, (std::vector<std::vector<std::string>>{{"no", "yes"}, {}, {"no"}}));
  EXPECT_THROW(judge->detect(picture(1)), UserError);
  say({{"words", "answers"}, {"classes", {"apple"}}});
  EXPECT_THROW(this->judge(), UserError) << "only detectors have classes";
}

TEST_F(ScriptJudge, AnswersMustBeNumbersOfTheQuestions) {
  say({{"words", "answers"}});
  const auto refusal = [&](const std::vector<std::string>& questions) -> std::string {
    try {
      judge()->answer(picture(1), {questions});
    } catch (const UserError& error) {
      return error.what();
    }
    return "accepted";
  };
  write_color_answerer(path_, "scores.append(0.5)");
  EXPECT_NE(refusal({"red"}).find("2 answers to 1 questions"), std::string::npos) << refusal({"red"});
  write_color_answerer(path_, "scores[0] = float('nan')");
  EXPECT_NE(refusal({"red"}).find("no number"), std::string::npos) << refusal({"red"});
}

TEST(DetectorJudge, KnowsItsSides) {
  const auto judge = make_judge("detector", {32, 32});
  EXPECT_EQ(judge->side(), 32);
  EXPECT_EQ(to_json(judge->geneval_options()), judge->fingerprint().at("options"));
  EXPECT_THROW(make_judge("detector:x", {32, 32}), UserError);
  for (const JudgeContext& context : {JudgeContext{512, 512}, JudgeContext{32, 64}}) {
    try {
      make_judge("detector", context);
      FAIL();
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kMissing);
      EXPECT_NE(std::string(error.what()).find("32 or 64 pixels, not "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace emf
