// Feature files of the command line: .npy, .npz and .safetensors as matrices.
#pragma once

#include <string>

#include "harness/api/metric.h"

namespace emf {

/// Reads N vectors of D features.
///
/// @param path  FILE or FILE:name. Of several arrays in a FILE, `name` is read, else the only one, else
/// "features".
/// @return      values, and as identity what a .safetensors says in its metadata's "identity" (JSON).
/// @throws UserError  absent (kMissing); another kind of file; no or several candidates (names them); not [N,
/// D].
FeatureMatrix read_features(const std::string& path);

}  // namespace emf
