// SPDX-License-Identifier: Apache-2.0
// Pictures through a judge for `score`. emfbench-lite has none and says so (lite/no_networks.cc).
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/rules/metadata_file.h"

namespace emf {

struct JudgedImages {
  std::vector<Json> rows;             ///< as `score geneval --detections` reads
  std::vector<std::string> warnings;  ///< files and folders that were passed over
  std::vector<std::string> beyond;    ///< prompts left out, for they speak of a class the judge does not know
  Json judge;                         ///< its fingerprint
};

/// @param folder    in one of the layouts of pictures_of_prompts.   @param judge  of JudgeRegistry.
/// @param device    of read_placement().
/// @param metadata  prompts by number, or null: folders have lines of their own.
/// @throws UserError  as pictures_of_prompts and judge_folder; a line that contradicts `metadata`; a program without
///   networks (kMissing).
JudgedImages judge_images(const std::string& folder, const std::string& judge, const std::string& device,
                          const MetadataFile* metadata);

}  // namespace emf
