#include "harness/engine/scoring/judged_folder.h"

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/pictures/picture_file.h"
#include "harness/rules/geneval_rule.h"

namespace emf {
namespace {

constexpr size_t kBatch = 64;

bool is_number(const std::string& text) {
  // Fewer than ten digits, so that the number fits wherever it is read as one.
  return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::filesystem::path> numbered_folders(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory() && is_number(entry.path().filename().string())) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// @source  geneval af4902f, evaluate_images.py: digits only, folders and files alike.
std::vector<PictureOfPrompt> official_layout(const std::vector<std::filesystem::path>& folders, bool has_metadata) {
  std::vector<PictureOfPrompt> pictures;
  for (const auto& folder : folders) {
    Json metadata;
    if (!has_metadata) {
      const auto file = folder / "metadata.jsonl";
      const std::vector<Json> lines = read_json_lines(file);
      if (lines.empty()) fail_input("{} is empty: it must hold the folder's metadata line", file.string());
      geneval_metadata(lines.front(), file.string());
      metadata = lines.front();
    }
    for (const auto& path : picture_paths(folder / "samples")) {
      if (!is_number(path.stem().string())) continue;
      pictures.push_back({path, metadata, std::stoll(folder.filename().string())});
    }
  }
  return pictures;
}

std::vector<PictureOfPrompt> listed_layout(const std::filesystem::path& folder, const std::filesystem::path& list) {
  std::vector<PictureOfPrompt> pictures;
  const std::vector<Json> lines = read_json_lines(list);
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string where = fmt::format("{}:{}", list.string(), i + 1);
    if (!lines[i].is_object() || !lines[i].contains("file_name") || !lines[i]["file_name"].is_string()) {
      fail_input("{}: \"file_name\" must name the picture", where);
    }
    const auto path = folder / lines[i]["file_name"].get<std::string>();
    if (!std::filesystem::exists(path)) fail_input("{}: there is no {}", where, path.string());
    Json metadata = lines[i];
    metadata.erase("file_name");
    geneval_metadata(metadata, where);
    pictures.push_back({path, metadata, -1});
  }
  return pictures;
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

at::Tensor picture_of_size(const std::filesystem::path& path, int64_t height, int64_t width, bool of_judge) {
  at::Tensor picture = read_picture(path);
  if (picture.size(1) != height || picture.size(2) != width) {
    fail_input("{} has {} x {} pixels; {} {} x {}", path.string(), picture.size(2), picture.size(1),
               of_judge ? "the judge takes" : "the others have", width, height);
  }
  return picture;
}

}  // namespace

std::vector<PictureOfPrompt> pictures_of_prompts(const std::filesystem::path& folder, bool has_metadata) {
  if (!std::filesystem::is_directory(folder)) fail_missing("{}: no such folder of pictures", folder.string());
  const auto list = folder / "metadata.jsonl";
  const std::vector<std::filesystem::path> folders = numbered_folders(folder);
  const std::vector<PictureOfPrompt> pictures = !folders.empty()                ? official_layout(folders, has_metadata)
                                                : std::filesystem::exists(list) ? listed_layout(folder, list)
                                                                                : std::vector<PictureOfPrompt>();
  if (pictures.empty()) {
    fail_input(
        "{}: no pictures in GenEval's layout (00000/metadata.jsonl, 00000/samples/0000.png) or beside a metadata.jsonl "
        "whose lines name their \"file_name\"",
        folder.string());
  }
  return pictures;
}

JudgedFolder judge_folder(const std::vector<PictureOfPrompt>& pictures, const std::string& judge,
                          const std::vector<Json>& prompts, const Placement& placement) {
  // A judge of any size is made for the first picture's size. The others must agree with it, because a batch is
  // one tensor.
  const at::Tensor first = read_picture(pictures.front().path);
  const std::unique_ptr<Judge> seen_by = make_judge(judge, {first.size(1), first.size(2), placement});
  if (!seen_by->detects()) {
    fail_input("judge '{}' finds no objects, so GenEval's rule has nothing to read; name one that does", judge);
  }
  const bool of_judge = seen_by->side() != 0;
  const int64_t height = of_judge ? seen_by->side() : first.size(1), width = of_judge ? height : first.size(2);
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
  for (size_t begin = 0; begin < taken.size(); begin += kBatch) {
    if (interrupted()) stop_interrupted();
    const size_t end = std::min(taken.size(), begin + kBatch);
    std::vector<at::Tensor> batch;
    for (size_t i = begin; i < end; ++i) batch.push_back(picture_of_size(taken[i]->path, height, width, of_judge));
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
