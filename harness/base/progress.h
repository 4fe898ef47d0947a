// Progress of long work on stderr: one live line on a terminal, else a line every 30 s.
#pragma once

#include <chrono>
#include <string>

namespace emf {

/// What the user asked of the talk on stderr; set once by the command line.
struct Talk {
  static bool& quiet();
};

/// Prints one line to stderr unless --quiet.
void say(const std::string& line);

/// A counted piece of work. Not thread-safe: one per thread that talks.
class Progress {
 public:
  /// @param label  what is being done ("train llm mean_flow seed 0").  @param total  units; 0 when unknown.
  Progress(std::string label, int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// @param done  units finished so far.  @param note  appended as it stands ("loss 0.412").
  void update(int64_t done, const std::string& note = "");

 private:
  void draw(bool last);

  std::string label_, unit_, note_;
  int64_t total_, done_ = 0, first_done_ = -1;
  bool terminal_;
  std::chrono::steady_clock::time_point start_, drawn_;
};

}  // namespace emf
