// SPDX-License-Identifier: Apache-2.0
// The tables of a suite that the engine reads itself: [train], [pretraining], [evaluation], [[claims]].
#pragma once

#include <string>
#include <vector>

#include "harness/engine/suite/suite_file.h"

namespace emf {

/// @throws UserError  unknown key, wrong type or range, sizes that do not fit together: file and line; so do all below.
TrainOptions read_train(const Config& config);
PretrainingOptions read_pretraining(const Config& config);

/// @param steps       of the suite, rising, not empty: what feature_steps must name, but for those that a command line
///   took away.
/// @param objectives  those that guidance_NAME keys may name.
EvaluationOptions read_evaluation(const Config& config, const std::vector<int64_t>& steps,
                                  const std::vector<PluginChoice>& objectives);

/// @param main_metric  of claims that name none.
std::vector<Claim> read_claims(const Config& config, const Json& raw, const std::string& main_metric);

/// Keys and tables that say nothing where nothing is trained are refused: they would be silently ignored.
void refuse_training_keys(const Config& config);

}  // namespace emf
