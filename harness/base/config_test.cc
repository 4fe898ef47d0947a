// SPDX-License-Identifier: Apache-2.0
#include "harness/base/config.h"

#include <gtest/gtest.h>

namespace emf {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Config, UnknownKeyNamesFileLineAndNearestName) {
  const Config config = parse_config("[train]\npictures = 3\nbacth = 4\n", "suite.toml");
  ConfigReader reader(config, "train");
  EXPECT_EQ(reader.integer("pictures", 0, 1, 10), 3);
  EXPECT_EQ(reader.integer("batch", 7, 1, 10), 7);
  EXPECT_EQ(message_of([&] { reader.finish(); }), "suite.toml:3: unknown key 'train.bacth'; did you mean 'batch'?");
}

TEST(Config, WrongTypeAndRangeNameTheLine) {
  const Config config = parse_config("a = \"x\"\nb = 12\n", "s.toml");
  ConfigReader reader(config, "");
  EXPECT_EQ(message_of([&] { reader.integer("a", 0, 0, 1); }),
            "s.toml:1: 'a' must be an integer, not a string (\"x\")");
  EXPECT_EQ(message_of([&] { reader.integer("b", 0, 0, 10); }), "s.toml:2: 'b' is 12, outside 0..10");
}

TEST(Config, LettersBeyondAsciiStandInQuotesAlone) {
  const std::string refusal = "s.toml:2: not valid TOML: a letter beyond ASCII outside of quotes";
  for (const char* line : {"\u00a1 = 1", "a\u00e9 = 1", "a = \u20ac", "a = 1 \u00a1", "a = 1\u2028b = 2", "[\u00fc]"}) {
    EXPECT_EQ(message_of([&] { parse_config(std::string("b = 1\n") + line + "\n", "s.toml"); }), refusal) << line;
  }
  EXPECT_NE(message_of([&] { parse_config("a = \"\\\u0440\"\n", "s.toml"); }).find("s.toml:1: not valid TOML"),
            std::string::npos);
  const Config config = parse_config("\"\u00a1\" = \"\u00e9\"  # \u00a1\n", "s.toml");
  EXPECT_EQ(config.values.at("\u00a1"), "\u00e9");
  Config words;
  apply_override(words, "a=\u00e9");
  EXPECT_EQ(words.values.at("a"), "\u00e9");
}

TEST(Config, LargeIntegersAreReadAsPeopleWriteThem) {
  const Config config = parse_config(
      "a = 1e5\nb = \"100k\"\nc = \"2.5M\"\nd = \"1.1k\"\n"
      "e = 1.5\nf = \"k\"\ng = \"1e3k\"\nh = \"0.0001k\"\ni = 1e300\n",
      "s.toml");
  ConfigReader reader(config, "");
  constexpr int64_t kMost = 1000000000;
  EXPECT_EQ(reader.integer("a", 0, 0, kMost), 100000);
  EXPECT_EQ(reader.integer("b", 0, 0, kMost), 100000);
  EXPECT_EQ(reader.integer("c", 0, 0, kMost), 2500000);
  EXPECT_EQ(reader.integer("d", 0, 0, kMost), 1100);
  for (const char* key : {"e", "f", "g", "h", "i"}) EXPECT_THROW(reader.integer(key, 0, 0, kMost), UserError) << key;
}

TEST(Config, MalformedTomlNamesTheLine) {
  EXPECT_NE(message_of([] { parse_config("a = 1\nb = = 2\n", "bad.toml"); }).find("bad.toml:2: not valid TOML"),
            std::string::npos);
}

TEST(Config, OverridesAreTomlLiteralsBareWordsOrLists) {
  Config config = parse_config("[train]\npictures = 3\n", "s.toml");
  apply_override(config, "train.pictures=500");
  apply_override(config, "encoders=llm,hash");
  apply_override(config, "seeds=0..3");
  apply_override(config, "train.rate=1e-4");
  EXPECT_EQ(ConfigReader(config, "train").integer("pictures", 0, 0, 1000), 500);
  EXPECT_DOUBLE_EQ(ConfigReader(config, "train").number("rate", 0, 0, 1), 1e-4);
  EXPECT_EQ(ConfigReader(config, "").texts("encoders", {}), (std::vector<std::string>{"llm", "hash"}));
  EXPECT_EQ(ConfigReader(config, "").integers("seeds", {}, 0, 9), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(ConfigReader(config, "").distinct_integers("seeds", {}, 0, 9), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(message_of([&] { apply_override(config, "nonsense"); }),
            "command line: 'nonsense' is not of the form key=value");
}

TEST(Config, NumbersBeyondTheirTypeAreNotNegativeOnes) {
  Config config;
  config.values = {{"layer", 18446744073709551615U}, {"steps", {1, 18446744073709551615U}}, {"fits", uint64_t{7}}};
  ConfigReader reader(config, "");
  EXPECT_THROW(reader.integer("layer", 0, -1, 100), UserError);
  EXPECT_THROW(reader.integers("steps", {}, -1, 100), UserError);
  EXPECT_THROW(reader.integers("layer", {}, -1, 100), UserError);
  EXPECT_EQ(reader.integer("fits", 0, 0, 100), 7);
}

}  // namespace
}  // namespace emf
