// SPDX-License-Identifier: Apache-2.0
#include "harness/base/progress.h"

#include <fmt/format.h>

#include <cmath>

#include "harness/base/live_lines.h"
#include "harness/base/terminal.h"

namespace emf {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

bool& Talk::quiet() {
  static bool quiet = false;
  return quiet;
}

void say(const std::string& line) {
  if (!Talk::quiet()) complain(line);
}

void complain(const std::string& line) { LiveLines::instance().print(shown(line, ShownAs::kLines) + "\n"); }

std::string time_words(double seconds) {
  if (seconds < 99.5) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<int64_t>(std::llround(seconds / 60));
  if (minutes < 100) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

LiveLine::LiveLine(std::function<std::string()> text, Form form) {
  if (Talk::quiet()) return;
  entry_ = std::make_shared<Entry>();
  entry_->text = std::move(text);
  entry_->form = form;
  entry_->logged = entry_->start = Clock::now();
  LiveLines::instance().add(entry_);
}

LiveLine::~LiveLine() { close(""); }

void LiveLine::change(const std::function<void()>& action) {
  if (entry_) LiveLines::instance().change(action);
}

void LiveLine::close(const std::string& last_words) {
  if (!entry_) return;
  LiveLines::instance().remove(entry_, last_words.empty() ? "" : shown(last_words) + "\n");
  entry_.reset();
}

Progress::Progress(std::string label, int64_t total, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(Clock::now()),
      line_([this] { return words(false); }, {}) {}

Progress::~Progress() { line_.close(first_done_ >= 0 ? words(true) : ""); }

void Progress::update(int64_t done, const std::string& note) {
  line_.change([&] {
    // A resumed run begins in the middle; its speed is that of what was done since.
    if (first_done_ < 0) first_done_ = done;
    done_ = done;
    note_ = note;
  });
}

std::string Progress::words(bool last) const {
  const double elapsed_s = seconds_since(start_);
  const double rate = elapsed_s > 0 && first_done_ >= 0 ? static_cast<double>(done_ - first_done_) / elapsed_s : 0;
  std::string line = total_ > 0 ? fmt::format("  {}: {}/{} {}", label_, done_, total_, unit_)
                                : fmt::format("  {}: {} {}", label_, done_, unit_);
  if (rate > 0) line += fmt::format(", {:.4g}/s", rate);
  if (!last && rate > 0 && total_ > 0)
    line += fmt::format(", {} left", time_words(static_cast<double>(total_ - done_) / rate));
  if (last) line += fmt::format(", {:.1f} s", elapsed_s);
  if (!note_.empty()) line += ", " + note_;
  return line;
}

SlowWork::SlowWork(std::string label) : SlowWork(std::move(label), {.first_s = 1, .shown_after_s = 1}) {}

SlowWork::SlowWork(std::string label, LiveLine::Form form)
    : start_(Clock::now()),
      line_([label = std::move(label),
             start = start_] { return fmt::format("  {}, {}", label, time_words(seconds_since(start))); },
            form) {}

}  // namespace emf
