// SPDX-License-Identifier: Apache-2.0
// What a file may ask for: the one place of sizes, depths, counts and times, and how inputs are opened. Readers ask
// here and have no bounds of their own beside the ones that their format itself states.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace emf {
namespace bounds {

constexpr int kJsonLevels = 500;                ///< of lists and objects inside each other
constexpr int kTomlLevels = 32;                 ///< of brackets, and of parts of a dotted key; both together a thousand
constexpr uint64_t kConfigBytes = 16 << 20;     ///< of a suite file
constexpr uint64_t kLineBytes = 16 << 20;       ///< of a line of JSON Lines, a prompt, a cell of CSV
constexpr size_t kNames = 10'000;               ///< of a list of names in a suite
constexpr size_t kWrappers = 8;                 ///< encoders around an encoder
constexpr size_t kTemplateBytes = 1 << 20;      ///< of a chat template, the largest of which has some 20 KiB
constexpr uint64_t kRewrittenBytes = 64 << 20;  ///< of a prompt that a tokenizer's normaliser has rewritten
constexpr uint64_t kHeaderBytes = 100 << 20;    ///< of a header that says what follows it

}  // namespace bounds

/// Bytes that a packed file may become: $EMFBENCH_MOST_UNPACKED_MIB, else 1 GiB.
/// @throws UserError  the variable holds no number from 1 on.
uint64_t most_unpacked_bytes();

/// Asks before memory is: a file may unpack to most_unpacked_bytes(), or to as many bytes as it has itself.
/// @param declared  what its header says.  @param stored  bytes that it has.
/// @throws UserError  more (names both, and the variable that allows it).
void require_unpacked(uint64_t declared, uint64_t stored, const std::string& where);

/// Letters beyond ASCII that stand in no quotes. No TOML has them, and its library's tables have holes among them; a
/// word of the command line is text then.
enum class BareLetters { kRefused, kAllowed };

/// @throws UserError  TOML whose brackets or dotted keys nest deeper than its library, which recurses, can bear; a text
///   longer than kConfigBytes or not UTF-8; bare letters, where they are refused.   @cost  one pass.
void require_toml_levels(std::string_view text, const std::string& origin,
                         BareLetters bare_letters = BareLetters::kRefused);

/// @throws UserError  a line longer than kLineBytes: names origin and line.
void require_line(size_t bytes, const std::string& origin);

/// Seconds that one call of a network from a file may take: $EMFBENCH_SCRIPT_SECONDS, else 600; 0 = no end.
int64_t most_script_seconds();

/// While it lives, work that nobody can stop from inside may take so long. Beyond that the process ends with one line
/// and exit code 2: such work holds its thread, and what was finished lies in the store.
class TimeLimit {
 public:
  /// @param what  is being done, for the message.  @param seconds  0 = no limit.
  TimeLimit(std::string what, int64_t seconds, std::string option);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread watch_;
};

/// A file opened for reading: a regular one, whose size is known. Pipes, devices and sockets never end, or begin.
class InputFile {
 public:
  /// @throws UserError  absent (kMissing); a folder, no regular file, unreadable, a circle of links, a name too long.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int descriptor() const { return descriptor_; }
  uint64_t size() const { return size_; }
  /// The next bytes; fewer than asked for at the end alone.  @throws UserError  unreadable.
  size_t read(char* target, size_t most) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

/// Opens and closes: for libraries that open by name.  @throws UserError  as InputFile.  @return  the size.
uint64_t require_input(const std::filesystem::path& path);

/// What stands at a path. Asking never throws std::filesystem's errors.
/// @throws UserError  what cannot be asked: a circle of links, a name too long, a forbidden folder.
bool path_exists(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);
bool is_file(const std::filesystem::path& path);

/// What lies in a folder, by name.  @throws UserError  no folder, or unreadable.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

}  // namespace emf
