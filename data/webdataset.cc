// SPDX-License-Identifier: Apache-2.0
// Tar shards in WebDataset's form: 00012.jpg beside 00012.txt or 00012.json, read in order and never unpacked
// (docs/data.md).
#include <fmt/ranges.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "data/captioned/caption_text.h"
#include "data/captioned/captioned_pictures.h"
#include "data/captioned/file_bytes.h"
#include "data/captioned/tar_listing.h"
#include "harness/base/bounded.h"
#include "harness/pictures/picture_header.h"

namespace emf {
namespace {

namespace fs = std::filesystem;
using captioned::CaptionedOptions;
using captioned::Form;
using captioned::PictureTable;
using captioned::TarEntry;

std::string lower_case(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

/// The shards that a folder, a pattern ("train-*.tar") or a list of either means; those of one word by name, words in
/// order.
std::vector<std::string> list_shards(const std::vector<std::string>& words) {
  std::vector<std::string> shards;
  for (const std::string& word : words) {
    std::vector<std::string> found;
    if (is_folder(word)) {
      for (const std::filesystem::path& entry : files_in(word)) {
        const std::string name = lower_case(entry.filename().string());
        if (name.ends_with(".tar")) found.push_back(entry);
        if (name.find(".tar.") != std::string::npos || name.ends_with(".tgz")) {
          fail_input("{}: shards must be plain .tar, not compressed; unpack it or take it away", entry.string());
        }
      }
    } else {
      glob_t matches{};
      if (::glob(word.c_str(), 0, nullptr, &matches) == 0) {
        found.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
      }
      ::globfree(&matches);
    }
    if (found.empty()) fail_missing("data.path: no .tar shard at '{}'", word);
    std::sort(found.begin(), found.end());
    for (const std::string& shard : found) {
      // Two words may mean one file, which would train twice.
      if (std::find(shards.begin(), shards.end(), shard) == shards.end()) shards.push_back(shard);
    }
  }
  return shards;
}

/// WebDataset's rule: what stands before the first dot of the file's name, with its folder; and what stands behind it.
std::pair<std::string, std::string> key_and_extension(const std::string& name) {
  const size_t slash = name.rfind('/');
  const size_t dot = name.find('.', slash == std::string::npos ? 0 : slash + 1);
  if (dot == std::string::npos) return {name, ""};
  return {name.substr(0, dot), lower_case(name.substr(dot + 1))};
}

/// Files of one key that follow each other, which is what makes a sample.
struct Group {
  std::string key;
  std::optional<TarEntry> picture, text, json;
};

class ShardReader {
 public:
  ShardReader(const std::string& path, const CaptionedOptions& options, PictureTable& table, Sha256& digest)
      : path_(path),
        label_(fs::path(path).filename().string() + "/"),
        options_(options),
        table_(table),
        digest_(digest),
        file_(table.add_file({path, ""})) {}

  void read() {
    captioned::list_tar(path_, [&](const TarEntry& entry) { take(entry); });
    close_group();
  }

 private:
  void take(const TarEntry& entry) {
    // Hidden files, such as those that macOS puts between the others, belong to no sample.
    if (entry.name.substr(entry.name.rfind('/') + 1).starts_with('.')) return;
    const auto [key, extension] = key_and_extension(entry.name);
    if (key != group_.key) close_group();
    group_.key = key;
    // Only the plain extensions: "depth.png" is another field of the sample.
    if (extension.find('.') == std::string::npos && pictures::is_picture_name("." + extension)) {
      if (group_.picture) {
        table_.leave_out({label_ + entry.name, "is a second picture of its sample"});
      } else {
        group_.picture = entry;
      }
    } else if (entry.link) {
      return;  // then its picture has no caption, and that is told
    } else if (extension == "txt") {
      group_.text = entry;
    } else if (extension == "json") {
      group_.json = entry;
    }
  }

  /// A text goes before a JSON: tools that write both put the same caption into either.
  void close_group() {
    if (group_.picture && group_.picture->link) {
      table_.leave_out({label_ + group_.picture->name, "is a link in its shard"});
    } else if (group_.picture) {
      const TarEntry& picture = *group_.picture;
      const uint32_t number = table_.add_picture(label_ + picture.name, file_, picture.offset, picture.length);
      if (group_.text) {
        add_text(number, *group_.text);
      } else if (group_.json) {
        add_json(number, *group_.json);
      }
    } else if (group_.text || group_.json) {
      table_.leave_out({label_ + group_.key, "has captions but no picture"});
    }
    group_ = {};
  }

  void add_text(uint32_t picture, const TarEntry& entry) {
    const std::string text = read(entry);
    const auto spans = captioned::captions_in_text(text, options_.caption_lines);
    if (!spans) return table_.leave_out(picture, "has a caption that is not UTF-8");
    for (const captioned::TextSpan& span : *spans) {
      table_.add_caption(picture, file_, entry.offset + span.offset, span.length, Form::kText);
    }
  }

  void add_json(uint32_t picture, const TarEntry& entry) {
    const std::string text = read(entry);
    const Json object = Json::parse(text, nullptr, false);
    if (object.is_discarded()) return table_.leave_out(picture, "has a .json that cannot be read");
    const std::string origin = path_ + ", " + entry.name;
    for (const auto& one : captioned::captions_in_object(text, object, options_.caption_keys, origin)) {
      table_.add_caption(picture, file_, entry.offset + one.offset, one.length, Form::kJsonValue);
    }
  }

  std::string read(const TarEntry& entry) {
    std::string bytes = captioned::read_bytes(path_, entry.offset, entry.length);
    const std::string head = fmt::format("{}\n{}\n", entry.name, entry.length);
    digest_.update(head.data(), head.size());
    digest_.update(bytes.data(), bytes.size());
    return bytes;
  }

  const std::string& path_;
  std::string label_;  ///< before names of pictures: keys may begin anew in each shard
  const CaptionedOptions& options_;
  PictureTable& table_;
  Sha256& digest_;
  uint64_t file_;
  Group group_;
};

std::unique_ptr<Dataset> make_webdataset(const Options& options, const DatasetContext& context) {
  ConfigReader reader(options);
  const std::string place = reader.place("path");
  const std::vector<std::string> words =
      reader.texts("path", {}, "folder with .tar shards, a pattern such as {00..09}.tar, or a list of them");
  if (words.empty()) fail_input("{}: 'path' is absent: a folder with .tar shards, a pattern or a list of them", place);
  const CaptionedOptions chosen = captioned::read_captioned_options(reader, fmt::format("{}", fmt::join(words, ", ")));
  reader.finish();
  PictureTable table(chosen.path, chosen.caption_keys);
  Sha256 digest;
  const std::vector<std::string> shards = list_shards(words);
  for (const std::string& shard : shards) ShardReader(shard, chosen, table, digest).read();
  if (table.size() == 0) fail_missing("{}: no .jpg, .jpeg, .png or .webp in {} shards", place, shards.size());
  const std::string found = fmt::format("from {} shard{}", shards.size(), shards.size() == 1 ? "" : "s");
  return std::make_unique<captioned::CaptionedPictures>("webdataset", chosen, std::move(table), digest, found,
                                                        context.seed);
}

EMF_REGISTER(DatasetRegistry, "webdataset", "Tar shards of pictures with captions, read in order and never unpacked",
             make_webdataset);

}  // namespace
}  // namespace emf
