// A stopped and resumed training ends in the same bytes as an undisturbed one; weights, averages and budgets are exact.
#include "harness/engine/training/trainer.h"

#include <torch/optim/adamw.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/base/progress.h"
#include "harness/engine/training/loop.h"
#include "harness/engine/training/optimizer.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kPool = 96, kPrompts = 5, kDimension = 12, kText = 3;

class TrainerTest : public testing::Test {
 protected:
  void SetUp() override {
    Talk::quiet() = true;
    at::set_num_threads(1);
    store_ = std::filesystem::temp_directory_path() / ("emf_trainer_" + std::to_string(::getpid()));
    std::filesystem::remove_all(store_);
    at::manual_seed(1);
    features_ = store_ / "features.safetensors";
    write_safetensors(features_, {{"rows", at::arange(kPrompts)},
                                  {"mean", at::zeros({kDimension})},
                                  {"tokens", at::randn({kPrompts, kText, kDimension})},
                                  {"mask", at::ones({kPrompts, kText}, at::kBool)},
                                  {"pooled_raw", at::randn({kPrompts, kDimension})}});
    data_ = {at::randn({kPool, 4, 2, 2}), at::randint(kPrompts, {kPool}, at::kLong)};
    options_.pictures = 1024;
    options_.batch = 16;
    options_.checkpoints = 8;
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  std::unique_ptr<Model> model() const {
    return ModelRegistry::instance().make("dit", parse_config("[model]\nwidth = 16\ndepth = 1\nheads = 2\n", "test"),
                                          {4, 2, 2, kDimension}, 3);
  }
  std::unique_ptr<Objective> objective(const std::string& name) const {
    return ObjectiveRegistry::instance().make(name, parse_config("", "test"));
  }
  RunFolder folder(const std::string& name) const {
    RunFolder made(store_, "train", {{"name", name}});
    made.begin();
    return made;
  }

  Json train(const Objective& how, const Segment& segment, const RunFolder& where, uint64_t seed = 0) const {
    const TextConditions conditions(features_, nullptr);
    const auto network = model();
    return train_segment(how, *network, conditions, data_, options_, segment, seed, "test", where);
  }

  std::filesystem::path store_, features_;
  TrainingSet data_;
  TrainOptions options_;
};

/// Fails like a killed process once it has drawn `limit` batches; until then it is the objective it wraps.
class DiesAfter : public Objective {
 public:
  DiesAfter(std::unique_ptr<Objective> inner, int limit) : inner_(std::move(inner)), left_(limit) {}
  Json fingerprint() const override { return inner_->fingerprint(); }
  Draw draw(const RowKeys& keys, at::IntArrayRef shape, double progress) const override {
    if (left_-- == 0) throw std::runtime_error("killed");
    return inner_->draw(keys, shape, progress);
  }
  LossResult loss(Model& model, const at::Tensor& x, const Condition& condition, const Draw& draw) const override {
    return inner_->loss(model, x, condition, draw);
  }
  SamplerResult sample(Model& model, const SamplerRequest& request) const override {
    return inner_->sample(model, request);
  }
  double forwards_per_picture(double progress) const override { return inner_->forwards_per_picture(progress); }

 private:
  std::unique_ptr<Objective> inner_;
  mutable int left_;
};

TEST_F(TrainerTest, KilledAndResumedEqualsUndisturbedByteForByte) {
  const Segment whole{0, 1024, 1024, {}, true};
  const RunFolder undisturbed = folder("undisturbed"), disturbed = folder("disturbed");
  const Json expected = train(*objective("mean_flow"), whole, undisturbed);
  for (const int limit : {13, 9, 30}) {
    EXPECT_THROW(train(DiesAfter(objective("mean_flow"), limit), whole, disturbed), std::runtime_error);
    EXPECT_TRUE(std::filesystem::exists(disturbed.file("checkpoints/latest.safetensors")));
  }
  const Json result = train(*objective("mean_flow"), whole, disturbed);
  EXPECT_EQ(result, expected);
  for (const char* file : {"checkpoints/final.safetensors", "events.jsonl"}) {
    EXPECT_EQ(sha256_file(disturbed.file(file)), sha256_file(undisturbed.file(file))) << file;
  }
  EXPECT_FALSE(std::filesystem::exists(disturbed.file("checkpoints/latest.safetensors")));
}

TEST_F(TrainerTest, TwoSegmentsOfOneObjectiveEqualOne) {
  const RunFolder whole = folder("whole"), first = folder("first"), second = folder("second");
  train(*objective("flow_matching"), {0, 1024, 1024, {}, true}, whole);
  train(*objective("flow_matching"), {0, 512, 1024, {}, true}, first);
  train(*objective("flow_matching"), {512, 1024, 1024, first.file("checkpoints/final.safetensors"), true}, second);
  const NamedTensors a = read_safetensors(whole.file("checkpoints/final.safetensors")),
                     b = read_safetensors(second.file("checkpoints/final.safetensors"));
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

TEST_F(TrainerTest, MeanFlowStartsFromTheFlowMatchingWeights) {
  const RunFolder first = folder("first"), second = folder("second");
  train(*objective("flow_matching"), {0, 512, 1024, {}, true}, first);
  options_.learning_rate = 0;
  train(*objective("mean_flow"), {512, 1024, 1024, first.file("checkpoints/final.safetensors"), false}, second);
  const NamedTensors start = read_safetensors(first.file("checkpoints/final.safetensors")),
                     end = read_safetensors(second.file("checkpoints/final.safetensors"));
  EXPECT_TRUE(at::equal(start.at("weight.model.patch_in.weight"), end.at("weight.model.patch_in.weight")));
  EXPECT_EQ(end.at("weight.model.phi_interval.2.weight").abs().max().item<double>(), 0);
  EXPECT_TRUE(at::equal(end.at("weight.model.phi_interval.0.weight"), start.at("weight.model.phi_end.0.weight")));
}

TEST_F(TrainerTest, CountsPicturesAndFlops) {
  const Json result = train(*objective("flow_matching"), {0, 1024, 1024, {}, true}, folder("count"));
  EXPECT_EQ(result.at("pictures"), 1024);
  const double expected = 3 * 1024 * model()->forward_flops_per_row(kText);
  EXPECT_NEAR(result.at("flops").get<double>() / expected, 1, 1e-9);
  EXPECT_EQ(result.at("curve").back()[0], 1024);
}

/// An objective whose residual is always 2.
class ConstantResidual : public Objective {
 public:
  explicit ConstantResidual(std::unique_ptr<Objective> inner) : inner_(std::move(inner)) {}
  Json fingerprint() const override { return inner_->fingerprint(); }
  Draw draw(const RowKeys& keys, at::IntArrayRef shape, double progress) const override {
    return inner_->draw(keys, shape, progress);
  }
  LossResult loss(Model& model, const at::Tensor& x, const Condition& condition, const Draw& draw) const override {
    return {inner_->loss(model, x, condition, draw).loss, {{"residual", 2.0}}};
  }
  SamplerResult sample(Model& model, const SamplerRequest& request) const override {
    return inner_->sample(model, request);
  }

 private:
  std::unique_ptr<Objective> inner_;
};

TEST_F(TrainerTest, CurvesHoldMeansOfSteps) {
  const Json result = train(ConstantResidual(objective("flow_matching")), {0, 1024, 1024, {}, true}, folder("mean"));
  for (const Json& point : result.at("curve")) EXPECT_EQ(point[1], 2.0) << point[0];
}

TEST_F(TrainerTest, LossThatIsNotFiniteNamesTheStep) {
  data_.x.fill_(std::numeric_limits<float>::quiet_NaN());
  try {
    train(*objective("flow_matching"), {0, 1024, 1024, {}, true}, folder("nan"));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()), "test: the loss is nan at step 0 (0 pictures); lower train.learning_rate");
  }
}

TEST_F(TrainerTest, AnEncoderIsTunedAndThenFrozenWithWhatItLearnt) {
  const std::string weights = (project_root() / "tests/oracle/tiny_hf/bert").string();
  const auto make = [&](Json options) -> std::shared_ptr<Encoder> {
    options["weights"] = weights;
    return make_encoder("minilm", options, 0);
  };
  const std::shared_ptr<Encoder> tuned = make({{"trainable", true}});
  const int64_t dimension = tuned->info().dimension;
  const TokenInputs inputs{at::randint(5, tuned->info().vocabulary, {kPrompts, kText}, at::kLong),
                           at::ones({kPrompts, kText}, at::kBool)};
  write_safetensors(features_, {{"rows", at::arange(kPrompts)},
                                {"mean", at::zeros({dimension})},
                                {"ids", inputs.ids},
                                {"mask", inputs.mask},
                                {"pooled_raw", at::zeros({kPrompts, dimension})}});
  const auto network = [&] {
    return ModelRegistry::instance().make("dit", parse_config("[model]\nwidth = 16\ndepth = 1\nheads = 2\n", "test"),
                                          {4, 2, 2, dimension}, 3);
  };
  const RunFolder where = folder("tuned");
  const TextConditions conditions(features_, tuned);
  const Json result = train_segment(*objective("flow_matching"), *network(), conditions, data_, options_,
                                    {0, 1024, 1024, {}, true}, 0, "test", where);
  const double generator = 3 * 1024 * network()->forward_flops_per_row(kText);
  EXPECT_GT(result.at("flops").get<double>(), generator * 1.01) << "the encoder's share";

  const auto final = where.file("checkpoints/final.safetensors");
  write_safetensors(store_ / "encoder.safetensors", trained_encoder_values(final));
  const std::shared_ptr<Encoder> frozen = make({{"values", (store_ / "encoder.safetensors").string()}});
  EXPECT_FALSE(frozen->info().trainable);
  EXPECT_NE(frozen->fingerprint(), make({})->fingerprint());
  load_averaged(final, *network(), conditions);  // fills `tuned` with the same averages
  const at::NoGradGuard no_grad;
  const at::Tensor learnt = frozen->forward(inputs).tokens;
  EXPECT_LT(relative_error(learnt, tuned->forward(inputs).tokens), 1e-6);
  EXPECT_GT(relative_error(learnt, make({})->forward(inputs).tokens), 1e-3);
}

TEST(Optimizer, AverageIsBiasCorrected) {
  at::Tensor weight = at::full({3}, 2.0f).requires_grad_();
  Optimizer optimizer({{"w", weight}}, 0, 0, 0.9);
  for (int i = 0; i < 3; ++i) {
    weight.mutable_grad() = at::zeros({3});
    optimizer.step(0.1);
  }
  EXPECT_LT(relative_error(averaged_weights(optimizer.state()).at("w"), at::full({3}, 2.0)), 1e-6);
}

TEST(Optimizer, StepEqualsLibTorchsAdamW) {
  at::manual_seed(3);
  const at::Tensor start = at::randn({5, 4});
  at::Tensor ours = start.clone().requires_grad_(), theirs = start.clone().requires_grad_();
  Optimizer optimizer({{"w", ours}}, 0.01, 0, 0.9);
  torch::optim::AdamW reference({theirs}, torch::optim::AdamWOptions(1e-2).betas({0.9, 0.99}).weight_decay(0.01));
  for (int i = 0; i < 20; ++i) {
    const at::Tensor target = at::randn({5, 4});
    reference.zero_grad();
    (ours - target).square().sum().backward();
    (theirs - target).square().sum().backward();
    optimizer.step(1e-2);
    reference.step();
  }
  EXPECT_LT(relative_error(ours.detach(), theirs.detach()), 1e-6);
}

}  // namespace
}  // namespace emf
