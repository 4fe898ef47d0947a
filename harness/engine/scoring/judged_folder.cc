// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/scoring/judged_folder.h"

#include <ATen/ATen.h>
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/pictures/picture_file.h"
#include "harness/pictures/picture_folder.h"
#include "harness/rules/geneval_rule.h"

namespace emf {
namespace {

constexpr size_t kBatch = 64;

bool is_number(const std::string& text) {
  // Fewer than ten digits, so that the number fits wherever it is read as one.
  return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
}

/// Folders named by digits, and the names of all else.
struct NumberedFolders {
  std::vector<std::filesystem::path> found;
  std::vector<std::filesystem::path> others;
};

NumberedFolders numbered_folders(const std::filesystem::path& folder) {
  NumberedFolders folders;
  for (const std::filesystem::path& entry : files_in(folder)) {
    const std::string name = entry.filename().string();
    if (is_folder(entry) && is_number(name)) {
      folders.found.push_back(entry);
    } else if (!name.starts_with(".")) {
      folders.others.emplace_back(name);
    }
  }
  std::sort(folders.found.begin(), folders.found.end());
  std::sort(folders.others.begin(), folders.others.end());
  return folders;
}

/// Samples by number. A file that lies there as .png and as something else is one sample, of which the .png counts.
std::map<std::string, std::filesystem::path> numbered_samples(const std::filesystem::path& folder,
                                                              std::vector<std::string>& warnings) {
  std::map<std::string, std::filesystem::path> samples;
  std::vector<std::filesystem::path> others;
  const auto is_png = [](const std::filesystem::path& path) { return path.extension() == ".png"; };
  // Files that are no pictures are not looked for in any layout; pictures with other names were not painted for it.
  for (const auto& name : pictures::list_picture_folder(folder).files) {
    if (!is_number(name.stem().string())) {
      others.push_back(name);
      continue;
    }
    const auto [known, fresh] = samples.try_emplace(name.stem().string(), name);
    if (fresh) continue;
    if (is_png(known->second) == is_png(name)) {
      fail_input("{}: {} and {} are one sample; keep one of them", folder.string(), known->second.string(),
                 name.string());
    }
    if (is_png(name)) known->second = name;
    warnings.push_back(fmt::format("{}: sample {} is there under two endings; the .png counts", folder.string(),
                                   name.stem().string()));
  }
  if (!others.empty()) {
    warnings.push_back(fmt::format("left out of {}: {}", folder.string(), pictures::files_by_ending(others)));
  }
  return samples;
}

/// @source  geneval af4902f, evaluate_images.py: digits only, folders and files alike; json.load of the folder's own
///   metadata, so it may be indented.
PicturesOfPrompts official_layout(const NumberedFolders& folders, const std::filesystem::path& root,
                                  bool has_metadata) {
  PicturesOfPrompts all;
  for (const auto& folder : folders.found) {
    Json metadata;
    const auto file = folder / "metadata.jsonl";
    if (!has_metadata || path_exists(file)) {
      metadata = read_json(file);
      geneval_metadata(metadata, file.string());
    }
    const auto samples = numbered_samples(folder / "samples", all.warnings);
    if (samples.empty()) fail_input("{}: no picture whose name is a number", (folder / "samples").string());
    for (const auto& [number, name] : samples) {
      all.pictures.push_back({folder / "samples" / name, metadata, std::stoll(folder.filename().string())});
    }
  }
  if (!folders.others.empty()) {
    all.warnings.push_back(fmt::format("left out of {}: {}", root.string(), pictures::files_by_ending(folders.others)));
  }
  return all;
}

PicturesOfPrompts listed_layout(const std::filesystem::path& folder, const std::filesystem::path& list) {
  PicturesOfPrompts all;
  std::set<std::filesystem::path> listed;
  const std::vector<Json> lines = read_json_lines(list);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string where = fmt::format("{}:{}", list.string(), i + 1);
    if (!lines[i].is_object() || !lines[i].contains("file_name") || !lines[i]["file_name"].is_string()) {
      fail_input("{}: \"file_name\" must name the picture", where);
    }
    const std::filesystem::path name = lines[i]["file_name"].get<std::string>();
    if (!stays_within(name)) {
      fail_input("{}: \"file_name\" {} leads out of the folder; name pictures from it on", where, name.string());
    }
    const auto path = folder / name;
    if (!path_exists(path)) fail_input("{}: there is no {}", where, path.string());
    if (!listed.insert(path.lexically_normal()).second) fail_input("{}: {} is named twice", where, path.string());
    Json metadata = lines[i];
    metadata.erase("file_name");
    geneval_metadata(metadata, where);
    all.pictures.push_back({path, metadata, -1});
  }
  std::vector<std::filesystem::path> others;
  for (const auto& name : pictures::list_picture_folder(folder, {.subfolders = true, .none_will_do = true}).files) {
    if (listed.count((folder / name).lexically_normal()) == 0) others.push_back(name);
  }
  if (!others.empty()) {
    all.warnings.push_back(fmt::format("no line of {} names {}", list.string(), pictures::files_by_ending(others)));
  }
  return all;
}

/// The first class of a prompt that the judge does not know; "" when it knows all.
std::string unknown_class(const Json& metadata, const std::set<std::string>& known, const std::string& where) {
  const GenEvalMetadata prompt = geneval_metadata(metadata, where);
  for (const auto* clauses : {&prompt.include, &prompt.exclude}) {
    for (const GenEvalClause& clause : *clauses) {
      // A class without a name would never be found, and its prompts would count as painted wrongly.
      if (known.count(clause.class_name) == 0) return clause.class_name;
    }
  }
  return "";
}

/// As it is to be seen, which is what GenEval's judges look at (exif_transpose).
at::Tensor seen_picture(const std::filesystem::path& path) {
  return read_picture(path, pictures::Orientation::kObeyed);
}

/// So many of the next pictures as have one size, which a batch needs.
std::vector<at::Tensor> next_batch(const std::vector<const PictureOfPrompt*>& taken, size_t begin, int64_t side,
                                   at::Tensor& waiting) {
  std::vector<at::Tensor> batch;
  for (size_t i = begin; i < taken.size() && batch.size() < kBatch; ++i) {
    at::Tensor picture = waiting.defined() ? std::exchange(waiting, at::Tensor()) : seen_picture(taken[i]->path);
    if (side != 0 && (picture.size(1) != side || picture.size(2) != side)) {
      fail_input("{} has {} x {} pixels; the judge takes {} x {}", taken[i]->path.string(), picture.size(2),
                 picture.size(1), side, side);
    }
    if (!batch.empty() && !batch.front().sizes().equals(picture.sizes())) {
      waiting = picture;
      break;
    }
    batch.push_back(std::move(picture));
  }
  return batch;
}

}  // namespace

PicturesOfPrompts pictures_of_prompts(const std::filesystem::path& folder, bool has_metadata) {
  if (!is_folder(folder)) fail_missing("{}: no such folder of pictures", folder.string());
  const auto list = folder / "metadata.jsonl";
  const NumberedFolders folders = numbered_folders(folder);
  PicturesOfPrompts all = !folders.found.empty() ? official_layout(folders, folder, has_metadata)
                          : path_exists(list)    ? listed_layout(folder, list)
                                                 : PicturesOfPrompts();
  if (all.pictures.empty()) {
    fail_input(
        "{}: no pictures in GenEval's layout (00000/metadata.jsonl, 00000/samples/0000.png) or beside a metadata.jsonl "
        "whose lines name their \"file_name\"",
        folder.string());
  }
  return all;
}

JudgedFolder judge_folder(const std::vector<PictureOfPrompt>& pictures, const std::string& judge,
                          const std::vector<Json>& prompts, const Placement& placement) {
  const at::Tensor first = seen_picture(pictures.front().path);
  const std::unique_ptr<Judge> seen_by = make_judge(judge, {first.size(1), first.size(2), placement});
  if (!seen_by->detects()) {
    fail_input("judge '{}' finds no objects, so GenEval's rule has nothing to read; name one that does", judge);
  }
  // The thresholds go into every row, so that kept words can be scored again without the judge.
  const Json options = to_json(seen_by->geneval_options());
  const std::set<std::string> known(seen_by->class_names().begin(), seen_by->class_names().end());

  JudgedFolder result;
  result.judge = seen_by->fingerprint();
  std::set<std::string> beyond;
  std::vector<const PictureOfPrompt*> taken;
  for (const PictureOfPrompt& picture : pictures) {
    const bool numbered = picture.index >= 0 && picture.index < static_cast<int64_t>(prompts.size());
    const Json& metadata =
        picture.metadata.is_null() && numbered ? prompts[static_cast<size_t>(picture.index)] : picture.metadata;
    if (!metadata.is_null() && !unknown_class(metadata, known, picture.path.string()).empty()) {
      const std::string text = metadata.value("prompt", picture.path.string());
      if (beyond.insert(text).second) result.beyond.push_back(text);
      continue;
    }
    taken.push_back(&picture);
  }
  if (taken.empty()) {
    fail_input("judge '{}' knows none of these prompts' classes; it has names for {} (see: emfbench list judges)",
               judge, known.size());
  }

  Progress progress("judge pictures", static_cast<int64_t>(taken.size()), "pictures");
  at::Tensor waiting;  // of another size than those before it
  for (size_t begin = 0, end = 0; begin < taken.size(); begin = end) {
    if (interrupted()) stop_interrupted();
    const std::vector<at::Tensor> batch = next_batch(taken, begin, seen_by->side(), waiting);
    end = begin + batch.size();
    const std::vector<std::vector<Detection>> found = seen_by->detect(at::stack(batch));
    for (size_t i = begin; i < end; ++i) {
      Json row = {{"filename", taken[i]->path.string()}};
      if (taken[i]->metadata.is_null()) {
        row["index"] = static_cast<uint64_t>(taken[i]->index);
      } else {
        row["metadata"] = taken[i]->metadata;
      }
      row["detections"] = to_json(found[i - begin]);
      if (!options.empty()) row["options"] = options;
      result.rows.push_back(std::move(row));
    }
    progress.update(static_cast<int64_t>(end));
  }
  return result;
}

}  // namespace emf
