// SPDX-License-Identifier: Apache-2.0
// The suite that trains the benchmark's instruments: autoencoder, detector, and their measured errors.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/base/config.h"
#include "harness/engine/store/scheduler.h"

namespace emf {

/// True for a suite with an [autoencoder] or [detector] table: it trains instruments instead of comparing encoders.
bool is_instrument_suite(const Config& suite);

/// @throws UserError  unknown key or wrong type (file, line).
void check_instrument_suite(const Config& suite);

/// The stages that a run of such a suite consists of, in order.   @throws UserError  as check_instrument_suite.
std::vector<StagePointer> instrument_stages(const Config& suite, const std::filesystem::path& store);

/// Trains what is not trained yet, measures it, and writes the instrument files and instruments.json.
///
/// Autoencoder and detector train side by side, a thread each; a killed run goes on from its last checkpoint. The same
/// suite on the same data finds its stages finished and writes the same files again.
/// @param suite  tables [suite], [data], [autoencoder], [detector], [measure].
/// @param store  run folders and checkpoints.
/// @param out    gets autoencoder-<side>.safetensors, detector-<side>.safetensors, instruments.json.
/// @return  the contents of instruments.json.
/// @throws UserError  unknown key or wrong type (file, line); a loss that is not finite; kInterrupted.
/// @cost  experiments/instruments.toml: about half an hour on two cores.
Json train_instruments(const Config& suite, const std::filesystem::path& store, const std::filesystem::path& out,
                       DamagePolicy policy = DamagePolicy::kRedo);

}  // namespace emf
