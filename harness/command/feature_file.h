// Feature files of the command line: .npy, .npz and .safetensors as matrices, and statistics made of them or
// read.
#pragma once

#include <optional>
#include <string>

#include "harness/api/metric.h"
#include "harness/statistics/feature_statistics.h"

namespace emf {

/// Reads N vectors of D features.
///
/// @param path  FILE or FILE:name. Of several arrays in a FILE, `name` is read, else the only one, else
/// "features".
/// @return      values, and as identity what a .safetensors says in its metadata's "identity" (JSON).
/// @throws UserError  absent (kMissing); another kind of file; no or several candidates (names them); not [N,
/// D].
FeatureMatrix read_features(const std::string& path);

/// The statistics of a file without its rows: an .npz of pytorch-fid (mu, sigma) as it stands, a large .npy
/// block by block, so that memory is bounded by D x D.
///
/// @param any_size  block by block for a small .npy too.
/// @return  nothing for other files, whose rows read_features() reads.
/// @throws UserError  as read_features and read_statistics; a row that is not finite (names it).
std::optional<FeatureStatistics> read_feature_statistics(const std::string& path, bool any_size);

/// sha256 of the file that `path` (FILE or FILE:name) names.
std::string feature_file_sha256(const std::string& path);

}  // namespace emf
