// SPDX-License-Identifier: Apache-2.0
// Pretraining reads the same captions whatever it asks of them, resumes in the same bytes, and leaves values an encoder
// takes.
#include "harness/engine/training/pretrainer.h"
#include "harness/engine/text/encoder_source.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/base/progress.h"
#include "harness/captions/grammar.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

class PretrainerTest : public testing::Test {
 protected:
  void SetUp() override {
    Talk::quiet() = true;
    at::set_num_threads(1);
    if (!std::filesystem::exists(package_file("clip-vocabulary").path))
      GTEST_SKIP() << "no CLIP vocabulary; run ./emfbench setup";
    store_ = std::filesystem::temp_directory_path() / ("emf_pretrainer_" + std::to_string(::getpid()));
    std::filesystem::remove_all(store_);
    options_.pictures = 640;
    options_.batch = 32;
    options_.learning_rate = 3e-3;
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  static Corpus corpus() {
    const Options options(Json{{"side", 32}, {"classes", 6}, {"colors", 4}}, "test");
    return Corpus({DatasetRegistry::instance().make("scenes", options, {})}, 0.5, 0);
  }
  static std::unique_ptr<Encoder> encoder(const std::string& name) {
    return make_encoder(name, {{"trainable", true}}, 5);
  }
  static std::unique_ptr<Pretraining> pretraining(const std::string& name) {
    return PretrainingRegistry::instance().make(name, {}, {encoder("clip_small")->info(), 5, {}});
  }
  RunFolder folder(const std::string& name) const {
    RunFolder made(store_, "pretrain", {{"name", name}});
    made.begin();
    return made;
  }

  std::filesystem::path store_;
  TrainOptions options_;
};

TEST_F(PretrainerTest, EveryPretrainingReadsTheSameCaptions) {
  const Corpus read = corpus();
  const auto texts = [](const std::vector<Prompt>& prompts) {
    std::vector<std::string> all;
    for (const Prompt& prompt : prompts) all.push_back(prompt.text);
    return all;
  };
  const PretrainingBatch plain = read.batch(64, 32, *pretraining("next_token"));
  int reworded = 0;
  for (const Prompt& caption : plain.captions) reworded += caption.text.rfind("a photo of", 0) != 0;
  EXPECT_GT(reworded, 4);
  EXPECT_LT(reworded, 28);
  for (const std::string& name : PretrainingRegistry::instance().names()) {
    const PretrainingBatch batch = read.batch(64, 32, *pretraining(name));
    EXPECT_EQ(texts(batch.captions), texts(plain.captions)) << name;
    EXPECT_EQ(batch.pictures.defined(), name == "picture_contrastive");
    for (size_t i = 0; i < batch.paraphrases.size(); ++i) {
      EXPECT_NE(batch.paraphrases[i].text, batch.captions[i].text);
      EXPECT_EQ(parse_caption(batch.paraphrases[i].text), parse_caption(batch.captions[i].text))
          << batch.captions[i].text;
    }
  }
  // Cut otherwise, the same.
  const std::vector<std::string> whole = texts(plain.captions);
  EXPECT_EQ(texts(read.batch(80, 16, *pretraining("next_token")).captions),
            std::vector<std::string>(whole.begin() + 16, whole.end()));
}

/// Fails like a killed process once it has seen `limit` batches.
class DiesAfter : public Pretraining {
 public:
  DiesAfter(std::unique_ptr<Pretraining> inner, int limit) : inner_(std::move(inner)), left_(limit) {}
  Json fingerprint() const override { return inner_->fingerprint(); }
  bool needs_paraphrases() const override { return inner_->needs_paraphrases(); }
  NamedParameters parameters() const override { return inner_->parameters(); }
  LossResult loss(const Encoder& encoder, const PretrainingBatch& batch) const override {
    if (left_-- == 0) throw std::runtime_error("killed");
    return inner_->loss(encoder, batch);
  }

 private:
  std::unique_ptr<Pretraining> inner_;
  mutable int left_;
};

TEST_F(PretrainerTest, KilledBehindItsLastStepIsNotTrainedAgain) {
  const RunFolder where = folder("ended");
  const auto run = [&](const Pretraining& how) {
    return pretrain_encoder(*encoder("sentence_small"), how, corpus(), options_, 5, "test", where);
  };
  const Json expected = run(*pretraining("next_token"));
  const std::string values = sha256_file(where.file(kEncoderValues));
  // As if the process had died before the stage was marked done, with or without its values: not one batch is drawn.
  EXPECT_EQ(run(DiesAfter(pretraining("next_token"), 0)), expected);
  std::filesystem::remove(where.file(kEncoderValues));
  EXPECT_EQ(run(DiesAfter(pretraining("next_token"), 0)), expected);
  EXPECT_EQ(sha256_file(where.file(kEncoderValues)), values);
}

TEST_F(PretrainerTest, KilledAndResumedEqualsUndisturbedAndItsValuesAreTaken) {
  const RunFolder undisturbed = folder("undisturbed"), disturbed = folder("disturbed");
  const auto run = [&](const Pretraining& how, const RunFolder& where) {
    return pretrain_encoder(*encoder("sentence_small"), how, corpus(), options_, 5, "test", where);
  };
  const Json expected = run(*pretraining("paraphrase_contrastive"), undisturbed);
  EXPECT_THROW(run(DiesAfter(pretraining("paraphrase_contrastive"), 9), disturbed), std::runtime_error);
  EXPECT_EQ(run(*pretraining("paraphrase_contrastive"), disturbed), expected);
  EXPECT_EQ(sha256_file(disturbed.file(kEncoderValues)), sha256_file(undisturbed.file(kEncoderValues)));
  EXPECT_EQ(expected.at("captions"), 640);
  EXPECT_EQ(expected.at("parameters"), encoder("sentence_small")->info().num_parameters);
  EXPECT_LT(expected.at("curve").back()[1], expected.at("curve").front()[1]);
  EXPECT_GT(expected.at("flops"), 0);

  const std::string values = undisturbed.file(kEncoderValues).string();
  const auto trained = make_encoder("sentence_small", {{"values", values}}, 5);
  EXPECT_EQ(trained->info().pretraining, "");
  const std::vector<Prompt> prompts = {{"a photo of a cat", Json()}};
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(at::equal(trained->forward(trained->prepare(prompts)).tokens,
                         make_encoder("sentence_small", Json(), 5)->forward(trained->prepare(prompts)).tokens));
  EXPECT_EQ(make_encoder("sentence_small:" + values, Json(), 9)->fingerprint(), trained->fingerprint())
      << "values have no seed";

  NamedTensors damaged = read_safetensors(values);
  damaged.erase("final_norm.weight");
  write_safetensors(store_ / "damaged.safetensors", damaged);
  try {
    make_encoder("sentence_small", {{"values", (store_ / "damaged.safetensors").string()}}, 5)
        ->forward(trained->prepare(prompts));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()),
              (store_ / "damaged.safetensors").string() + ": no values of the encoder's 'final_norm.weight'");
  }
}

}  // namespace
}  // namespace emf
