// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/parallel.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace emf {
namespace {

class ParallelFor : public testing::Test {
 protected:
  void SetUp() override {
    before_ = at::get_num_threads();
    at::set_num_threads(2);
  }
  void TearDown() override { at::set_num_threads(before_); }

 private:
  int before_ = 1;
};

TEST_F(ParallelFor, VisitsEveryPlaceOnce) {
  for (const int64_t grain : {1, 3, 100}) {
    std::vector<std::atomic<int>> visits(10);
    parallel_for(10, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++visits[static_cast<size_t>(i)];
    });
    for (const auto& count : visits) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 1, [](int64_t, int64_t) { FAIL(); });
}

TEST_F(ParallelFor, SharesWorkAmongThreads) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  // A piece waits for another thread to take the other one.
  parallel_for(2, 1, [&](int64_t, int64_t) {
    {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    for (bool both = false; !both && std::chrono::steady_clock::now() < deadline;) {
      const std::lock_guard lock(mutex);
      both = threads.size() == 2;
    }
  });
  EXPECT_EQ(threads.size(), 2u);
}

TEST_F(ParallelFor, StaysOnItsThreadInsideAnother) {
  parallel_for(2, 1, [](int64_t, int64_t) {
    const auto outer = std::this_thread::get_id();
    parallel_for(4, 1, [&](int64_t, int64_t) { EXPECT_EQ(std::this_thread::get_id(), outer); });
  });
}

TEST_F(ParallelFor, HandsOnWhatWasThrown) {
  EXPECT_THROW(parallel_for(8, 1, [](int64_t, int64_t) { throw std::runtime_error("no"); }), std::runtime_error);
}

}  // namespace
}  // namespace emf
