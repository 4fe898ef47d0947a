// SPDX-License-Identifier: Apache-2.0
// A terminal of a given width: what a process draws on it, and what is left on its screen.
#pragma once

#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/columns.h"

namespace emf {

/// What terminals do with text, \r, \n, \x1b[nA, \x1b[J and \x1b[K; a line that is full goes on in the next.
class TerminalScreen {
 public:
  explicit TerminalScreen(size_t columns) : columns_(columns) {}

  void feed(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      if (text[at] == '\x1b') {
        size_t end = at + 2;
        while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
        obey(text.substr(at + 2, end - at - 2), end < text.size() ? text[end] : '?');
        at = end + 1;
      } else if (text[at] == '\r') {
        column_ = 0, ++at;
      } else if (text[at] == '\n') {
        ++row_, ++at;
      } else {
        size_t end = at + 1;
        while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
        put(text.substr(at, end - at));
        at = end;
      }
    }
  }

  /// Lines that hold anything, in order.
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& row : rows_) {
      std::string line;
      for (const std::string& cell : row) line += cell;
      line.erase(line.find_last_not_of(' ') + 1);
      if (!line.empty()) all.push_back(line);
    }
    return all;
  }
  const std::vector<std::string>& unknown() const { return unknown_; }
  /// Lines that were full and went on in the next.
  int folded() const { return folded_; }

 private:
  void obey(std::string_view number, char what) {
    const size_t count = number.empty() ? 1 : std::stoul(std::string(number));
    rows_.resize(std::max(rows_.size(), row_ + 1));
    if (what == 'A') {
      row_ -= std::min(row_, count);
    } else if (what == 'J' || what == 'K') {
      if (rows_[row_].size() > column_) rows_[row_].resize(column_);
      if (what == 'J') rows_.resize(row_ + 1);
    } else {
      unknown_.push_back(std::string(number) + what);
    }
  }

  void put(std::string_view letter) {
    const size_t width = columns_of(letter);
    if (column_ + width > columns_) column_ = 0, ++row_, ++folded_;
    rows_.resize(std::max(rows_.size(), row_ + 1));
    auto& row = rows_[row_];
    if (width == 0) {
      if (column_ > 0 && row.size() >= column_) row[column_ - 1] += letter;
      return;
    }
    row.resize(std::max(row.size(), column_ + width), " ");
    row[column_] = letter;
    for (size_t i = 1; i < width; ++i) row[column_ + i] = "";
    column_ += width;
  }

  size_t columns_, row_ = 0, column_ = 0;
  int folded_ = 0;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> unknown_;
};

/// Everything that `work` writes to stdout and stderr as a process on a terminal of that width. The process ends behind
/// it, with 0 where it returns true.
/// @param resize  called with the terminal whenever something was read.
inline std::string drawn_on_terminal(size_t columns, const std::function<bool()>& work, int* status,
                                     const std::function<void(int terminal)>& resize = {}) {
  winsize size{24, static_cast<unsigned short>(columns), 0, 0};
  int terminal = -1;
  std::fflush(nullptr);  // what waits in a buffer would be written twice
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    bool good = false;
    try {
      good = work();
    } catch (...) {
    }
    ::_exit(good ? 0 : 1);
  }
  std::string all;
  char bytes[4096];
  // Its end shows as an error of reading.
  for (ssize_t count = 0; (count = ::read(terminal, bytes, sizeof bytes)) > 0;) {
    all.append(bytes, static_cast<size_t>(count));
    if (resize) resize(terminal);
  }
  ::waitpid(child, status, 0);
  ::close(terminal);
  return all;
}

}  // namespace emf
