// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/answer_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHeadBytes = 4096;

std::string head_of(const fs::path& path) {
  std::string head(kHeadBytes, '\0');
  const InputFile file(path);
  head.resize(file.read(head.data(), head.size()));
  if (head.starts_with("\xEF\xBB\xBF")) head.erase(0, 3);
  head.erase(0, std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  return head;
}

std::string names_of(const std::vector<FileKind>& kinds) {
  std::string names;
  for (const FileKind& kind : kinds) names += (names.empty() ? "" : ", ") + kind.name;
  return names;
}

/// Files below a folder, by name.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    // Its name would go into messages and documents, which are UTF-8.
    if (invalid_utf8_at(entry->path().string()) != std::string::npos) {
      fail_input("the folder {} holds a name that is not UTF-8; rename it", folder.string());
    }
    if (entry->is_regular_file()) paths.push_back(entry->path());
  }
  if (error) fail_input("cannot read the folder {} ({})", folder.string(), error.message());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// A word that names a path by itself is that path, whatever signs stand in it.
AnswerFile named_file(const std::string& word) {
  const size_t equals = word.find('=');
  if (path_exists(word) || equals == std::string::npos || equals == 0) return {word, "", "", 0};
  return {word.substr(equals + 1), "", word.substr(0, equals), 0};
}

void add_folder(const AnswerFile& folder, const KindOfFile& kind_of, std::vector<AnswerFile>& files,
                AnswerNotes& notes) {
  static const std::set<std::string> kTexts = {".json", ".jsonl", ".csv", ".txt"};
  size_t found = 0;
  for (const fs::path& path : files_below(folder.path)) {
    const fs::path below = fs::relative(path, folder.path);
    const bool text = kTexts.count(path.extension().string()) > 0;
    if (const std::optional<size_t> kind = text ? kind_of(below, head_of(path)) : std::nullopt) {
      files.push_back({path, below, folder.label, *kind});
      ++found;
    } else {
      notes.add("of the folder, but none of the rule's files, and not read", path.string());
    }
  }
  if (found == 0) fail_input("the folder {} holds no file that this rule reads", folder.path.string());
}

}  // namespace

std::string AnswerFile::text() const {
  std::string bytes = read_file(path);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  const size_t bad = invalid_utf8_at(bytes);
  if (bad != std::string::npos) {
    const auto line = 1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
    fail_input("{}:{}: not UTF-8 at byte {} of the file; save it as UTF-8", origin(), line, bad);
  }
  return bytes;
}

std::vector<AnswerFile> sorted_answer_files(const std::vector<std::string>& words, const std::vector<FileKind>& kinds,
                                            const KindOfFile& kind_of, bool labels, AnswerNotes& notes) {
  std::vector<AnswerFile> files;
  for (const std::string& word : words) {
    AnswerFile file = named_file(word);
    if (!path_exists(file.path)) fail_missing("{} does not exist", file.path.string());
    if (!file.label.empty() && !labels) {
      fail_input("{}: this rule takes files without names; leave '{}=' out", word, file.label);
    }
    if (is_folder(file.path)) {
      add_folder(file, kind_of, files, notes);
      continue;
    }
    file.below = file.path.filename();
    const std::optional<size_t> kind = kind_of(file.path, head_of(file.path));
    if (!kind) fail_input("{} is none of the files that this rule reads: {}", file.origin(), names_of(kinds));
    file.kind = *kind;
    files.push_back(std::move(file));
  }
  std::set<fs::path> seen;
  for (const AnswerFile& file : files) {
    if (!seen.insert(fs::weakly_canonical(file.path)).second) {
      fail_input("{} is given twice; its answers would count twice", file.origin());
    }
  }
  return files;
}

void check_answer_files(const std::vector<AnswerFile>& files, const std::vector<FileKind>& kinds,
                        const std::string& rule) {
  for (size_t k = 0; k < kinds.size(); ++k) {
    const FileKind& kind = kinds[k];
    const std::vector<const AnswerFile*> own = files_of(files, k);
    const bool needed = kind.count == FileKind::Count::kOne || kind.count == FileKind::Count::kSome;
    const bool single = kind.count == FileKind::Count::kOne || kind.count == FileKind::Count::kOneOrNone;
    if (own.empty() && needed) fail_input("rule {} needs {}: {}", rule, kind.name, kind.what);
    if (own.size() > 1 && single) {
      fail_input("rule {} takes one {}, but both {} and {} look like it", rule, kind.name, own[0]->origin(),
                 own[1]->origin());
    }
  }
}

std::vector<const AnswerFile*> files_of(const std::vector<AnswerFile>& files, size_t kind) {
  std::vector<const AnswerFile*> own;
  for (const AnswerFile& file : files) {
    if (file.kind == kind) own.push_back(&file);
  }
  return own;
}

const AnswerFile* file_of(const std::vector<AnswerFile>& files, size_t kind) {
  const std::vector<const AnswerFile*> own = files_of(files, kind);
  return own.empty() ? nullptr : own.front();
}

void for_each_line(std::string_view text, const std::string& origin,
                   const std::function<void(std::string_view line, const std::string& where)>& take) {
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.size() > bounds::kLineBytes) require_line(line.size(), fmt::format("{}:{}", origin, number));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) take(line, fmt::format("{}:{}", origin, number));
    begin = end + 1;
  }
}

std::string beginning_of(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  const auto goes_on = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; };
  while (bytes > 0 && goes_on(text[bytes])) --bytes;
  return std::string(text.substr(0, bytes)) + "...";
}

std::optional<double> number_of(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace emf
