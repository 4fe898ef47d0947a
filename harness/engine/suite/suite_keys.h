// SPDX-License-Identifier: Apache-2.0
// Every key that a suite file may hold, as the code that reads it asks for it.
#pragma once

#include <string>
#include <vector>

#include "harness/base/config.h"
#include "harness/base/config_journal.h"

namespace emf {

struct SuiteKey {
  AskedKey asked;      ///< its table as a suite writes it: "train", "encoder.hash"; "claims" of each of [[claims]]
  std::string plugin;  ///< whose own it is; "" = the engine's
};

/// The keys of the tables that this suite has or could have for what it lists, with the values that stand there. Reads
/// the suite and makes its plugins as a run does; trains nothing, and needs no weights.
/// @throws UserError  as read_suite.
std::vector<SuiteKey> keys_of_suite(const Config& config);

/// Every key of every registered plugin, in tables of registered names.
std::vector<SuiteKey> registered_keys();

}  // namespace emf
