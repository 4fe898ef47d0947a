#include "harness/base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "harness/base/terminal.h"

namespace emf {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

bool& Talk::quiet() {
  static bool quiet = false;
  return quiet;
}

void say(const std::string& line) {
  if (!Talk::quiet()) fmt::print(stderr, "{}\n", shown(line, ShownAs::kLines));
}

Progress::Progress(std::string label, int64_t total, std::string unit)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      drawn_(start_) {}

Progress::~Progress() {
  if (first_done_ >= 0) draw(true);
}

void Progress::update(int64_t done, const std::string& note) {
  // A resumed run begins in the middle; its speed is that of what was done since.
  if (first_done_ < 0) first_done_ = done;
  done_ = done;
  note_ = note;
  // A terminal overwrites its own line, and a log keeps every one, so a log gets a line in half a minute.
  if (seconds_between(drawn_, std::chrono::steady_clock::now()) >= (terminal_ ? 0.2 : 30.0)) draw(false);
}

void Progress::draw(bool last) {
  if (Talk::quiet()) return;
  drawn_ = std::chrono::steady_clock::now();
  const double elapsed_s = seconds_between(start_, drawn_);
  const double rate = elapsed_s > 0 ? static_cast<double>(done_ - first_done_) / elapsed_s : 0;
  std::string line = total_ > 0 ? fmt::format("  {}: {}/{} {}", label_, done_, total_, unit_)
                                : fmt::format("  {}: {} {}", label_, done_, unit_);
  if (rate > 0) line += fmt::format(", {:.4g}/s", rate);
  if (!last && rate > 0 && total_ > 0)
    line += fmt::format(", {:.0f} s left", static_cast<double>(total_ - done_) / rate);
  if (last) line += fmt::format(", {:.1f} s", elapsed_s);
  if (!note_.empty()) line += ", " + note_;
  line = shown(line);
  // The escape clears the line first: a shorter text would leave the end of the longer one standing.
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r\x1b[K" : "", line, terminal_ && !last ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace emf
