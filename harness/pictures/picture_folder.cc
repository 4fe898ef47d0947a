// SPDX-License-Identifier: Apache-2.0
#include "harness/pictures/picture_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/utf8.h"
#include "harness/pictures/picture_header.h"

namespace emf::pictures {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

std::string lower_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 // unsigned char, because tolower() of a negative char is undefined.
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return ending;
}

class Lister {
 public:
  Lister(const fs::path& folder, const FolderOptions& options) : folder_(folder), options_(options) {}

  PictureFolder list() {
    walk(folder_, "");
    std::sort(found_.files.begin(), found_.files.end());
    std::sort(others_.begin(), others_.end());
    if (found_.files.empty() && !options_.none_will_do) fail_empty();
    if (!others_.empty())
      found_.warnings.push_back(fmt::format("left out of {}: {}", folder_.string(), files_by_ending(others_)));
    if (!folders_.empty()) tell_folders();
    tell_twins();
    return std::move(found_);
  }

 private:
  bool is_picture(const fs::path& path) const {
    if (is_picture_name(path.filename().string())) return true;
    if (!options_.arrays || lower_ending(path) != ".npy") return false;
    try {
      return are_pictures(read_npy_shape(path));
    } catch (const UserError&) {
      return true;  // whoever reads it says what is wrong
    }
  }

  /// @param within  the folder's own path below the one that is listed.
  void walk(const fs::path& folder, const fs::path& within) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      const fs::path path = entries->path(), name = within / path.filename();
      if (is_hidden(path)) continue;
      if (invalid_utf8_at(name.string()) != std::string::npos) {
        fail_input("{}: a name that is not UTF-8; rename it", printable_utf8((folder_ / name).string()));
      }
      std::error_code unknown;  // a link to nowhere is told of when it is read
      if (!fs::is_directory(path, unknown)) {
        (is_picture(path) ? found_.files : others_).push_back(name);
      } else if (options_.subfolders) {
        constexpr int kDeepest = 40;  // a link that leads back to a folder above has no end
        if (std::distance(name.begin(), name.end()) > kDeepest)
          fail_input("{}: folders nested too deep", path.string());
        walk(path, name);
      } else {
        folders_.push_back(name);
      }
    }
    if (error) fail_input("cannot read the folder {} ({})", folder.string(), error.message());
  }

  [[noreturn]] void fail_empty() const {
    const std::string held = others_.empty() ? "" : fmt::format("; it holds {}", files_by_ending(others_));
    const std::string within = folders_.empty() ? ""
                                                : fmt::format("; those of its folders are read with --subfolders ({})",
                                                              folders_.front().string());
    fail_input("{}: no picture in it (.png, .jpg, .webp, .bmp, .gif, .tif, .ppm ...){}{}", folder_.string(), held,
               within);
  }

  void tell_folders() {
    std::sort(folders_.begin(), folders_.end());
    size_t pictures = 0;
    for (const fs::path& name : folders_) {
      std::error_code error;
      for (fs::recursive_directory_iterator at(folder_ / name, error), end; !error && at != end; at.increment(error)) {
        pictures += !is_hidden(at->path()) && is_picture(at->path()) ? 1 : 0;
      }
    }
    found_.warnings.push_back(
        fmt::format("left out of {}: {} folder{} with {} picture{} ({}{}){}", folder_.string(), folders_.size(),
                    folders_.size() == 1 ? "" : "s", pictures, pictures == 1 ? "" : "s", folders_.front().string(),
                    folders_.size() > 1 ? ", ..." : "", pictures > 0 ? "; --subfolders reads them" : ""));
  }

  /// One sample written twice, as two kinds of picture.
  void tell_twins() {
    std::map<fs::path, fs::path> seen;
    size_t twins = 0;
    std::string first;
    for (const fs::path& file : found_.files) {
      const auto [known, fresh] = seen.try_emplace(file.parent_path() / file.stem(), file);
      if (!fresh && twins++ == 0) first = fmt::format("{} and {}", known->second.string(), file.filename().string());
    }
    if (twins > 0) {
      found_.warnings.push_back(fmt::format("in {} {} picture{} the name of another but for the ending ({}); all count",
                                            folder_.string(), twins, twins == 1 ? " has" : "s have", first));
    }
  }

  fs::path folder_;
  FolderOptions options_;
  PictureFolder found_;
  std::vector<fs::path> others_, folders_;
};

}  // namespace

PictureFolder list_picture_folder(const fs::path& folder, const FolderOptions& options) {
  if (!is_folder(folder)) fail_missing("{}: no such folder of pictures", folder.string());
  return Lister(folder, options).list();
}

bool are_pictures(const NpyShape& array) {
  const std::vector<int64_t>& shape = array.shape;
  const auto channels = [](int64_t side) { return side == 1 || side == 3; };
  if (array.kind != "u1") return false;
  if (shape.size() == 3) return shape[2] == 3;
  return shape.size() == 4 && (channels(shape[3]) || channels(shape[1]));
}

std::string files_by_ending(const std::vector<fs::path>& files) {
  std::map<std::string, size_t> endings;
  for (const fs::path& file : files) {
    const std::string ending = printable_utf8(lower_ending(file));
    ++endings[ending.empty() ? "no ending" : ending];
  }
  std::vector<std::string> counts;
  for (const auto& [ending, count] : endings) counts.push_back(fmt::format("{} {}", ending, count));
  return fmt::format("{} file{} ({}: {}{})", files.size(), files.size() == 1 ? "" : "s", fmt::join(counts, ", "),
                     printable_utf8(files.front().string()), files.size() > 1 ? ", ..." : "");
}

}  // namespace emf::pictures
