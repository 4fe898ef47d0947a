// SPDX-License-Identifier: Apache-2.0
// Every option of every verb with values that no one means: no internal error, no signal, nothing trained.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>

#include "harness/command/command.h"
#include "tests/command_run.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

VerbTree& seen_tree() {
  static VerbTree tree;
  return tree;
}

/// A verb of this test's own: what it sees is what a user can type.
class SeeTree : public Command {
 public:
  void declare(const Flags& flags) override { flags_ = flags; }
  ExitCode run(const CommonFlags&) override {
    seen_tree() = flags_->program();
    return ExitCode::kGood;
  }

 private:
  std::optional<Flags> flags_;
};

EMF_REGISTER(CommandRegistry, "see_tree", "For this test", std::make_unique<SeeTree>);

/// Values for the option of this number: a few in turn, so that each meets many options; all of them by night.
std::vector<std::string> bad_values(size_t option) {
  static const std::vector<std::string> kAll = {"",
                                                " ",
                                                "-1",
                                                "0",
                                                "99999999999999999999",
                                                "nan",
                                                "-inf",
                                                "1e400",
                                                "absent/file",
                                                "/dev/null",
                                                ".",
                                                "a,,b",
                                                "a=b",
                                                "{",
                                                "\x01",
                                                "\u00fc\u202e",
                                                "../../x",
                                                std::string(5000, 'x')};
  if (std::getenv("EMF_ALL_WRONG_INPUTS") != nullptr) return kAll;
  constexpr size_t kAtOnce = 4;
  std::vector<std::string> some;
  for (size_t i = 0; i < kAtOnce; ++i) some.push_back(kAll[(option * kAtOnce + i) % kAll.size()]);
  return some;
}

class WrongInputs : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    // What is accepted may be written: into this folder, by "../../x" as well.
    const std::filesystem::path here = folder_ / "two/levels";
    make_folder(here);
    std::filesystem::current_path(here);
    if (const char* store = std::getenv("EMFBENCH_STORE")) store_before_ = store;
    ::setenv("EMFBENCH_STORE", (here / "store").c_str(), 1);
    folder_.write("two/levels/prompts.txt", "a photo of a cat\n");
    folder_.write(
        "two/levels/graph.csv",
        "item_id,text,proposition_id,dependency,category_broad,category_detailed,tuple,question_natural_language\n"
        "a,a cat,1,0,entity,whole,entity (cat),is there a cat?\n");
    folder_.write("two/levels/answers.csv", "item_id,proposition_id,answer\na,1,yes\n");
    folder_.write("two/levels/results.jsonl",
                  R"({"filename": "a/00000.png", "tag": "colors", "prompt": "a", "correct": true, "reason": ""})"
                  "\n");
    ASSERT_EQ(run_command({"see_tree"}).code, 0);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    store_before_.empty() ? ::unsetenv("EMFBENCH_STORE") : ::setenv("EMFBENCH_STORE", store_before_.c_str(), 1);
  }

  /// Words that are right by themselves, or wrong in a file that is not there: an option is looked at all the same.
  static std::vector<std::string> base(const std::string& verb) {
    static const std::map<std::string, std::vector<std::string>> kBases = {
        {"run", {"absent.toml"}},
        {"plan", {"smoke"}},
        {"report", {"absent"}},
        {"verify", {"absent"}},
        {"export", {"absent"}},
        {"compare", {"results.jsonl", "results.jsonl"}},
        {"merge", {"absent"}},
        {"show", {"scenes"}},
        {"sample", {"--run", "smoke/hash/mean_flow", "--prompt", "a cat"}},
        {"list", {"encoders"}},
        {"probe", {"discriminability", "--encoder", "absent"}},
        {"encode", {"--encoder", "hash", "--prompts", "prompts.txt", "--out", "features.safetensors"}},
        {"tokenize", {"--tokenizer", "smollm2", "a cat"}},
        {"new", {"suite", "mine", "--folder", "."}},
        {"build-plugin", {"absent.cc"}},
        {"completion", {"bash"}},
        {"score geneval", {"--results", "results.jsonl"}},
        {"score question_graph", {"--graph", "graph.csv", "--answers", "answers.csv"}},
        {"score tifa", {"--graph", "graph.csv", "--answers", "answers.csv"}},
        {"score answers", {"--rule", "wise", "absent.json"}},
    };
    const auto found = kBases.find(verb);
    return found == kBases.end() ? std::vector<std::string>() : found->second;
  }

  void try_verb(const VerbTree& verb, const std::vector<std::string>& path) {
    for (const VerbTree& inner : verb.verbs) {
      std::vector<std::string> words = path;
      words.push_back(inner.name);
      try_verb(inner, words);
    }
    if (!verb.verbs.empty()) return;
    std::string name;
    for (const std::string& word : path) name += (name.empty() ? "" : " ") + word;
    for (const VerbTree::Word& word : verb.words) {
      if (word.names.front() == "--plugin" || word.names.front() == "--help") continue;
      const bool argument = !word.names.front().starts_with("-");
      ++options_;
      for (const std::string& value : word.takes_value ? bad_values(options_) : std::vector<std::string>{""}) {
        std::vector<std::string> words = path;
        for (const std::string& part : base(name)) words.push_back(part);
        if (!argument) words.push_back(word.names.front());
        if (word.takes_value) words.push_back(value);
        check(words);
      }
    }
  }

  void check(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line += word.substr(0, 60) + " ";
    const CommandOutcome outcome = run_command(words);
    ++tried_;
    EXPECT_NE(outcome.code, static_cast<int>(ExitCode::kInternal)) << line << "\n" << outcome.talk.substr(0, 500);
    EXPECT_NE(outcome.code, static_cast<int>(ExitCode::kInterrupted)) << line;
    if (outcome.code != 0) {
      EXPECT_FALSE(outcome.talk.empty()) << line << "is refused without a word";
    }
    EXPECT_EQ(outcome.talk.find('\x01'), std::string::npos) << line;
  }

  TemporaryFolder folder_{"wrong_inputs"};
  std::filesystem::path before_;
  std::string store_before_;
  size_t options_ = 0, tried_ = 0;
};

TEST_F(WrongInputs, NoOptionEndsInAnInternalError) {
  for (const VerbTree& verb : seen_tree().verbs) {
    if (verb.name == "see_tree") continue;
    try_verb(verb, {verb.name});
  }
  EXPECT_GT(tried_, 500u);
  EXPECT_FALSE(std::filesystem::exists("store/runs/train")) << "something was trained";
  // That the line above looks where results would lie.
  EXPECT_NE(run_command({"status"}).talk.find((folder_ / "two/levels/store").string()), std::string::npos);
}

}  // namespace
}  // namespace emf
