// SPDX-License-Identifier: Apache-2.0
// The files that a rule scores: which is which, and their text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/rules/answer_notes.h"

namespace emf {

/// A file as the user named it, or below a folder that the user named.
struct AnswerFile {
  std::filesystem::path path;
  std::filesystem::path below;  ///< from the folder that was named; the file's name where it was named itself
  std::string label;            ///< NAME of NAME=PATH, "" without one
  size_t kind = 0;              ///< place in AnswerRule::files()

  std::string origin() const { return path.string(); }
  /// The whole text, without a byte order mark.
  /// @throws UserError  absent (kMissing), unreadable, or not UTF-8 (names line and byte).
  std::string text() const;
};

/// What a rule takes.
struct FileKind {
  enum class Count { kOne, kOneOrNone, kSome, kAny };
  std::string name;  ///< as the official scripts call it ("score_lists.json")
  std::string what;  ///< one line: what it holds, and who writes it
  Count count = Count::kOne;
  bool of_benchmark = false;  ///< comes with the benchmark: the same for every model
};

/// Which of a rule's kinds a file is, by its name and its first bytes.
using KindOfFile = std::function<std::optional<size_t>(const std::filesystem::path& below, std::string_view head)>;

/// Sorts what a user named into the kinds of a rule. A folder stands for the .json, .jsonl, .csv and .txt files in it,
/// however deep; those that are of no kind are noted, and left unread.
///
/// @param words  PATH or NAME=PATH.   @param labels  names are taken.
/// @return  in the order given, a folder's by name.
/// @throws UserError  absent (kMissing); a file, named itself, that is of no kind; one that is named twice.
std::vector<AnswerFile> sorted_answer_files(const std::vector<std::string>& words, const std::vector<FileKind>& kinds,
                                            const KindOfFile& kind_of, bool labels, AnswerNotes& notes);

/// @throws UserError  too many or too few files of a kind; says what is missing and what it holds.
void check_answer_files(const std::vector<AnswerFile>& files, const std::vector<FileKind>& kinds,
                        const std::string& rule);

/// Those of one kind, in their order.
std::vector<const AnswerFile*> files_of(const std::vector<AnswerFile>& files, size_t kind);
/// The one of a kind, or none.
const AnswerFile* file_of(const std::vector<AnswerFile>& files, size_t kind);

/// Calls take(line, "ORIGIN:NUMBER") for every line that is not blank, without its end.
void for_each_line(std::string_view text, const std::string& origin,
                   const std::function<void(std::string_view line, const std::string& where)>& take);

/// The beginning of a text, for messages: at most so many bytes, and no character cut in two.
std::string beginning_of(std::string_view text, size_t bytes = 40);

/// A decimal number that is all of the text, blanks around it aside; none for anything else, "nan" and "inf" too.
std::optional<double> number_of(std::string_view text);

}  // namespace emf
