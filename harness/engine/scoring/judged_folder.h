// SPDX-License-Identifier: Apache-2.0
// Folders of pictures and what a judge says of them: GenEval's layout of files, and Hugging Face's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/api/judge.h"
#include "harness/base/json.h"

namespace emf {

/// A picture and the prompt it was painted for.
struct PictureOfPrompt {
  std::filesystem::path path;
  Json metadata;       ///< an official metadata line; null when `index` says which
  int64_t index = -1;  ///< number of its folder: the prompt's line of evaluation_metadata.jsonl, from 0
};

struct PicturesOfPrompts {
  std::vector<PictureOfPrompt> pictures;
  std::vector<std::string> warnings;  ///< files and folders that were passed over, one line each
};

/// Finds the pictures of a folder and their prompts.
///
/// GenEval's layout: folders named by digits, each with samples/*.png (names of digits) and metadata.jsonl, which
/// `--metadata` may stand in for. Else Hugging Face's: pictures beside a metadata.jsonl whose lines name their
/// "file_name" and are metadata lines otherwise. Of a sample that is there as .png and otherwise, the .png counts, as
/// in the released code.
/// @param has_metadata  prompts come from a file of all prompts: folders need none of their own; one that is there
///   counts.
/// @throws UserError  neither layout; a folder without pictures or prompt; a line that is no metadata line (names it).
PicturesOfPrompts pictures_of_prompts(const std::filesystem::path& folder, bool has_metadata);

/// A judge's words of pictures.
struct JudgedFolder {
  /// {"metadata" or "index", "filename", "detections", "options"} as `score geneval --detections` reads.
  std::vector<Json> rows;
  std::vector<std::string> beyond;  ///< prompts left out, for they speak of a class the judge does not know
  Json judge;                       ///< its fingerprint
};

/// Looks at every picture, as its EXIF orientation asks for it to be seen.
/// @param judge     of JudgeRegistry, "detector" or "torchscript:FILE"; made for the size of the first picture.
/// @param prompts   official metadata lines by number, for pictures that have an index alone; may be empty.
/// @throws UserError  pictures of another size than the judge's (names one); a judge that finds no objects; nothing
///   that the judge can judge.
JudgedFolder judge_folder(const std::vector<PictureOfPrompt>& pictures, const std::string& judge,
                          const std::vector<Json>& prompts, const Placement& placement = {});

}  // namespace emf
