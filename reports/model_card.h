// SPDX-License-Identifier: Apache-2.0
// The card that a trained row travels with.
#pragma once

#include <string>

#include "harness/api/section.h"

namespace emf {

/// README.md as the Hugging Face hub reads it: a YAML head (licence, tags, data set, results), what the row is, what it
/// was trained on and how long, every score of it with its 95 % interval, how to paint with it, provenance, licences
/// and attributions.
///
/// @param budget  the row's entry of result.json's budgets.
/// @param config  the folder's config.json (emf.row/1).
std::string model_card(const SectionInput& input, const Json& budget, const Json& config);

}  // namespace emf
