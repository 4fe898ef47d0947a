// SPDX-License-Identifier: Apache-2.0
#include "harness/base/bounded.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/terminal.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

/// A whole number from the environment.
int64_t number_of_environment(const char* name, int64_t fallback, int64_t least, int64_t most) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return fallback;
  int64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end || value < least || value > most) {
    fail_input("${} is '{}', not a whole number in {}..{}", name, text, least, most);
  }
  return value;
}

std::filesystem::file_status status_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  // "Not found" is an answer; the others are none.
  if (status.type() == std::filesystem::file_type::none && error) {
    fail_input("cannot look at {} ({})", path.string(), error.message());
  }
  return status;
}

const char* kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return S_ISSOCK(mode) ? "a socket" : "no file";
}

}  // namespace

uint64_t most_unpacked_bytes() {
  return static_cast<uint64_t>(number_of_environment("EMFBENCH_MOST_UNPACKED_MIB", 1024, 1, int64_t{1} << 40)) << 20;
}

void require_unpacked(uint64_t declared, uint64_t stored, const std::string& where) {
  const uint64_t most = most_unpacked_bytes();
  if (declared <= std::max(most, stored)) return;
  fail_input(
      "{}: {} bytes say that they unpack to {}, more than the {} that are allowed; where that is meant, set "
      "EMFBENCH_MOST_UNPACKED_MIB to {} or more",
      where, stored, declared, most, (declared >> 20) + 1);
}

void require_line(size_t bytes, const std::string& origin) {
  if (bytes > bounds::kLineBytes) {
    fail_input("{}: {} bytes without a line end, more than the {} that a line may have", origin, bytes,
               bounds::kLineBytes);
  }
}

void require_toml_levels(std::string_view text, const std::string& origin, BareLetters bare_letters) {
  require_utf8(text, origin);
  if (text.size() > bounds::kConfigBytes) {
    fail_input("{}: {} bytes, more than the {} of any suite", origin, text.size(), bounds::kConfigBytes);
  }
  int line = 1, brackets = 0, dots = 0;
  const auto fail = [&](const char* what) {
    fail_input("{}:{}: {} nest more than {} deep", origin, line, what, bounds::kTomlLevels);
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\'') {
      const bool tall = text.substr(i, 3) == std::string(3, c);
      const std::string end(tall ? 3 : 1, c);
      // What does not end is the library's to refuse: nothing nests behind it.
      for (i += end.size(); i < text.size() && text.substr(i, end.size()) != end; ++i) {
        if (c == '"' && text[i] == '\\') ++i;
        if (i < text.size() && text[i] == '\n') {
          ++line;
          if (!tall) break;
        }
      }
      i += end.size() - 1;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '.') {
      if (++dots >= bounds::kTomlLevels) fail("the parts of a key");
    } else if (c == '[' || c == '{') {
      if (++brackets > bounds::kTomlLevels) fail("lists and tables");
      dots = 0;
    } else if (static_cast<unsigned char>(c) >= 0x80 && bare_letters == BareLetters::kRefused) {
      fail_input("{}:{}: not valid TOML: a letter beyond ASCII outside of quotes", origin, line);
    } else if (c == ']' || c == '}') {
      brackets = std::max(0, brackets - 1);
    } else if (c == '=' || c == ',' || c == '\n') {
      dots = 0;
      line += c == '\n' ? 1 : 0;
    }
  }
}

int64_t most_script_seconds() { return number_of_environment("EMFBENCH_SCRIPT_SECONDS", 600, 0, 1 << 30); }

TimeLimit::TimeLimit(std::string what, int64_t seconds, std::string option) {
  if (seconds <= 0) return;
  watch_ = std::thread([this, what = std::move(what), seconds, option = std::move(option)] {
    std::unique_lock lock(mutex_);
    if (ended_.wait_for(lock, std::chrono::seconds(seconds), [this] { return over_; })) return;
    fmt::print(stderr, "emfbench: {} took more than {} s; if it is not without an end, allow more with {}\n",
               shown_message(what), seconds, option);
    std::fflush(stderr);
    ::_exit(static_cast<int>(ExitCode::kBadInput));
  });
}

TimeLimit::~TimeLimit() {
  if (!watch_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  ended_.notify_all();
  watch_.join();
}

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  // Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) {
    if (errno == ENOENT || errno == ENOTDIR) fail_missing("{} does not exist", path.string());
    fail_input("cannot open {} ({})", path.string(), std::strerror(errno));
  }
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  const int error = errno;
  if (known && S_ISREG(status.st_mode)) {
    size_ = static_cast<uint64_t>(status.st_size);
    return;
  }
  ::close(std::exchange(descriptor_, -1));
  if (!known) fail_input("cannot read {} ({})", path.string(), std::strerror(error));
  if (S_ISDIR(status.st_mode)) fail_input("{} is a folder, not a file", path.string());
  fail_input("{} is {}, not a file; inputs are files whose size is known", path.string(), kind_of(status.st_mode));
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

size_t InputFile::read(char* target, size_t most) const {
  size_t done = 0;
  while (done < most) {
    const ssize_t count = ::read(descriptor_, target + done, most - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_input("cannot read {} ({})", path_.string(), std::strerror(errno));
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

uint64_t require_input(const std::filesystem::path& path) { return InputFile(path).size(); }

bool path_exists(const std::filesystem::path& path) { return std::filesystem::exists(status_of(path)); }

bool is_folder(const std::filesystem::path& path) { return std::filesystem::is_directory(status_of(path)); }

bool is_file(const std::filesystem::path& path) { return std::filesystem::is_regular_file(status_of(path)); }

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    files.push_back(entry->path());
  }
  if (error) fail_input("cannot read the folder {} ({})", folder.string(), error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace emf
