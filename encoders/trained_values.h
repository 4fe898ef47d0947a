// Values that training left for an encoder's parameters, read back.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace emf {

/// Copies a file's tensors into parameters of the same names, whatever their dtype.
/// @throws UserError  absent (kMissing), malformed; a parameter missing or of another shape, or a tensor of no known name.
void load_trained_values(const std::filesystem::path& path,
                         const std::vector<std::pair<std::string, at::Tensor>>& parameters);

}  // namespace emf
