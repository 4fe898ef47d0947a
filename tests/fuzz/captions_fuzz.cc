// SPDX-License-Identifier: Apache-2.0
// Files that give pictures their captions; the first byte says which of three kinds.
#include "data/captioned/caption_files.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  using namespace emf::captioned;
  if (bytes.empty()) return;
  PictureTable table("/nonexistent", {"text", "caption"});
  table.add_picture("a.png", kOwnFile, 0, 1);
  const auto find = [](const std::string& name) -> std::optional<uint32_t> {
    return name == "a.png" ? std::optional<uint32_t>(0) : std::nullopt;
  };
  emf::Sha256 digest;
  const char kind = bytes.front();
  bytes.remove_prefix(1);
  if (kind == 'j') read_metadata_lines(emf::fuzz::file_of(bytes, "m.jsonl").string(), find, table, digest);
  if (kind == 'c') read_metadata_rows(emf::fuzz::file_of(bytes, "m.csv").string(), find, table, digest);
  if (kind == 'o') read_coco_captions(emf::fuzz::file_of(bytes, "c.json").string(), find, table, digest);
}
