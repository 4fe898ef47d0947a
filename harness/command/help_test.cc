// SPDX-License-Identifier: Apache-2.0
// What people type to find their way: help in every form, flags nearly right, completion.
#include "harness/command/help.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "harness/base/file.h"
#include "harness/command/command.h"
#include "tests/command_run.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

TEST(Wrapped, PartsLinesAtBlanksAndKeepsLongWordsWhole) {
  EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(wrapped("a abcdefghij b", 4, 0), "a\nabcdefghij\nb");
  EXPECT_EQ(wrapped("first\nsecond", 80, 1), "first\n second");
  EXPECT_EQ(wrapped("", 80, 0), "");
}

TEST(Help, OfEveryVerbFitsEightyColumns) {
  std::vector<std::vector<std::string>> commands = {{"--help"}, {"score", "answers", "--help"}};
  for (const std::string& verb : CommandRegistry::instance().names()) commands.push_back({verb, "--help"});
  for (const auto& words : commands) {
    const CommandOutcome outcome = run_command(words);
    EXPECT_EQ(outcome.code, 0);
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << words.front() << ": " << line;
  }
}

TEST(Help, ComesForWhatPeopleType) {
  const std::string main = run_command({"--help"}).out, of_score = run_command({"score", "--help"}).out;
  EXPECT_NE(main.find("setup, test and bundle"), std::string::npos);
  for (const auto& words : {std::vector<std::string>{}, {"help"}, {"-h"}}) EXPECT_EQ(run_command(words).out, main);
  EXPECT_EQ(run_command({"help", "score"}).out, of_score);
  EXPECT_EQ(run_command({"help", "score", "answers"}).out, run_command({"score", "answers", "--help"}).out);
  EXPECT_EQ(run_command({"version"}).out, run_command({"--version"}).out);
  EXPECT_EQ(run_command({"help", "skore"}).code, 2);
}

TEST(Help, GroupsOptionsAndEndsWithWhatEveryVerbHas) {
  const std::string text = run_command({"score", "--help"}).out;
  const size_t judged = text.find("Judge outputs"), pictures = text.find("Pictures or features"),
               common = text.find("Common options");
  EXPECT_LT(judged, pictures);
  EXPECT_LT(pictures, common);
  EXPECT_GT(text.rfind("--json"), common);
}

TEST(UnknownFlags, GetTheNearestName) {
  const auto said = [](const std::vector<std::string>& words) {
    const CommandOutcome outcome = run_command(words);
    EXPECT_EQ(outcome.code, 2);
    return outcome.talk;
  };
  EXPECT_EQ(said({"report", "smoke", "--output", "x"}),
            "emfbench: report does not take --output; did you mean --out? (see: emfbench report --help)\n");
  EXPECT_NE(said({"score", "kid", "--generate=x"}).find("did you mean --generated?"), std::string::npos);
  EXPECT_NE(said({"tokenize", "--encodr", "hash", "--prompts", "p.txt"}).find("did you mean --encoder?"),
            std::string::npos);
  EXPECT_EQ(said({"verify", "smoke", "--zzzzz"}),
            "emfbench: verify does not take --zzzzz (see: emfbench verify --help)\n");
}

/// What bash offers for these words, the last of which is being typed.
std::string completed(const std::filesystem::path& script, const std::vector<std::string>& words,
                      const std::filesystem::path& out) {
  std::string plain;
  for (const std::string& word : words) plain += " \"" + word + "\"";
  const std::string command =
      fmt::format("bash -c 'source {}; COMP_WORDS=({}); COMP_CWORD={}; _emfbench; echo \"${{COMPREPLY[*]}}\"' >{}",
                  script.string(), plain, words.size() - 1, out.string());
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::string text = read_file(out);
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

TEST(Completion, OffersVerbsFlagsAndChoicesInBash) {
  const TemporaryFolder folder("completion");
  const std::filesystem::path script = folder.path() / "emfbench.bash", out = folder.path() / "out";
  write_atomically(script, run_command({"completion", "bash"}).out);
  EXPECT_EQ(completed(script, {"emfbench", "ver"}, out), "verify");
  EXPECT_EQ(completed(script, {"emfbench", "report", "--o"}, out), "--out");
  EXPECT_EQ(completed(script, {"emfbench", "export", "--format", ""}, out),
            "csv md latex claims tensorboard huggingface");
  EXPECT_EQ(completed(script, {"emfbench", "score", "answers", "--off"}, out), "--official");
}

TEST(Completion, NamesEveryVerbInEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const CommandOutcome outcome = run_command({"completion", shell});
    EXPECT_EQ(outcome.code, 0);
    for (const std::string& verb : CommandRegistry::instance().names())
      EXPECT_NE(outcome.out.find(verb), std::string::npos) << shell << ": " << verb;
  }
}

}  // namespace
}  // namespace emf
