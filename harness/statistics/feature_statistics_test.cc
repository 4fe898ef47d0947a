// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/feature_statistics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/base/random.h"

namespace emf {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

RowMajor normal_rows(Eigen::Index rows, Eigen::Index columns, double shift) {
  RowMajor made(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i) {
    Random random(3, "feature_statistics_test", static_cast<uint64_t>(i));
    for (Eigen::Index j = 0; j < columns; ++j) made(i, j) = shift + random.normal();
  }
  return made;
}

TEST(FeatureStatistics, BlocksGiveTheMeanAndCovarianceOfTheWhole) {
  const RowMajor rows = normal_rows(701, 5, 1e4);
  FeatureStatistics pieces;
  for (Eigen::Index begin = 0; begin < 701;) {
    const Eigen::Index size = std::min<Eigen::Index>(1 + begin / 3, 701 - begin);
    pieces.add(rows.middleRows(begin, size));
    begin += size;
  }
  const RowMajor centred = rows.rowwise() - rows.colwise().mean();
  const Eigen::MatrixXd covariance = centred.transpose() * centred / 700;
  EXPECT_EQ(pieces.rows(), 701);
  EXPECT_LT((pieces.mean() - rows.colwise().mean().transpose()).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_LT((pieces.covariance() - covariance).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_NEAR(pieces.trace(), covariance.trace(), 1e-10);
  pieces.compress();
  EXPECT_EQ(pieces.factor().rows(), 5);
  EXPECT_LT((pieces.covariance() - covariance).cwiseAbs().maxCoeff(), 1e-10);
}

class StatisticsFile : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_statistics_test_{}", ::getpid());
};

TEST_F(StatisticsFile, WhatIsWrittenIsReadAgainAndIsTheSameBytes) {
  FeatureStatistics made;
  made.add(normal_rows(40, 6, 2));
  write_statistics(folder_ / "a.npz", made);
  write_statistics(folder_ / "b.npz", made);
  EXPECT_EQ(read_file(folder_ / "a.npz"), read_file(folder_ / "b.npz"));
  EXPECT_EQ(npz_names(folder_ / "a.npz"), (std::vector<std::string>{"mu", "n", "sigma"}));
  const FeatureStatistics read = read_statistics(folder_ / "a.npz");
  EXPECT_EQ(read.rows(), 40);
  EXPECT_LT((read.mean() - made.mean()).cwiseAbs().maxCoeff(), 1e-14);
  EXPECT_LT((read.covariance() - made.covariance()).cwiseAbs().maxCoeff(), 1e-13);
}

TEST_F(StatisticsFile, OtherTrainersNamesAreRead) {
  const NpyArray mean{{2}, {1, 2}}, covariance{{2, 2}, {2, 1, 1, 3}}, other{{2, 2}, {9, 0, 0, 9}}, rows{{}, {50}};
  using Arrays = std::map<std::string, NpyArray>;
  for (const Arrays& arrays :
       {Arrays{{"mean", mean}, {"cov", covariance}, {"n", rows}},
        Arrays{{"ref_mu", mean}, {"ref_sigma", covariance}, {"ref_n", rows}},
        Arrays{{"mu", mean}, {"sigma", covariance}, {"mu_s", mean}, {"sigma_s", other}, {"n", rows}},
        Arrays{{"Mean", mean}, {"Covariance", covariance}, {"features", other}, {"num", rows}}}) {
    write_atomically(folder_ / "x.npz", npz_bytes(arrays));
    const FeatureStatistics read = read_statistics(folder_ / "x.npz");
    EXPECT_EQ(read.mean(), Eigen::Vector2d(1, 2));
    EXPECT_NEAR(read.covariance()(1, 1), 3, 1e-12) << arrays.begin()->first;
    EXPECT_EQ(read.rows(), 50);
  }
  write_atomically(
      folder_ / "x.npz",
      npz_bytes({{"real_mu", mean}, {"real_sigma", covariance}, {"fake_mu", mean}, {"fake_sigma", other}}));
  EXPECT_NEAR(read_statistics(folder_ / "x.npz", "fake_mu").covariance()(1, 1), 9, 1e-12);
  EXPECT_THROW(read_statistics(folder_ / "x.npz"), UserError);  // which?
}

TEST_F(StatisticsFile, NumbersThatAreNoStatisticsAreRefused) {
  const auto refusal = [&](const std::map<std::string, NpyArray>& arrays) -> std::string {
    write_atomically(folder_ / "x.npz", npz_bytes(arrays));
    try {
      read_statistics(folder_ / "x.npz");
    } catch (const UserError& error) {
      return error.what();
    }
    return "read";
  };
  const NpyArray mean{{2}, {0, 0}};
  EXPECT_EQ(refusal({{"mu", mean}, {"sigma", {{2, 2}, {2, 1, 1, 2}}}}), "read");
  EXPECT_NE(refusal({{"mu", mean}}).find("no statistics in it; they are read under the names mu and sigma"),
            std::string::npos);
  EXPECT_NE(refusal({{"mu", mean}, {"sigma", {{1, 1}, {2}}}}).find("a mean of 2 and a covariance of 1 x 1"),
            std::string::npos);
  EXPECT_NE(refusal({{"mu", mean}, {"sigma", {{2, 2}, {1, 0.5, 0, 1}}}}).find("not symmetric"), std::string::npos);
  EXPECT_NE(refusal({{"mu", mean}, {"sigma", {{2, 2}, {1, 2, 2, 1}}}}).find("eigenvalue -"), std::string::npos);
  EXPECT_NE(refusal({{"mu", {{2}, {0, NAN}}}, {"sigma", {{2, 2}, {1, 0, 0, 1}}}}).find("not finite"),
            std::string::npos);
}

}  // namespace
}  // namespace emf
