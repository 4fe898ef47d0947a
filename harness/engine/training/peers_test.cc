// SPDX-License-Identifier: Apache-2.0
// Two peers that share each batch make the same steps as one that has it whole.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <exception>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/engine/training/trainer_fixture.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kPeers = 2;

/// Where threads that play processes meet.
struct MeetingPoint {
  std::barrier<> barrier{kPeers};
  std::array<const std::vector<at::Tensor>*, kPeers> handed_in{};
};

/// A thread as a process: sums by turns, in rank order on every peer, so that all get the same bytes.
class ThreadPeers : public Peers {
 public:
  ThreadPeers(MeetingPoint& point, int64_t rank) : point_(point), rank_(rank) {}
  int64_t rank() const override { return rank_; }
  int64_t count() const override { return kPeers; }
  void sum(const std::vector<at::Tensor>& tensors) const override {
    const at::NoGradGuard no_grad;
    point_.handed_in[static_cast<size_t>(rank_)] = &tensors;
    point_.barrier.arrive_and_wait();
    std::vector<at::Tensor> sums;
    for (size_t i = 0; i < tensors.size(); ++i) sums.push_back((*point_.handed_in[0])[i] + (*point_.handed_in[1])[i]);
    point_.barrier.arrive_and_wait();  // everybody has read before anybody writes
    for (size_t i = 0; i < tensors.size(); ++i) tensors[i].copy_(sums[i]);
    point_.barrier.arrive_and_wait();
  }

 private:
  MeetingPoint& point_;
  int64_t rank_;
};

/// Keeps the network it is trained on: its last weights are a peer's own.
class KeepsWeights : public WrappedObjective {
 public:
  using WrappedObjective::WrappedObjective;
  LossResult loss(const LossInputs& inputs) const override {
    if (weights.empty()) {
      for (const auto& [name, leaf] : inputs.model.parameters()) weights[name] = leaf;
    }
    rows = inputs.x.size(0);
    return WrappedObjective::loss(inputs);
  }
  mutable NamedTensors weights;
  mutable int64_t rows = 0;
};

class PeersTest : public TrainerTest {
 protected:
  /// Trains on both peers at once.   @return  their errors.
  std::array<std::string, kPeers> train_together(const std::array<const Objective*, kPeers>& objectives,
                                                 const RunFolder& where, std::array<Json, kPeers>& results) const {
    MeetingPoint point;
    std::array<std::string, kPeers> errors;
    std::vector<std::thread> threads;
    for (int64_t rank = 0; rank < kPeers; ++rank) {
      threads.emplace_back([&, rank] {
        const auto place = static_cast<size_t>(rank);
        at::set_num_threads(1);
        const ThreadPeers peers(point, rank);
        Placement placement;
        placement.peers = &peers;
        try {
          results[place] = train(*objectives[place], whole(), where, placement);
        } catch (const std::exception& error) {
          errors[place] = error.what();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return errors;
  }
};

TEST_F(PeersTest, MakeTheStepsOfTheUndividedBatch) {
  const RunFolder alone = folder("alone"), together = folder("together");
  const Json expected = train(*objective("flow_matching"), whole(), alone);
  const KeepsWeights first(objective("flow_matching")), second(objective("flow_matching"));
  std::array<Json, kPeers> results;
  const auto errors = train_together({&first, &second}, together, results);
  EXPECT_EQ(errors, (std::array<std::string, kPeers>{}));
  EXPECT_EQ(first.rows, options_.batch / kPeers);

  expect_equal(first.weights, second.weights);
  EXPECT_EQ(results[0], results[1]);
  const NamedTensors undivided = read_safetensors(final_of(alone));
  for (const auto& [name, leaf] : first.weights) {
    // Sums of halves round otherwise; sixty-four steps of Adam carry that on.
    EXPECT_LT((leaf - undivided.at("weight.model." + name)).abs().max().item<double>(), 2e-3) << name;
  }
  EXPECT_NEAR(results[0].at("flops").get<double>() / expected.at("flops").get<double>(), 1, 1e-9);
  // Events are the whole batch's, written once.
  const auto ours = read_json_lines(together.file("events.jsonl")),
             theirs = read_json_lines(alone.file("events.jsonl"));
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    for (const char* number : {"residual", "loss", "gradient_norm"}) {
      EXPECT_NEAR(ours[i].at(number).get<double>(), theirs[i].at(number).get<double>(), 2e-3) << number << " " << i;
    }
  }
}

/// Its loss is not a number from the fifth step on.
class Diverges : public WrappedObjective {
 public:
  using WrappedObjective::WrappedObjective;
  LossResult loss(const LossInputs& inputs) const override {
    const LossResult plain = WrappedObjective::loss(inputs);
    return {steps_++ < 4 ? plain.loss : plain.loss * std::nan(""), plain.numbers};
  }

 private:
  mutable int steps_ = 0;
};

TEST_F(PeersTest, StopTogetherWhenOneDiverges) {
  const auto plain = objective("flow_matching");
  const Diverges diverges(objective("flow_matching"));
  std::array<Json, kPeers> results;
  const auto errors = train_together({plain.get(), &diverges}, folder("nan"), results);
  EXPECT_EQ(errors[0], "test: the loss is nan at step 4 (64 pictures); lower train.learning_rate");
  EXPECT_EQ(errors[0], errors[1]);
}

TEST_F(PeersTest, ABatchMustDivide) {
  options_.batch = 15;
  std::array<Json, kPeers> results;
  const auto plain = objective("flow_matching");
  EXPECT_EQ(train_together({plain.get(), plain.get()}, folder("odd"), results)[1],
            "test: a batch of 15 does not divide among 2 processes; change train.batch");
}

}  // namespace
}  // namespace emf
