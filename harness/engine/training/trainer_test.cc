// SPDX-License-Identifier: Apache-2.0
// A stopped and resumed training ends in the same bytes as an undisturbed one; weights, averages and budgets are exact.
#include "harness/engine/training/trainer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <functional>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/training/loop.h"
#include "harness/engine/training/trainer_fixture.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

TEST_F(TrainerTest, KilledAndResumedEqualsUndisturbedByteForByte) {
  const RunFolder undisturbed = folder("row"), disturbed = twin(undisturbed);
  const Json expected = train(*objective("mean_flow"), whole(), undisturbed);
  for (const int limit : {13, 9, 30}) {
    EXPECT_THROW(train(DiesAfter(objective("mean_flow"), limit), whole(), disturbed), std::runtime_error);
    EXPECT_TRUE(std::filesystem::exists(disturbed.file("checkpoints/latest.safetensors")));
  }
  const Json result = train(*objective("mean_flow"), whole(), disturbed);
  EXPECT_EQ(result, expected);
  for (const char* file : {"checkpoints/final.safetensors", "events.jsonl"}) {
    EXPECT_EQ(sha256_file(disturbed.file(file)), sha256_file(undisturbed.file(file))) << file;
  }
  EXPECT_FALSE(std::filesystem::exists(disturbed.file("checkpoints/latest.safetensors")));
}

TEST_F(TrainerTest, KilledBehindItsLastStepIsNotTrainedAgain) {
  const RunFolder where = folder("ended");
  const Json expected = train(*objective("flow_matching"), whole(), where);
  // As if the process had died before the stage was marked done: not one batch is drawn.
  EXPECT_EQ(train(DiesAfter(objective("flow_matching"), 0), whole(), where), expected);
}

TEST_F(TrainerTest, GoesOnFromNothingButWhatItWrote) {
  const auto killed = [&](const std::string& name) {
    const RunFolder where = folder(name);
    EXPECT_ANY_THROW(train(DiesAfter(objective("flow_matching"), 40), whole(), where));
    return where;
  };
  const auto refused = [&](const RunFolder& where) -> std::string {
    try {
      train(*objective("flow_matching"), whole(), where);
    } catch (const DamagedStage& error) {
      EXPECT_EQ(error.folder(), where.path());
      return error.damage().file;
    }
    return "";
  };
  const auto rewritten = [&](const RunFolder& where, const auto& change) {
    TensorMetadata metadata;
    NamedTensors state = read_safetensors(where.file(kLatestCheckpoint), &metadata);
    change(state, metadata);
    write_safetensors(where.file(kLatestCheckpoint), state, metadata);
  };
  using Change = std::function<void(NamedTensors&, TensorMetadata&)>;
  const std::vector<Change> changes = {
      [](NamedTensors&, TensorMetadata& metadata) { metadata["pictures"] = "33"; },
      [](NamedTensors&, TensorMetadata& metadata) { metadata["flops"] = "-1"; },
      [](NamedTensors&, TensorMetadata& metadata) { metadata["events_bytes"] = "0"; },
      [](NamedTensors&, TensorMetadata& metadata) { metadata.erase("sha256"); },
      [](NamedTensors&, TensorMetadata& metadata) { metadata.erase("pictures"); },
      [](NamedTensors& state, TensorMetadata&) { state.at("steps").add_(1); },
      [](NamedTensors& state, TensorMetadata&) { state.erase(state.begin()); },
      [](NamedTensors& state, TensorMetadata&) { std::swap(state.begin()->second, std::next(state.begin())->second); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    const RunFolder where = killed(fmt::format("changed {}", i));
    rewritten(where, changes[i]);
    EXPECT_EQ(refused(where), kLatestCheckpoint) << i;
  }
  const RunFolder one = killed("one"), other = killed("other");
  std::filesystem::copy_file(one.file(kLatestCheckpoint), other.file(kLatestCheckpoint),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(refused(other), kLatestCheckpoint) << "another stage's";
  const std::string lines = read_file(one.file("events.jsonl"));
  std::string digit = lines;
  digit[digit.find_first_of("123456789")] = '0';
  for (const std::string& events : {std::string(), digit, lines.substr(0, 3)}) {
    write_atomically(one.file("events.jsonl"), events);
    EXPECT_EQ(refused(one), "events.jsonl");
  }
  write_atomically(one.file("events.jsonl"), lines + "half a li");
  EXPECT_EQ(refused(one), "") << "lines behind the checkpoint are made again";
}

TEST_F(TrainerTest, APhaseCutIntoSegmentsEqualsAnUncutOne) {
  // mean_flow draws by its progress, so a segment that counted from its own beginning would train otherwise.
  for (const char* name : {"flow_matching", "mean_flow"}) {
    const RunFolder uncut = folder(std::string(name) + "/uncut");
    train(*objective(name), whole(), uncut);
    std::filesystem::path start;
    for (const auto& [from, to] : {std::pair{0, 320}, {320, 640}, {640, 1024}}) {
      const RunFolder part = folder(fmt::format("{}/{}", name, from));
      const Json result = train(*objective(name), {from, to, 1024, 0, 1024, start, true}, part);
      EXPECT_EQ(result.at("pictures"), to - from);
      EXPECT_EQ(result.at("pictures_before"), from);
      start = final_of(part);
    }
    expect_equal(read_safetensors(final_of(uncut)), read_safetensors(start));
  }
}

TEST_F(TrainerTest, APhaseIsCutAtWholeBatchesOnly) {
  EXPECT_THROW(train(*objective("flow_matching"), {0, 500, 1024, 0, 1024, {}, true}, folder("odd")), InternalError);
  EXPECT_THROW(train(*objective("flow_matching"), {0, 512, 1024, 0, 256, {}, true}, folder("out")), InternalError);
}

TEST_F(TrainerTest, MeanFlowStartsFromTheFlowMatchingWeights) {
  const RunFolder first = folder("first"), second = folder("second");
  train(*objective("flow_matching"), {0, 512, 1024, 0, 512, {}, true}, first);
  options_.learning_rate = 0;
  train(*objective("mean_flow"), {512, 1024, 1024, 512, 1024, final_of(first), false}, second);
  const NamedTensors start = read_safetensors(final_of(first)), end = read_safetensors(final_of(second));
  EXPECT_TRUE(at::equal(start.at("weight.model.patch_in.weight"), end.at("weight.model.patch_in.weight")));
  EXPECT_EQ(end.at("weight.model.phi_interval.2.weight").abs().max().item<double>(), 0);
  EXPECT_TRUE(at::equal(end.at("weight.model.phi_interval.0.weight"), start.at("weight.model.phi_end.0.weight")));
}

TEST_F(TrainerTest, AHeadThatTheStartDoesNotHaveIsMadeFromIt) {
  const RunFolder first = folder("first"), second = folder("second");
  train(*objective("flow_matching"), {0, 512, 1024, 0, 512, {}, true}, first);
  options_.learning_rate = 0;
  const auto improved = objective("improved_mean_flow", {{"start", "flow_matching"}});
  train(*improved, {512, 1024, 1024, 512, 1024, final_of(first), false}, second);
  const NamedTensors start = read_safetensors(final_of(first)), end = read_safetensors(final_of(second));
  EXPECT_EQ(start.count("weight.model.head.v.out.weight"), 0u);
  EXPECT_TRUE(at::equal(end.at("weight.model.head.v.out.weight"), start.at("weight.model.final.out.weight")));
  EXPECT_EQ(end.at("weight.model.scalar.guidance.2.weight").abs().max().item<double>(), 0);
  EXPECT_GT(end.at("weight.model.scalar.guidance.0.weight").abs().max().item<double>(), 0);
}

TEST_F(TrainerTest, CountsPicturesAndFlops) {
  const Json result = train(*objective("flow_matching"), whole(), folder("count"));
  EXPECT_EQ(result.at("pictures"), 1024);
  const double expected = 3 * 1024 * network({})->forward_flops_per_row(kText);
  EXPECT_NEAR(result.at("flops").get<double>() / expected, 1, 1e-9);
  EXPECT_EQ(result.at("curve").back()[0], 1024);
}

/// An objective whose residual is the number of the step.
class CountingResidual : public WrappedObjective {
 public:
  using WrappedObjective::WrappedObjective;
  LossResult loss(const LossInputs& inputs) const override {
    return {inner().loss(inputs).loss, {{"residual", static_cast<double>(steps_++)}}};
  }

 private:
  mutable int64_t steps_ = 0;
};

TEST_F(TrainerTest, CurvesHoldMeansOfSteps) {
  options_.batch = 4;  // 256 steps, so two a line
  const Json result = train(CountingResidual(objective("flow_matching")), whole(), folder("mean"));
  ASSERT_EQ(result.at("curve").size(), 128u);
  int64_t step = 0;
  for (const Json& point : result.at("curve")) {
    EXPECT_EQ(point[0], 4 * (step + 2));
    EXPECT_EQ(point[1], (step + step + 1) / 2.0) << point[0];
    step += 2;
  }
}

TEST_F(TrainerTest, LossThatIsNotFiniteNamesTheStep) {
  data_.x.fill_(std::numeric_limits<float>::quiet_NaN());
  try {
    train(*objective("flow_matching"), whole(), folder("nan"));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()), "test: the loss is nan at step 0 (0 pictures); lower train.learning_rate");
  }
}

/// Flow matching weighted by a learnt number, like those of uncertainty weighting.
class LearntWeight : public WrappedObjective {
 public:
  using WrappedObjective::WrappedObjective;
  NamedParameters parameters() const override { return {{"log_variance", log_variance_}}; }
  LossResult loss(const LossInputs& inputs) const override {
    const LossResult plain = inner().loss(inputs);
    return {plain.loss * (-log_variance_).exp().sum() + log_variance_.sum(), plain.numbers};
  }

 private:
  at::Tensor log_variance_ = at::full({1}, 3.0, at::kFloat).set_requires_grad(true);
};

TEST_F(TrainerTest, LeavesOfTheObjectiveTrainAndResume) {
  const RunFolder undisturbed = folder("row"), disturbed = twin(undisturbed);
  const LearntWeight weight(objective("flow_matching"));
  train(weight, whole(), undisturbed);
  const NamedTensors state = read_safetensors(final_of(undisturbed));
  EXPECT_LT(state.at("weight.objective.log_variance").item<float>(), 2.98f);
  EXPECT_TRUE(at::equal(state.at("weight.objective.log_variance"), weight.parameters().front().second));

  EXPECT_THROW(train(DiesAfter(std::make_unique<LearntWeight>(objective("flow_matching")), 40), whole(), disturbed),
               std::runtime_error);
  train(LearntWeight(objective("flow_matching")), whole(), disturbed);
  EXPECT_EQ(sha256_file(final_of(disturbed)), sha256_file(final_of(undisturbed)));

  const LearntWeight fresh(objective("flow_matching"));
  load_averaged(final_of(undisturbed), *network({}), conditions(), &fresh);
  EXPECT_TRUE(at::equal(fresh.parameters().front().second, averaged_weights(state).at("objective.log_variance")));
}

/// Flow matching drawn towards what the target network says; remembers the target's first leaf at each step.
class FollowsTarget : public WrappedObjective {
 public:
  FollowsTarget(std::unique_ptr<Objective> inner, double decay) : WrappedObjective(std::move(inner)), decay_(decay) {}
  ObjectiveWants wants() const override { return {.target_decay = decay_}; }
  LossResult loss(const LossInputs& inputs) const override {
    const at::Tensor theirs = inputs.target->parameters().front().second;
    seen.push_back({inputs.model.parameters().front().second.detach().clone(), theirs.clone()});
    EXPECT_FALSE(theirs.requires_grad());
    const LossResult own = inner().loss(inputs), slow = inner().loss({*inputs.target, nullptr, inputs.x,
                                                                      inputs.condition, inputs.draw, inputs.progress});
    return {own.loss * (1 + 0.1 * slow.loss.detach()), own.numbers};
  }

  mutable std::vector<std::pair<at::Tensor, at::Tensor>> seen;  ///< (network, target) before each step

 private:
  double decay_;
};

TEST_F(TrainerTest, TargetNetworkFollowsByItsDecayAPicture) {
  const FollowsTarget follows(objective("flow_matching"), 0.99);
  train(follows, whole(), folder("target"));
  ASSERT_EQ(follows.seen.size(), 64u);
  at::Tensor expected = follows.seen.front().first;
  for (size_t i = 0; i < follows.seen.size(); ++i) {
    if (i > 0) expected = expected + (follows.seen[i].first - expected) * (1 - std::pow(0.99, 16));
    EXPECT_LT(relative_error(follows.seen[i].second, expected), 1e-5) << i;
  }
  EXPECT_GT(relative_error(follows.seen.back().second, follows.seen.back().first), 1e-4);

  const FollowsTarget equals(objective("flow_matching"), 0);
  train(equals, whole(), folder("equal"));
  for (const auto& [network_leaf, target_leaf] : equals.seen) EXPECT_TRUE(at::equal(network_leaf, target_leaf));
}

TEST_F(TrainerTest, TargetNetworkIsSavedResumedAndCarriedOn) {
  const auto make = [&] { return std::make_unique<FollowsTarget>(objective("flow_matching"), 0.999); };
  const RunFolder undisturbed = folder("row"), disturbed = twin(undisturbed);
  train(*make(), whole(), undisturbed);
  const NamedTensors state = read_safetensors(final_of(undisturbed));
  ASSERT_EQ(state.count("target.patch_in.weight"), 1u);
  for (const auto& [name, tensor] : averaged_weights(state)) EXPECT_NE(name.rfind("target.", 0), 0u) << name;

  EXPECT_THROW(train(DiesAfter(make(), 37), whole(), disturbed), std::runtime_error);
  train(*make(), whole(), disturbed);
  EXPECT_EQ(sha256_file(final_of(disturbed)), sha256_file(final_of(undisturbed)));

  const RunFolder first = folder("first"), second = folder("second"), other = folder("other");
  train(*make(), {0, 512, 1024, 0, 1024, {}, true}, first);
  train(*make(), {512, 1024, 1024, 0, 1024, final_of(first), true}, second);
  expect_equal(state, read_safetensors(final_of(second)));

  // Another objective's segment starts the target from the weights it takes, whatever target stood there.
  const auto next = make();
  train(*next, {512, 1024, 1024, 512, 1024, final_of(first), false}, other);
  EXPECT_TRUE(
      at::equal(next->seen.front().second, read_safetensors(final_of(first)).at("weight.model.patch_in.weight")));
}

TEST_F(TrainerTest, AStepInPartsIsTheSameStep) {
  for (const char* name : {"flow_matching", "mean_flow", "improved_mean_flow", "ddpm"}) {
    SCOPED_TRACE(name);
    const Segment few = {0, 128, 1024, 0, 1024, {}, true};
    options_.micro_batch = 0;
    const RunFolder whole = folder(std::string(name) + "/whole"), parts = folder(std::string(name) + "/parts");
    train(*objective(name), few, whole);
    options_.micro_batch = options_.batch / 4 - 1;  // and a last part that is shorter
    train(*objective(name), few, parts);
    const NamedTensors expected = read_safetensors(final_of(whole));
    for (const auto& [key, tensor] : read_safetensors(final_of(parts))) {
      if (key.rfind("weight.", 0) != 0) continue;
      EXPECT_LT((tensor - expected.at(key)).abs().max().item<double>(), 1e-5) << key;
    }
    const Json event = read_json_lines(parts.file("events.jsonl")).front(),
               whole_event = read_json_lines(whole.file("events.jsonl")).front();
    EXPECT_NEAR(event.at("loss"), whole_event.at("loss"), 1e-4);
    EXPECT_NEAR(event.at("residual"), whole_event.at("residual"), 1e-4);
  }
}

TEST_F(TrainerTest, ALossThatIsNoMeanIsNotTakenInParts) {
  class Joint : public WrappedObjective {
   public:
    using WrappedObjective::WrappedObjective;
    bool is_mean_over_rows() const override { return false; }
  };
  options_.micro_batch = 4;
  EXPECT_THROW(train(Joint(objective("flow_matching")), whole(), folder("joint")), UserError);
}

}  // namespace
}  // namespace emf
