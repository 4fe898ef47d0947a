// SPDX-License-Identifier: Apache-2.0
// Feature files of the command line: .npy, .npz and .safetensors as matrices, and statistics made of them or
// read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harness/api/metric.h"
#include "harness/statistics/feature_statistics.h"

namespace emf {

/// One side of a comparison, opened: what it holds is known from its headers, and nothing of size is read yet, so that
/// both sides can be seen to be there before either is computed.
struct FeatureSide {
  enum class Holds { kRows, kStatistics, kPictures };

  std::string text;  ///< as given: FILE, FILE:name or a folder
  Holds holds = Holds::kRows;
  std::filesystem::path file;
  std::string array;    ///< the one that is read; of statistics that which was named, if any
  std::string warning;  ///< what else could have been meant; or ""
};

/// Opens FILE, FILE:name, or pictures: a folder, a zip, an array of uint8.
///
/// Of several arrays `name` is taken, else the pair of a mean and a covariance where `takes_statistics`, else the only
/// array, else "features", else the only array of pictures.
/// @throws UserError  absent (kMissing); another kind of file; statistics where none can be used; no or several
///   candidates (names those that can be features).
FeatureSide open_features(const std::string& text, bool takes_statistics);

/// Whether something at that place may be pictures, as far as can be told without an error.
bool may_be_pictures(const std::string& text);

/// Its N vectors of D features.
/// @return  values, and as identity what a .safetensors says in its metadata's "identity" (JSON).
/// @throws UserError  damaged, or not [N, D].   @throws InternalError  a side that holds no rows.
FeatureMatrix read_features(const FeatureSide& side);

/// open_features and read_features of a file whose rows are wanted.
FeatureMatrix read_features(const std::string& text);

/// The statistics of a side without its rows: a mean and a covariance as they stand, a large .npy block by block, so
/// that memory is bounded by D x D.
/// @param any_size  block by block for a small .npy too.
/// @return  nothing for other files, whose rows read_features() reads.
/// @throws UserError  as read_features and read_statistics; a row that is not finite (names it).
std::optional<FeatureStatistics> read_feature_statistics(const FeatureSide& side, bool any_size);

/// sha256 of the file that a side lies in.
std::string feature_file_sha256(const FeatureSide& side);

}  // namespace emf
