// SPDX-License-Identifier: Apache-2.0
#include "harness/base/live_lines.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "harness/base/columns.h"
#include "harness/base/terminal.h"

namespace emf {
namespace {

constexpr auto kTick = std::chrono::milliseconds(200);

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool draws_on(int descriptor) {
  const char* kind = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && (kind == nullptr || std::strcmp(kind, "dumb") != 0);
}

/// In one call, so that a terminal never shows half of it.
void put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

LiveLines& LiveLines::instance() {
  // Never destroyed: threads that were not waited for may talk until the process ends.
  static auto* lines = new LiveLines();
  return *lines;
}

void LiveLines::add(Pointer entry) {
  std::lock_guard lock(mutex_);
  entries_.push_back(std::move(entry));
  if (entries_.size() > 1) return;
  terminal_ = draws_on(STDERR_FILENO);
  // Of its own: one that is still being waited for must not be called back.
  stop_ = std::make_shared<bool>(false);
  ticker_ = std::thread([this, stop = stop_] { tick_until(*stop); });
}

void LiveLines::remove(const Pointer& entry, const std::string& last_words) {
  std::thread ended;
  {
    std::lock_guard lock(mutex_);
    std::erase(entries_, entry);
    std::string out;
    erase(out);
    put(out + last_words);
    draw();
    if (!entries_.empty()) return;
    *stop_ = true;
    ended.swap(ticker_);
  }
  // Without lines there is no thread: who forks or ends the process finds none.
  ended_.notify_all();
  if (ended.joinable()) ended.join();
}

void LiveLines::change(const std::function<void()>& action) {
  std::lock_guard lock(mutex_);
  action();
}

void LiveLines::print(const std::string& lines) {
  std::lock_guard lock(mutex_);
  std::string out;
  erase(out);
  put(out + lines);
  draw();
}

void LiveLines::aside(const std::function<void()>& action) {
  std::unique_lock lock(mutex_);
  if (drawn_.empty()) {
    // Whoever prints data must not wait for a terminal that nobody draws on.
    lock.unlock();
    return action();
  }
  std::string out;
  erase(out);
  put(out);
  action();
  std::fflush(stdout);
  draw();
}

void LiveLines::tick_until(const bool& stop) {
  std::unique_lock lock(mutex_);
  while (!stop) {
    ended_.wait_for(lock, kTick);
    if (stop) return;
    if (terminal_) {
      draw();
    } else {
      log_due();
    }
  }
}

void LiveLines::log_due() {
  for (const Pointer& entry : entries_) {
    const LiveLine::Form& form = entry->form;
    if (form.alone && entries_.size() > 1) continue;
    const bool first = entry->logged == entry->start;
    if (seconds_since(entry->logged) < (first ? form.first_s : form.every_s)) continue;
    entry->logged = std::chrono::steady_clock::now();
    if (const std::string text = shown(entry->text()); !text.empty()) put(text + "\n");
  }
}

std::vector<std::string> LiveLines::current_lines(size_t columns, size_t rows) {
  std::vector<std::string> lines;
  for (const bool last : {false, true}) {
    for (const Pointer& entry : entries_) {
      const LiveLine::Form& form = entry->form;
      if (form.last != last || (form.alone && entries_.size() > 1) || seconds_since(entry->start) < form.shown_after_s)
        continue;
      // One column stays free: a full line would make some terminals go on to the next.
      if (const std::string text = shown(entry->text()); !text.empty())
        lines.push_back(cut_to_columns(text, columns - 1));
    }
  }
  // Lines that have left the screen could not be taken back.
  if (lines.size() + 1 > rows)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(std::max<size_t>(rows, 2) - 1));
  return lines;
}

void LiveLines::erase(std::string& out) {
  if (drawn_.empty()) return;
  // Asked now: a terminal that was made narrower since has folded what was drawn.
  const size_t columns = std::max<size_t>(1, terminal_size(STDERR_FILENO).columns);
  size_t rows = 0;
  for (const std::string& line : drawn_) rows += std::max<size_t>(1, (columns_of(line) + columns - 1) / columns);
  out += "\r";
  if (rows > 1) out += fmt::format("\x1b[{}A", rows - 1);
  out += "\x1b[J";
  drawn_.clear();
}

void LiveLines::draw() {
  if (!terminal_ || entries_.empty()) return;
  const TerminalSize size = terminal_size(STDERR_FILENO);
  std::vector<std::string> lines = current_lines(std::max<size_t>(2, size.columns), size.rows);
  if (lines == drawn_) return;
  std::string out;
  erase(out);
  for (size_t i = 0; i < lines.size(); ++i) out += (i == 0 ? "" : "\n") + lines[i];
  drawn_ = std::move(lines);
  put(out);
}

}  // namespace emf
