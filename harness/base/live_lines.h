// SPDX-License-Identifier: Apache-2.0
// The lines at the foot of the terminal that are drawn again and again, and what is printed above them.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/base/progress.h"

namespace emf {

struct LiveLine::Entry {
  std::function<std::string()> text;
  Form form;
  std::chrono::steady_clock::time_point start, logged;
};

/// All of this process, on stderr. Where that is no terminal nothing is drawn: lines are printed now and then.
class LiveLines {
 public:
  using Pointer = std::shared_ptr<LiveLine::Entry>;
  static LiveLines& instance();

  void add(Pointer entry);
  /// @param last_words  whole lines that stay; may be "".
  void remove(const Pointer& entry, const std::string& last_words);
  void change(const std::function<void()>& action);
  /// Prints whole lines to stderr, above what is drawn.
  void print(const std::string& lines);
  /// Runs with nothing drawn: what it prints elsewhere on the same terminal stays.
  void aside(const std::function<void()>& action);

 private:
  LiveLines() = default;
  void tick_until(const bool& stop);
  void log_due();
  void draw();
  /// Takes back what is drawn; the text that does so is added.
  void erase(std::string& out);
  std::vector<std::string> current_lines(size_t columns, size_t rows);

  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Pointer> entries_;
  std::thread ticker_;
  std::shared_ptr<bool> stop_;  ///< the ticker's; under the mutex
  bool terminal_ = false;
  std::vector<std::string> drawn_;
};

}  // namespace emf
