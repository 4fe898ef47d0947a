// SPDX-License-Identifier: Apache-2.0
// Control characters on their way to a terminal: shown, counted as one line, and the same JSON value.
#include "harness/base/terminal.h"

#include <gtest/gtest.h>

#include "harness/base/json.h"

namespace emf {
namespace {

TEST(Terminal, ShowsControlCharactersAndLeavesText) {
  EXPECT_EQ(shown("a photo of a caf\u00e9, 7 \u2212 2"), "a photo of a caf\u00e9, 7 \u2212 2");
  EXPECT_EQ(shown("\x1b[2J\x1b]0;owned\x07"), "\\x1B[2J\\x1B]0;owned\\x07");
  EXPECT_EQ(shown("a\r\nb\tc\x7f"), "a\\x0D\\x0Ab\\x09c\\x7F");
  EXPECT_EQ(shown("\u009b31m"), "\\x9B31m") << "C1 controls begin an escape on some terminals";
  EXPECT_EQ(shown("evil\u202egpj.exe"), "evil\\u202Egpj.exe");
  EXPECT_EQ(shown("caf\xe9"), "caf\\xE9");
  EXPECT_EQ(shown(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(shown("a\n\tb\x1b\r", ShownAs::kLines), "a\n\tb\\x1B\\x0D");
}

TEST(Terminal, JsonKeepsItsValue) {
  const Json value = {{"a\u009b\u202e", "\x1b[31m\x7f caf\u00e9\n"}};
  const std::string text = shown_json(pretty_json(value));
  EXPECT_EQ(parse_json(text, "text"), value);
  EXPECT_EQ(shown(text, ShownAs::kLines), text);
}

TEST(Terminal, MessagesStayOneLineOfBoundedLength) {
  EXPECT_EQ(shown_message("two\nlines"), "two\\x0Alines");
  const std::string message = shown_message(std::string(200'000'000, 'a') + "; mend it");
  EXPECT_LT(message.size(), 2200u);
  EXPECT_NE(message.find("; mend it"), std::string::npos);
}

TEST(Terminal, PrintsArgumentsOnOneLineEach) {
  testing::internal::CaptureStdout();
  print_shown("{:<4} {}\n", std::string("a\nb"), "\x1b[31m");
  print_lines("x\n\x1b[31m\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a\\x0Ab \\x1B[31m\nx\n\\x1B[31m\n");
}

}  // namespace
}  // namespace emf
