// SPDX-License-Identifier: Apache-2.0
// Lines that are drawn again and again fit any terminal and leave nothing behind; a log gets few plain ones.
#include "harness/base/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <thread>

#include "harness/base/file.h"
#include "harness/base/terminal.h"
#include "tests/temporary_folder.h"
#include "tests/terminal_screen.h"

namespace emf {
namespace {

using std::chrono::milliseconds;

/// Two jobs side by side, a line of the whole, things said meanwhile, data on stdout.
bool two_jobs() {
  const auto job = [](const std::string& label) {
    Progress progress(label, 40, "pictures");
    for (int i = 1; i <= 40; ++i) {
      progress.update(
          i, "loss 0.4123, learning rate 0.000300, norm of the gradient 1.2034, \u732b\u3068\u72ac cafe\u0301");
      std::this_thread::sleep_for(milliseconds(25));
    }
  };
  LiveLine whole([] { return "  34/143 stages, 9 min left"; }, {.last = true});
  std::thread first(job, "train language_model mean_flow seed 0"), second(job, "train hash flow_matching seed 0");
  std::this_thread::sleep_for(milliseconds(500));
  say("note: something is said in between, and stays");
  print_shown("{}\n", "data");
  first.join();
  second.join();
  return true;
}

class ProgressOnTerminal : public testing::TestWithParam<size_t> {};

TEST_P(ProgressOnTerminal, FitsAndLeavesNothingBehind) {
  int status = -1;
  const std::string drawn = drawn_on_terminal(GetParam(), two_jobs, &status);
  EXPECT_EQ(status, 0);
  // Both jobs stood there at once, each on its line, above the line of the whole.
  ASSERT_NE(drawn.find("  34/143"), std::string::npos);
  EXPECT_GT(std::count(drawn.begin(), drawn.end(), '\x1b'), 5) << "it was drawn again";
  EXPECT_NE(drawn.find("\x1b[2A"), std::string::npos) << "three lines were drawn";
  TerminalScreen screen(GetParam());
  screen.feed(drawn);
  EXPECT_TRUE(screen.unknown().empty());
  // What is left: the note, the data, and how each job ended. Nothing that was drawn stays; what stays is whole, so it
  // may take two lines of a narrow terminal.
  std::string left;
  for (const std::string& line : screen.lines()) left += line;
  size_t expected = 0;
  for (const char* word : {"note: something", "data", "train language_model mean_flow seed 0: 40/40",
                           "train hash flow_matching seed 0: 40/40"}) {
    const size_t at = left.find(word);
    EXPECT_NE(at, std::string::npos) << word << " in\n" << left;
    EXPECT_EQ(left.find(word, at + 1), std::string::npos) << word << " twice in\n" << left;
    ++expected;
  }
  EXPECT_EQ(left.find(" left"), std::string::npos) << left;
  if (GetParam() >= 200) {
    EXPECT_EQ(screen.lines().size(), expected) << left;
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, ProgressOnTerminal, testing::Values(12, 40, 80, 200));

TEST(Progress, DrawnLinesAreCutToTheWidth) {
  int status = -1;
  const auto work = [] {
    LiveLine line([] { return "  " + std::string(300, 'x'); }, {});
    std::this_thread::sleep_for(milliseconds(500));
    return true;
  };
  for (const size_t columns : {2, 40, 80, 200}) {
    const std::string drawn = drawn_on_terminal(columns, work, &status);
    TerminalScreen screen(columns);
    screen.feed(drawn);
    EXPECT_EQ(screen.folded(), 0) << columns;
    EXPECT_EQ(screen.lines(), std::vector<std::string>()) << columns;
    EXPECT_NE(drawn.find(std::string(columns > 4 ? columns - 4 : 0, 'x') + "\u2026"), std::string::npos) << columns;
  }
}

TEST(Progress, ATerminalMadeNarrowerIsFollowed) {
  int status = -1;
  bool resized = false;
  const auto work = [] {
    int64_t count = 0;
    LiveLine line([&] { return "  " + std::string(70, 'x') + std::to_string(++count); }, {});
    std::this_thread::sleep_for(milliseconds(900));
    return true;
  };
  const std::string drawn = drawn_on_terminal(80, work, &status, [&](int terminal) {
    winsize size{24, 40, 0, 0};
    if (!resized) ::ioctl(terminal, TIOCSWINSZ, &size);
    resized = true;
  });
  // The line of 73 columns was folded into two when the terminal became narrower, and both are taken back.
  EXPECT_NE(drawn.find("\x1b[1A\x1b[J"), std::string::npos);
  EXPECT_NE(drawn.find("  " + std::string(36, 'x') + "\u2026"), std::string::npos);
}

/// What `work` writes to stderr where that is a file.
std::string logged(const std::function<void()>& work) {
  const TemporaryFolder folder("progress");
  const std::string file = folder / "log";
  const pid_t child = ::fork();
  if (child == 0) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT, 0644);
    ::dup2(descriptor, STDERR_FILENO);
    work();
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return read_file(file);
}

TEST(Progress, ALogGetsFewPlainLines) {
  const std::string text = logged([] {
    Progress progress("encode", 50, "prompts");
    LiveLine slow([] { return "  still at it"; }, {.first_s = 0.3, .every_s = 10});
    for (int i = 1; i <= 50; ++i) {
      progress.update(i);
      std::this_thread::sleep_for(milliseconds(20));
    }
    say("said");
  });
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
  EXPECT_EQ(text.find('\r'), std::string::npos) << text;
  EXPECT_EQ(text.find("  still at it\nsaid\n"), 0u) << text;
  EXPECT_EQ(text.find("  encode: 50/50 prompts, "), std::string("  still at it\nsaid\n").size()) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
}

TEST(Progress, QuietSaysOnlyWhatFailed) {
  const std::string text = logged([] {
    Talk::quiet() = true;
    Progress progress("encode", 2, "prompts");
    SlowWork slow("planning", {.first_s = 0.1});
    progress.update(2);
    say("said");
    complain("  FAILED train: no space");
    std::this_thread::sleep_for(milliseconds(500));
  });
  EXPECT_EQ(text, "  FAILED train: no space\n");
}

TEST(Progress, SlowWorkIsSaidBehindASecond) {
  const std::string text = logged([] {
    const SlowWork short_work("short work");
    std::this_thread::sleep_for(milliseconds(100));
  });
  EXPECT_EQ(text, "");
  EXPECT_EQ(logged([] {
              const SlowWork slow("planning quick");
              std::this_thread::sleep_for(milliseconds(1500));
            }),
            "  planning quick, 1 s\n");
}

TEST(Progress, TimesAreWords) {
  EXPECT_EQ(time_words(0.4), "0 s");
  EXPECT_EQ(time_words(99), "99 s");
  EXPECT_EQ(time_words(540), "9 min");
  EXPECT_EQ(time_words(7500), "2 h 5 min");
}

}  // namespace
}  // namespace emf
