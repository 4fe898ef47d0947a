// SPDX-License-Identifier: Apache-2.0
#include "harness/base/torch_random.h"

#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

TEST(TorchRandom, DrawsWhatPyTorchDraws) {
  const Json expected = read_json(project_root() / "tests/oracle/distribution_values.json")["draws_of_seed_2020"];
  // One generator for all three: what a draw leaves behind is a part of it.
  TorchRandom random(2020);
  std::vector<int64_t> order = random.permutation(1000);
  order.resize(expected["permutation_of_1000"].size());
  EXPECT_EQ(Json(order), expected["permutation_of_1000"]);
  const std::vector<float> normal = random.normal(37);
  ASSERT_EQ(normal.size(), expected["normal_of_37"].size());
  for (size_t i = 0; i < normal.size(); ++i) {
    EXPECT_NEAR(normal[i], expected["normal_of_37"][i].get<float>(), 1e-6) << i;
  }
  EXPECT_EQ(Json(random.permutation(5)), expected["permutation_of_5"]);
}

}  // namespace
}  // namespace emf
