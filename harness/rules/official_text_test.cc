// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/official_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace emf {
namespace {

TEST(OfficialText, NumbersArePrintedAsPythonPrintsThem) {
  EXPECT_EQ(python_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(python_text(100), "100.0");
  EXPECT_EQ(python_text(0), "0.0");
  EXPECT_EQ(python_text(-3), "-3.0");
  EXPECT_EQ(python_text(1e-5), "1e-05");
  EXPECT_EQ(python_text(1e16), "1e+16");
  EXPECT_EQ(python_text(123456789012345.0), "123456789012345.0");
}

TEST(OfficialText, PythonRoundsTheBinaryValueAndNumpyTheScaledOne) {
  // 1.115 is a little less in binary, and a little more than 111.5 when it is scaled.
  EXPECT_EQ(python_round(1.115, 2), 1.11);
  EXPECT_EQ(numpy_round(1.115, 2), 1.12);
  EXPECT_EQ(numpy_round(0.125, 2), 0.12);  // halves go to even
  EXPECT_EQ(numpy_round(66.666666, 2), 66.67);
}

/// Sums of 0.1 (i mod 7) + 1 / (i + 3) for i below n, by numpy 2.4.
TEST(OfficialText, SumsAreNumpysToTheLastBit) {
  const std::vector<std::pair<int, double>> sums = {
      {7, 3.4289682539682547},  {8, 3.5289682539682543},  {9, 3.7198773448773452},  {30, 11.058495195436521},
      {129, 42.05622492605224}, {300, 94.48929739771387}, {1000, 305.6874678655414}};
  for (const auto& [n, sum] : sums) {
    std::vector<double> values;
    for (int i = 0; i < n; ++i) values.push_back(0.1 * (i % 7) + 1.0 / (i + 3));
    EXPECT_EQ(numpy_sum(values), sum) << n;
    EXPECT_EQ(numpy_mean(values), sum / n);
  }
}

}  // namespace
}  // namespace emf
