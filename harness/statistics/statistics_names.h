// SPDX-License-Identifier: Apache-2.0
// Which arrays of a file are a mean and a covariance, by their names and shapes, whoever wrote them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace emf {

/// Shapes of a file's arrays, by name.
using ArrayShapes = std::map<std::string, std::vector<int64_t>>;

struct StatisticsNames {
  std::string mean, covariance;
  std::string count;  ///< of the rows; "" when the file does not say
};

/// The names of a pair such as mu and sigma (pytorch-fid), mean and cov (chainer-gan-lib), ref_mu and ref_sigma: a mean
/// [D] beside a covariance [D, D] whose names are otherwise the same. Of several pairs the one without further words is
/// taken.
/// @param of  the name of an array, whose pair is asked for; "" = the file's.
/// @throws UserError  `where`: several pairs and none without further words (names them).
std::optional<StatisticsNames> statistics_names(const ArrayShapes& shapes, const std::string& of,
                                                const std::string& where);

/// Whether there is a vector [D] beside a matrix [D, D], whatever they are called.
bool look_like_statistics(const ArrayShapes& shapes);

/// "mu and sigma, mean and cov, ref_mu and ref_sigma": for messages.
inline constexpr const char* kStatisticsNames = "mu and sigma, mean and cov, or ref_mu and ref_sigma";

}  // namespace emf
