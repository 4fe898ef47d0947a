// SPDX-License-Identifier: Apache-2.0
// The files that `emfbench new` writes: the build configured, compiled and registered every one as sample_<kind>, so
// the other contract tests walk them all; here is what they do not ask.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/api/backbone.h"
#include "harness/api/codec.h"
#include "harness/api/encoder.h"
#include "harness/api/judge.h"
#include "harness/api/objective.h"
#include "harness/api/probe.h"
#include "harness/api/section.h"
#include "harness/base/file.h"
#include "harness/engine/suite/suite_file.h"
#include "harness/plugin/file_template.h"
#include "reports/writers/html.h"
#include "tests/command_run.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

TEST(Templates, AreCompiledAsNewWritesThem) {
  for (const TemplateKind& kind : template_kinds()) {
    const std::string name = "sample_" + kind.kind;
    EXPECT_EQ(read_file(fs::path(EMF_SAMPLES) / (name + kind.extension)), fill_template(kind, name));
  }
}

TEST(Templates, EveryOneRegisters) {
  EXPECT_TRUE(EncoderRegistry::instance().contains("sample_encoder"));
  EXPECT_TRUE(DatasetRegistry::instance().contains("sample_dataset"));
  EXPECT_TRUE(ObjectiveRegistry::instance().contains("sample_objective"));
  EXPECT_TRUE(ProbeRegistry::instance().contains("sample_probe"));
  EXPECT_TRUE(MetricRegistry::instance().contains("sample_metric"));
  EXPECT_TRUE(CodecRegistry::instance().contains("sample_codec"));
  EXPECT_TRUE(JudgeRegistry::instance().contains("sample_judge"));
  EXPECT_TRUE(BackboneRegistry::instance().contains("sample_backbone"));
  EXPECT_TRUE(SectionRegistry::instance().contains("sample_section"));
}

TEST(Templates, DatasetDrawsWhatItSays) {
  const auto dataset = DatasetRegistry::instance().make("sample_dataset", Options(), {3});
  ASSERT_NE(dataset->world(), nullptr);
  const Sample sample = dataset->sample(5);
  EXPECT_EQ(sample.prompt.text, dataset->prompt(5).text);
  EXPECT_EQ(sample.picture.size(), static_cast<size_t>(dataset->height() * dataset->width() * 3));
  EXPECT_EQ(sample.picture, dataset->sample(5).picture);
  EXPECT_NE(sample.picture, dataset->sample(6).picture);
  ASSERT_EQ(sample.boxes.size(), 1u);
  EXPECT_LT(sample.boxes[0].class_id, static_cast<int>(dataset->world()->class_names().size()));
  for (const Prompt& prompt : dataset->evaluation_prompts(20, 1))
    EXPECT_EQ(dataset->draw(prompt, 0).prompt.text, prompt.text);
  EXPECT_EQ(dataset->world()->all_prompts(Split::kTrain).size(), 20u);
  EXPECT_THROW(dataset->draw({"a photo of a cat", Json()}, 0), UserError);
  EXPECT_THROW(dataset->evaluation_prompts(21, 1), UserError);
}

TEST(Templates, ObjectiveTrainsAndSamples) {
  const auto objective = ObjectiveRegistry::instance().make("sample_objective", Options(), {});
  const Options sizes(Json{{"width", 16}, {"depth", 1}, {"heads", 2}}, "test");
  const auto model = ModelRegistry::instance().make("dit", sizes, ModelContext{{4, 2, 2, 8}, 1, {}, {}});
  const Condition text{at::ones({2, 3, 8}), at::ones({2, 3}, at::kBool)},
      none{at::zeros({2, 1, 8}), at::ones({2, 1}, at::kBool)};
  const at::Tensor x = at::ones({2, 4, 2, 2});
  const Draw draw = objective->draw({1, {0, 1}}, {4, 2, 2}, 0);
  const LossResult result = objective->loss(LossInputs{*model, nullptr, x, text, draw, 0});
  result.loss.backward();
  EXPECT_TRUE(std::isfinite(result.loss.item<double>()));
  EXPECT_EQ(objective->sample(*model, {x, text, none, 3, 2}).network_evaluations, 6);
}

TEST(Templates, SectionNamesEachEncodersBestRow) {
  const auto section = SectionRegistry::instance().make("sample_section");
  EXPECT_TRUE(section->blocks({Json::object(), Json::object(), {}}).empty());
  Json rows = Json::array();
  for (const double value : {0.25, 0.75, 0.5}) {
    const int steps = static_cast<int>(rows.size()) + 1;  // equal cells would count as seeds of one
    rows.push_back({{"encoder", "hash"},
                    {"objective", "ddpm"},
                    {"steps", steps},
                    {"metric", "geneval"},
                    {"value", value},
                    {"ci95", nullptr},
                    {"n", 8}});
  }
  const std::string html = html_of(section->blocks({{{"rows", rows}}, Json::object(), {}}));
  EXPECT_NE(html.find("0.750"), std::string::npos) << html;
  EXPECT_EQ(html.find("0.500"), std::string::npos) << html;
}

TEST(Templates, SuiteIsReadWithoutComplaint) {
  const SuiteSpec spec =
      read_suite(parse_config(fill_template(template_kinds().back(), "sample_suite"), "sample_suite.toml"));
  EXPECT_EQ(spec.name, "sample_suite");
}

class NewVerb : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { fs::remove_all(folder_); }

  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "new");
    words.insert(words.end(), {"--quiet", "--folder", folder_.string()});
    const CommandOutcome outcome = run_command(words);
    out_ = outcome.out;
    talk_ = outcome.talk;
    return outcome.code;
  }

  const fs::path folder_ = fs::temp_directory_path() / fmt::format("emf_new_test_{}", ::getpid());
  std::string out_, talk_;
};

TEST_F(NewVerb, WritesOneFileOnce) {
  for (const TemplateKind& kind : template_kinds()) {
    const fs::path file = folder_ / ("fresh_" + kind.kind + kind.extension);
    ASSERT_EQ(run({kind.kind, "fresh_" + kind.kind}), 0) << talk_;
    EXPECT_EQ(out_, file.string() + "\n");
    const std::string written = read_file(file);
    EXPECT_EQ(written.find("@name"), std::string::npos);
    EXPECT_NE(written.find("fresh_" + kind.kind), std::string::npos);
    EXPECT_EQ(run({kind.kind, "fresh_" + kind.kind}), 2) << "it is there already";
    EXPECT_EQ(read_file(file), written);
  }
}

TEST_F(NewVerb, RefusesNamesThatCannotBe) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"encoder", "MyWords-2"}, "did you mean 'my_words_2'?"},
      {{"encoder", "9lives"}, "did you mean 'lives'?"},
      {{"encoder", "hash"}, "hash.cc"},
      {{"metric", "kid"}, "kid.cc"},
      {{"probe", "my_test"}, "tests"},
      {{"encoder", "../up"}, "did you mean 'up'?"},
      {{"encodr", "mine"}, "did you mean 'encoder'?"},
  };
  for (const auto& [words, hint] : cases) {
    EXPECT_EQ(run(words), 2) << words[1];
    EXPECT_NE(talk_.find(hint), std::string::npos) << talk_;
    EXPECT_EQ(std::count(talk_.begin(), talk_.end(), '\n'), 1) << talk_;
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace emf
