// SPDX-License-Identifier: Apache-2.0
// How far long work is, on stderr: on a terminal lines that stay below what is said and are drawn anew, elsewhere a
// plain line now and then.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace emf {

/// What the user asked of the talk on stderr; set once by the command line.
struct Talk {
  static bool& quiet();
};

/// Prints one line to stderr unless --quiet.
void say(const std::string& line);
/// Prints it whatever was asked: what failed is not progress.
void complain(const std::string& line);

/// "40 s", "9 min", "2 h 5 min".
std::string time_words(double seconds);

/// One line of its own that says how some work goes, asked for by a thread beside the work: safe in any thread, and
/// said even where the work says nothing for minutes. On a terminal it is cut to the width that the terminal has now.
class LiveLine {
 public:
  struct Form {
    double first_s = 30, every_s = 30;  ///< where stderr is no terminal: its first line, and the others
    double shown_after_s = 0;           ///< on a terminal
    bool last = false;                  ///< stands below the others
    bool alone = false;                 ///< only while there is no other
  };
  /// @param text  what is said now; "" = nothing. Called by any thread, with a lock held that update() and say() take:
  ///   it must neither talk nor wait for who does.
  LiveLine(std::function<std::string()> text, Form form);
  ~LiveLine();
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  /// Runs under the lock that text() is called under.
  void change(const std::function<void()>& action);
  /// Ends the line; what it ends with stays above the lines that live on. "" leaves nothing.
  void close(const std::string& last_words);

 private:
  struct Entry;
  friend class LiveLines;
  std::shared_ptr<Entry> entry_;
};

/// A counted piece of work. Not thread-safe: one per thread that works; nothing of it is said where it is quiet.
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
  std::string words(bool last) const;

  std::string label_, unit_, note_;
  int64_t total_, done_ = 0, first_done_ = -1;
  std::chrono::steady_clock::time_point start_;
  LiveLine line_;  ///< last: it speaks of the others
};

/// Work that cannot be counted, said when it takes over a second: "  planning quick, 4 s".
class SlowWork {
 public:
  /// @param form  LiveLine::Form::first_s and shown_after_s, by default a second.
  explicit SlowWork(std::string label);
  SlowWork(std::string label, LiveLine::Form form);

 private:
  std::chrono::steady_clock::time_point start_;
  LiveLine line_;
};

}  // namespace emf
