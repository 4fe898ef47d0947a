// SPDX-License-Identifier: Apache-2.0
// What every registered judge must hold to; a new one is tested by being registered.
#include "harness/api/judge.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "tests/contract/picture_plugin.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

constexpr int64_t kSide = 32;

class JudgeContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    MadePlugin<Judge> made = this->made();
    if (!made.plugin) GTEST_SKIP() << made.absent;
    judge_ = std::move(made.plugin);
  }

  static MadePlugin<Judge> made(const Options& options = {}) {
    return make_for_contract<Judge, JudgeRegistry>(
        GetParam(), JudgeContext{kSide, kSide}, options, [](const auto& path) {
          write_square_judge(path);
          write_json(path.string() + ".json", {{"classes", {"apple"}}, {"colors", {"red", "green", "blue"}}});
        });
  }

  at::Tensor pictures() const { return pattern_pictures(3, judge_->side() == 0 ? kSide : judge_->side()); }

  std::unique_ptr<Judge> judge_;
};

TEST_P(JudgeContract, FingerprintIsNamedAndStable) {
  EXPECT_EQ(judge_->fingerprint().at("name"), GetParam());
  EXPECT_EQ(made().plugin->fingerprint(), judge_->fingerprint());
}

TEST_P(JudgeContract, FindsObjectsOrAnswersQuestions) {
  EXPECT_TRUE(judge_->detects() || judge_->answers());
  if (!judge_->detects()) {
    EXPECT_THROW(judge_->detect(pictures()), UserError);
  }
  if (!judge_->answers()) {
    EXPECT_THROW(judge_->answer(pictures(), {{}, {}, {}}), UserError);
  }
}

TEST_P(JudgeContract, BoxesLieInsideThePictureAndBearKnownNames) {
  if (!judge_->detects()) GTEST_SKIP() << GetParam() << " finds no objects";
  const std::vector<std::string>& names = judge_->class_names();
  const std::set<std::string> known(names.begin(), names.end());
  EXPECT_FALSE(known.empty());
  EXPECT_EQ(known.size(), names.size()) << "a class is named twice";
  const at::Tensor pictures = this->pictures();
  const auto width = static_cast<float>(pictures.size(3)), height = static_cast<float>(pictures.size(2));
  const auto found = judge_->detect(pictures);
  ASSERT_EQ(found.size(), 3u);
  for (const std::vector<Detection>& boxes : found) {
    for (const Detection& box : boxes) {
      EXPECT_EQ(known.count(box.class_name), 1u) << box.class_name;
      EXPECT_TRUE(0 <= box.box[0] && box.box[0] <= box.box[2] && box.box[2] <= width) << to_json({box});
      EXPECT_TRUE(0 <= box.box[1] && box.box[1] <= box.box[3] && box.box[3] <= height) << to_json({box});
      EXPECT_TRUE(0 <= box.score && box.score <= 1) << box.score;
    }
    EXPECT_TRUE(std::is_sorted(boxes.begin(), boxes.end(), [](const Detection& a, const Detection& b) {
      return a.score > b.score;
    })) << "most confident first";
  }
}

TEST_P(JudgeContract, EqualPicturesAreSeenEqually) {
  if (!judge_->detects()) GTEST_SKIP() << GetParam() << " finds no objects";
  const auto first = judge_->detect(pictures()), again = judge_->detect(pictures());
  for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(to_json(first[i]), to_json(again[i]));
}

TEST_P(JudgeContract, AnswersAreYesOrNo) {
  if (!judge_->answers()) GTEST_SKIP() << GetParam() << " answers no questions";
  const std::vector<std::vector<std::string>> questions = {{"is there a cat?", "is it red?"}, {}, {"is there a dog?"}};
  const auto answers = judge_->answer(pictures(), questions);
  ASSERT_EQ(answers.size(), questions.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].size(), questions[i].size());
    for (const std::string& word : answers[i]) EXPECT_TRUE(word == "yes" || word == "no") << word;
  }
  EXPECT_EQ(judge_->answer(pictures(), questions), answers);
}

TEST_P(JudgeContract, UnknownOptionIsNamed) {
  try {
    made(Options({{"no_such_option", 1}}, "judge options"));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("no_such_option"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, JudgeContract, testing::ValuesIn(JudgeRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
