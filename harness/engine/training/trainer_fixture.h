// SPDX-License-Identifier: Apache-2.0
// What tests of the trainer share: a few random pictures, five prompts, a small network, and objectives around
// objectives.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "harness/api/encoder.h"
#include "harness/base/progress.h"
#include "harness/engine/training/checkpoint.h"
#include "harness/engine/training/trainer.h"
#include "harness/tensor/safetensors.h"

namespace emf {

/// Looks tokens up by id; has nothing to train, though its texts are kept as a trainable encoder's.
class TableEncoder : public Encoder {
 public:
  explicit TableEncoder(const at::Tensor& table) : table_(table) {}
  EncoderInfo info() const override { return {.name = "table", .dimension = table_.size(1)}; }
  Json fingerprint() const override { return "table"; }
  TokenInputs prepare(const std::vector<Prompt>&) const override { return {}; }
  TextFeatures forward(const TokenInputs& inputs) const override {
    const at::Tensor tokens = table_.index_select(0, inputs.ids.flatten());
    return {tokens.view({inputs.ids.size(0), inputs.ids.size(1), -1}), inputs.mask};
  }

 private:
  at::Tensor table_;  ///< [ids,D]
};

class TrainerTest : public testing::Test {
 protected:
  static constexpr int64_t kPool = 96, kPrompts = 5, kDimension = 12, kText = 3;

  void SetUp() override {
    Talk::quiet() = true;
    at::set_num_threads(1);
    store_ = std::filesystem::temp_directory_path() / ("emf_trainer_" + std::to_string(::getpid()));
    std::filesystem::remove_all(store_);
    at::manual_seed(1);
    encoder_ = std::make_shared<TableEncoder>(at::randn({kPrompts * kText, kDimension}));
    write_texts(at::arange(kPrompts * kText).view({kPrompts, kText}), kDimension);
    data_ = {at::randn({kPool, 4, 2, 2}), kPool};
    options_.pictures = 1024;
    options_.batch = 16;
    options_.checkpoints = 8;
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  /// The stage of the training captions: each sample has one of five, at random.
  void write_texts(const at::Tensor& ids, int64_t dimension, const NamedTensors& beside = {}) const {
    NamedTensors tensors = {{"rows", at::randint(kPrompts, {kPool}, at::kInt)},
                            {"ids", ids},
                            {"mask", at::ones({kPrompts, kText}, at::kBool)}};
    tensors.insert(beside.begin(), beside.end());
    write_safetensors(texts().file("texts.safetensors"), tensors,
                      {{"length", std::to_string(kText)}, {"dimension", std::to_string(dimension)}});
  }
  RunFolder texts() const { return RunFolder(store_, "texts", "test"); }
  TextConditions conditions() const { return TextConditions(texts(), encoder_, TextForm::kNormalised); }

  static std::unique_ptr<Model> network(const ModelDemands& demands, int64_t dimension = kDimension) {
    const Options options(Json{{"width", 16}, {"depth", 1}, {"heads", 2}}, "test");
    return ModelRegistry::instance().make("dit", options, {{4, 2, 2, dimension}, 3, demands, {}});
  }
  static std::unique_ptr<Objective> objective(const std::string& name, const Json& options = {}) {
    return ObjectiveRegistry::instance().make(name, Options(options, "test"), {});
  }
  /// The whole budget of the options as one phase.
  static Segment whole() { return {0, 1024, 1024, 0, 1024, {}, true}; }

  RunFolder folder(const std::string& name) const {
    RunFolder made(store_, "train", {{"name", name}});
    made.begin();
    return made;
  }
  /// The same stage in another store: a checkpoint says whose it is, so that two stages' never are the same bytes.
  RunFolder twin(const RunFolder& of) const {
    RunFolder made(store_ / "twin", of.kind(), of.spec());
    made.begin();
    return made;
  }
  static std::filesystem::path final_of(const RunFolder& where) { return where.file(kFinalCheckpoint); }

  Json train(const Objective& how, const Segment& segment, const RunFolder& where,
             const Placement& placement = {}) const {
    const auto make = [&] { return network(how.wants().demands); };
    return train_segment(how, *make(), make, conditions(), data_, options_, segment, 0, placement, "test", where);
  }

  static void expect_equal(const NamedTensors& a, const NamedTensors& b) {
    EXPECT_EQ(a.size(), b.size());
    for (const auto& [name, tensor] : a) {
      ASSERT_EQ(b.count(name), 1u) << name;
      EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
    }
  }

  std::filesystem::path store_;
  std::shared_ptr<Encoder> encoder_;
  TrainingSet data_;
  TrainOptions options_;
};

/// The objective it is given; tests change single methods.
class WrappedObjective : public Objective {
 public:
  explicit WrappedObjective(std::unique_ptr<Objective> inner) : inner_(std::move(inner)) {}
  Json fingerprint() const override { return inner_->fingerprint(); }
  ObjectiveWants wants() const override { return inner_->wants(); }
  NamedParameters parameters() const override { return inner_->parameters(); }
  Draw draw(const RowKeys& keys, at::IntArrayRef shape, double progress) const override {
    return inner_->draw(keys, shape, progress);
  }
  LossResult loss(const LossInputs& inputs) const override { return inner_->loss(inputs); }
  SamplerResult sample(const Model& model, const SamplerRequest& request) const override {
    return inner_->sample(model, request);
  }
  void start(const NamedParameters& model) const override { inner_->start(model); }
  bool is_mean_over_rows() const override { return inner_->is_mean_over_rows(); }
  double forwards_per_picture(double progress) const override { return inner_->forwards_per_picture(progress); }

 protected:
  const Objective& inner() const { return *inner_; }

 private:
  std::unique_ptr<Objective> inner_;
};

/// Fails like a killed process once it has drawn `limit` batches; until then it is the objective it wraps.
class DiesAfter : public WrappedObjective {
 public:
  DiesAfter(std::unique_ptr<Objective> inner, int limit) : WrappedObjective(std::move(inner)), left_(limit) {}
  Draw draw(const RowKeys& keys, at::IntArrayRef shape, double progress) const override {
    if (left_-- == 0) throw std::runtime_error("killed");
    return WrappedObjective::draw(keys, shape, progress);
  }

 private:
  mutable int left_;
};

}  // namespace emf
