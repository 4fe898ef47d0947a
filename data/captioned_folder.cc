// SPDX-License-Identifier: Apache-2.0
// A folder of pictures with captions: COCO's captions JSON, metadata.jsonl or metadata.csv as Hugging Face's
// imagefolder has them, or a .txt beside each picture (docs/data.md).
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "data/captioned/caption_files.h"
#include "data/captioned/caption_text.h"
#include "data/captioned/captioned_pictures.h"
#include "data/captioned/file_bytes.h"
#include "harness/base/bounded.h"
#include "harness/base/near_name.h"
#include "harness/pictures/picture_header.h"

namespace emf {
namespace {

namespace fs = std::filesystem;
using captioned::CaptionedOptions;
using captioned::PictureTable;

/// The value of `captions` for a .txt beside each picture.
constexpr const char* kBeside = "txt";

struct ListedPicture {
  std::string name;
  uint64_t bytes;
};

/// Pictures of kinds that are not read: told, not passed over.
bool is_other_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& letter : extension) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  static const std::set<std::string> kOthers = {".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".jp2", ".jxl"};
  return kOthers.count(extension) > 0;
}

/// Every picture below a folder, by name; hidden files and folders are passed over.
/// @param others  names of pictures of other kinds are added.
std::vector<ListedPicture> list_pictures(const std::string& root, std::vector<std::string>& others) {
  std::error_code error;
  if (!fs::is_directory(root, error)) fail_missing("{}: no such folder (data.path)", root);
  std::vector<ListedPicture> pictures;
  auto entry = fs::recursive_directory_iterator(root, fs::directory_options::follow_directory_symlink, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    if (entry->is_directory(error)) {
      if (hidden) entry.disable_recursion_pending();
    } else if (!hidden && pictures::is_picture_name(entry->path().filename().string())) {
      const uint64_t bytes = entry->file_size(error);
      if (error) fail_input("{}: {}", entry->path().string(), error.message());  // a link to nowhere
      pictures.push_back({entry->path().lexically_relative(root).generic_string(), bytes});
    } else if (!hidden && is_other_picture(entry->path())) {
      others.push_back(entry->path().lexically_relative(root).generic_string());
    }
  }
  if (error) fail_input("{}: {}", root, error.message());
  if (pictures.empty()) fail_missing("{}: no .jpg, .jpeg, .png or .webp in this folder or below it (data.path)", root);
  std::sort(pictures.begin(), pictures.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return pictures;
}

/// Pictures lie in the table by name.
std::optional<uint32_t> find_by_name(const PictureTable& table, std::string_view name) {
  uint32_t begin = 0, end = table.size();
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (table.name(middle) < name) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin < table.size() && table.name(begin) == name ? std::optional(begin) : std::nullopt;
}

/// The file that holds the captions, or kBeside. Without a choice of the user's: metadata.jsonl, metadata.csv, the one
/// captions*.json, else a .txt beside each picture.
std::string find_captions(const std::string& root, const std::string& chosen, const std::string& place) {
  if (chosen == kBeside) return kBeside;
  if (!chosen.empty()) {
    for (const fs::path& path : {fs::path(root) / chosen, fs::path(chosen)}) {
      if (is_file(path)) return path.string();
    }
    fail_missing("{}: no file '{}', neither in {} nor from here", place, chosen, root);
  }
  for (const char* name : {"metadata.jsonl", "metadata.csv"}) {
    if (is_file(fs::path(root) / name)) return (fs::path(root) / name).string();
  }
  std::vector<std::string> found;
  for (const std::filesystem::path& entry : files_in(root)) {
    const std::string name = entry.filename();
    if (is_file(entry) && name.starts_with("captions") && name.ends_with(".json")) found.push_back(entry);
  }
  if (found.size() > 1) fail_input("{}: more than one captions*.json; choose one with data.captions", root);
  return found.empty() ? kBeside : found.front();
}

/// The lines of the .txt beside each picture. A picture without one has no caption and is left out later.
void read_texts_beside(const CaptionedOptions& options, PictureTable& table, Sha256& digest) {
  for (uint32_t picture = 0; picture < table.size(); ++picture) {
    const std::string path = captioned::caption_file_beside(options.path + "/" + std::string(table.name(picture)));
    std::error_code error;
    const uint64_t bytes = fs::file_size(path, error);
    if (error) continue;
    const std::string text = captioned::read_bytes(path, 0, bytes);
    const std::string head = fmt::format("{}\n{}\n", table.name(picture), bytes);
    digest.update(head.data(), head.size());
    digest.update(text.data(), text.size());
    const auto spans = captioned::captions_in_text(text, options.caption_lines);
    if (!spans) {
      table.leave_out(picture, "has a caption that is not UTF-8");
      continue;
    }
    for (const captioned::TextSpan& span : *spans) {
      table.add_caption(picture, captioned::kOwnFile, span.offset, span.length, captioned::Form::kText);
    }
  }
}

std::unique_ptr<Dataset> make_captioned_folder(const Options& options, const DatasetContext& context) {
  ConfigReader reader(options);
  const CaptionedOptions chosen =
      captioned::read_captioned_options(reader, reader.required_text("path", "folder of pictures"));
  const std::string captions = reader.text(
      "captions", "", "file of captions (.csv, .tsv, .jsonl or COCO's .json); \"\" = a .txt beside each picture");
  reader.finish();
  PictureTable table(chosen.path, chosen.caption_keys);
  std::vector<std::string> others;
  for (const ListedPicture& one : list_pictures(chosen.path, others)) {
    table.add_picture(one.name, captioned::kOwnFile, 0, one.bytes);
  }
  std::sort(others.begin(), others.end());
  for (const std::string& name : others) table.leave_out({name, "is no JPEG, PNG or WebP"});
  // Captions of one absent picture follow each other in most files: it is named once then.
  std::string last_absent;
  const auto find = [&](const std::string& name) -> std::optional<uint32_t> {
    const std::string normal = fs::path(name).lexically_normal().generic_string();
    if (const auto picture = find_by_name(table, normal)) return picture;
    if (normal != last_absent) table.leave_out({normal, "has captions but no file"});
    last_absent = normal;
    return std::nullopt;
  };
  const std::string file = find_captions(chosen.path, captions, reader.place("captions"));
  Sha256 digest;
  if (file == kBeside) {
    read_texts_beside(chosen, table, digest);
  } else if (file.ends_with(".jsonl")) {
    captioned::read_metadata_lines(file, find, table, digest);
  } else if (file.ends_with(".csv")) {
    captioned::read_metadata_rows(file, find, table, digest);
  } else if (file.ends_with(".json")) {
    captioned::read_coco_captions(file, find, table, digest);
  } else {
    fail_input("{}: '{}' is neither .jsonl, .csv nor .json (or \"txt\" for a text beside each picture)",
               reader.place("captions"), file);
  }
  const std::string found = file == kBeside ? "from a .txt beside each picture" : "from " + file;
  return std::make_unique<captioned::CaptionedPictures>("captioned_folder", chosen, std::move(table), digest, found,
                                                        context.seed);
}

EMF_REGISTER(DatasetRegistry, "captioned_folder",
             "A folder of pictures with captions: COCO's JSON, metadata.jsonl or .csv, or a .txt beside each",
             make_captioned_folder);

}  // namespace
}  // namespace emf
