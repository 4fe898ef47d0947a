// SPDX-License-Identifier: Apache-2.0
// The files that give many pictures their captions: metadata.jsonl, metadata.csv, COCO's captions JSON. Each is read
// once, from its beginning to its end; what stays is where every caption lies.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "data/captioned/picture_table.h"
#include "harness/base/sha256.h"

namespace emf::captioned {

/// Number of the picture with this name (relative to the folder, '/' between its parts); nothing where there is none.
using FindPicture = std::function<std::optional<uint32_t>(const std::string& name)>;

/// Hugging Face's imagefolder: a JSON object a line, with `file_name` and captions. A picture may stand on several
/// lines.
/// @param digest  takes in every byte of the file.
/// @throws UserError  absent (kMissing); a line that is no such object (file and line).
void read_metadata_lines(const std::string& path, const FindPicture& find, PictureTable& table, Sha256& digest);

/// The same as a CSV with a column `file_name`.
void read_metadata_rows(const std::string& path, const FindPicture& find, PictureTable& table, Sha256& digest);

/// COCO's captions_train2017.json and what follows its form: `images` with id and file_name, `annotations` with
/// image_id and caption, in either order.
/// @cost  about 1 s for COCO's 600,000 captions.
void read_coco_captions(const std::string& path, const FindPicture& find, PictureTable& table, Sha256& digest);

}  // namespace emf::captioned
