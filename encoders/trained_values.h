// SPDX-License-Identifier: Apache-2.0
// Values that training left for an encoder's parameters, read back.
#pragma once

#include <filesystem>

#include "harness/tensor/named_parameters.h"

namespace emf {

/// Copies a file's tensors into parameters of the same names, whatever their dtype.
/// @throws UserError  absent (kMissing), malformed; a parameter missing or of another shape, or a tensor of no known
///   name.
void load_trained_values(const std::filesystem::path& path, const NamedParameters& parameters);

}  // namespace emf
