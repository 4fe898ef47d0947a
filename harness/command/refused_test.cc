// SPDX-License-Identifier: Apache-2.0
// What a command line can get wrong before any work: one line, exit code 2 or 3, never an internal error.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "tests/command_run.h"
#include "tests/said_lines.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

void expect_refused(const std::vector<std::string>& words, int code, const std::string& hint) {
  const CommandOutcome outcome = run_command(words);
  EXPECT_EQ(outcome.code, code) << outcome.talk;
  EXPECT_EQ(lines_that_are_no_progress(outcome.talk), 1) << outcome.talk;
  EXPECT_NE(outcome.talk.find(hint), std::string::npos) << outcome.talk;
  EXPECT_EQ(outcome.out, "");
}

/// Another tree for the program's own files, for the life of the object.
class OtherRoot {
 public:
  OtherRoot() {
    folder_ = std::filesystem::path(testing::TempDir()) / ("emf_root_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    if (const char* root = std::getenv("EMFBENCH_ROOT")) set_ = root;
    ::setenv("EMFBENCH_ROOT", folder_.c_str(), 1);
  }
  ~OtherRoot() {
    set_.empty() ? ::unsetenv("EMFBENCH_ROOT") : ::setenv("EMFBENCH_ROOT", set_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::string set_;
};

TEST(Refused, WordsThatAreNotUtf8) {
  expect_refused({"run", "smoke", "--store", "/tmp/caf\xe9"}, 2, "word 4 of the command line is not UTF-8");
  ::setenv("EMFBENCH_STORE", "/tmp/caf\xe9", 1);
  expect_refused({"status"}, 2, "$EMFBENCH_STORE is not UTF-8");
  ::unsetenv("EMFBENCH_STORE");
}

TEST(Refused, ATreeWithoutExperiments) {
  const OtherRoot root;
  expect_refused({"list", "suites"}, 3, "EMFBENCH_ROOT");
  expect_refused({"run", "smoke"}, 3, "EMFBENCH_ROOT");
}

TEST(Refused, OneBadFileHidesNoSuite) {
  const OtherRoot root;
  write_atomically(root.folder() / "experiments" / "shared.toml", "steps = [1]\n");
  write_atomically(root.folder() / "experiments" / "broken.toml", "steps = [1\n");
  write_atomically(root.folder() / "experiments" / "numbered.toml", "suite = 3\n");
  write_atomically(root.folder() / "experiments" / "whole.toml", "[suite]\nname = \"whole\"\nquestion = \"Why?\"\n");
  const CommandOutcome outcome = run_command({"list", "suites", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json rows = parse_json(outcome.out, "list");
  ASSERT_EQ(rows.size(), 3u) << "a file without [suite] is none";
  EXPECT_EQ(rows[0].at("name"), "broken");
  EXPECT_EQ(rows[0].at("summary").get<std::string>().rfind("cannot be read: ", 0), 0u);
  EXPECT_EQ(rows[1].at("summary").get<std::string>().rfind("cannot be read: ", 0), 0u);
  EXPECT_EQ(rows[2].at("summary"), "Why?");
}

TEST(Refused, NamesOfSuitesThatLeadOutOfTheStore) {
  expect_refused({"plan", "smoke", "suite.name=../../escaped"}, 2, "letters, digits");
}

TEST(Refused, BenchOfNothingAndOfUnknownKeys) {
  expect_refused({"bench", "step", "--threads", "0"}, 2, "--threads");
  expect_refused({"bench", "step", "--batch", "0"}, 2, "--batch");
  expect_refused({"bench", "step", "model.name=3"}, 2, "model.name");
  expect_refused({"bench", "step", "mdel.width=4096"}, 2, "did you mean 'model'?");
  expect_refused({"bench", "step", "objective.mean_folw.ratio_start=1"}, 2, "mean_flow");
  expect_refused({"bench", "step", "--prompts", "x.txt"}, 2, "does not take --prompts");
  expect_refused({"bench", "step", "--steps", "3"}, 2, "does not take --steps");
  expect_refused({"bench", "encode", "--batch", "3"}, 2, "does not take --batch");
  expect_refused({"bench", "encode", "model.width=32"}, 2, "does not take overrides");
}

TEST(Refused, OptionsWrittenAheadOfTheirVerb) {
  expect_refused({"score", "--column", "x", "mean"}, 2,
                 "score mean does not take --column before it; write it behind 'mean'");
  expect_refused({"score", "mean", "--colum", "x"}, 2, "did you mean --column?");
}

TEST(Refused, OptionsOfMetricsOfAnotherType) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("emf_options_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string set = (folder / "set.npy").string();
  for (const char* option : {"compat=3", "interval=3", "infinity=3"})
    expect_refused({"score", "frechet", "--real", set, "--generated", set, "--option", option}, 2,
                   std::string(option).substr(0, std::string(option).find('=')));
  std::filesystem::remove_all(folder);
}

TEST(Refused, NumbersAndFlagsThatWouldBeIgnored) {
  expect_refused({"sample", "--run", "x", "--prompt", "y", "--guidance=-3"}, 2, "--guidance");
  expect_refused({"show", "scenes", "--side", "-5"}, 2, "--side");
  expect_refused({"probe", "disentanglement", "--encoder", "hash", "--backbone", "lite0"}, 2, "looks at no pictures");
  expect_refused({"probe", "discriminability", "--text", "x.npy", "--visual", "y.npy", "--backbone", "lite0"}, 2,
                 "--visual has their features");
}

TEST(Refused, SuitesThatNobodyCouldRun) {
  const std::string store = testing::TempDir() + "emf_refused";
  for (const char* verb : {"plan", "run"}) {
    const auto refused = [&](const std::string& word, const std::string& hint) {
      expect_refused({verb, "smoke", word, "--store", store}, 2, hint);
    };
    refused("seeds=0..100000", "command line: 600006 rows with 1200012 cells");
    refused("seeds=0..100000", "'seeds' holds 100001");
    refused("train.pictures=1000000000000", "command line: 1000000000000 distinct pictures");
    refused("train.pictures=1000000000000", "give train.pool");
    refused("train.pool=1000000000000", "'train.pool' is 1000000000000, outside 1..100000000");
    refused("data.pool=1000000000000", "unknown key 'data.pool'");
    refused("metrics=[]", "'metrics' is empty");
    refused("model.width=1073741824", "outside 16..8192");
    refused("model.widht=64", "did you mean 'width'?");
    refused("model.name=unet", "did you mean 'dit'?");
    refused("objective.mean_flow.schedule=square", "'objective.mean_flow.schedule' is 'square'");
    refused("metric.kid.subset_size=1", "metric.kid");
    refused("steps=1..30000", "steps");
  }
  EXPECT_FALSE(std::filesystem::exists(store)) << "nothing is made before it is refused";
}

TEST(Refused, MetricsThatAskForMorePicturesThanThereAre) {
  const TemporaryFolder folder("few_pictures");
  folder.write("few.toml", "include = \"" + (project_root() / "experiments" / "smoke.toml").string() +
                               "\"\nmetrics = [\"geneval\", \"many\"]\n[metric.many]\nmetric = \"kid\"\nsubsets = 3\n");
  expect_refused({"plan", folder / "few.toml", "--store", folder / "store"}, 2,
                 "few.toml:3: metric 'many' needs 1000 painted pictures");
}

TEST(Refused, OptionsOfProbesBeforePicturesAreLookedAt) {
  expect_refused({"probe", "discriminability", "--encoder", "hash", "--options", "{\"kk\": 3}"}, 2,
                 "did you mean 'k'?");
}

TEST(Refused, FilesThatWouldBeCalledWhatTheyAreNot) {
  expect_refused({"encode", "--encoder", "hash", "--prompts", "p.txt", "--out", "o.npy"}, 2, "ends in .safetensors");
  expect_refused({"encode", "--encoder", "hash", "--prompts", "p.txt", "--out", "/tmp/"}, 2, "ends in .safetensors");
  expect_refused({"sample", "--run", "x", "--prompt", "a cat", "--out", "s.jpg"}, 2, "ends in .png");
  expect_refused({"sample", "--run", "x", "--prompt", "a cat", "--out", "folder/.png"}, 2, "ends in .png");
  expect_refused({"sample", "--run", "x", "--prompt", " "}, 2, "--prompt is empty");
}

TEST(Plan, ForeseesSuitesThatTrainInstruments) {
  const TemporaryFolder folder("plan_instruments");
  for (const char* suite : {"instruments", "instruments_64"}) {
    const CommandOutcome outcome = run_command({"plan", suite, "--json", "--store", folder / "store"});
    ASSERT_EQ(outcome.code, 0) << suite << ": " << outcome.talk;
    const Json plan = parse_json(outcome.out, "plan");
    EXPECT_EQ(plan["suite"], suite);
    EXPECT_EQ(plan["stages"]["measure_instruments"]["stages"], 1) << plan;
    EXPECT_EQ(run_command({"run", suite, "--dry-run", "--store", folder / "store"}).code, 0);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "store"));
}

TEST(Plan, NamesTheSmallRunThatTellsHowLongItTakes) {
  const TemporaryFolder folder("plan_trial");
  const CommandOutcome outcome =
      run_command({"plan", "quick", "seeds=0..1", "train.steps=5000", "train.batch=16", "--store", folder / "store"});
  EXPECT_NE(outcome.talk.find("a small run tells: emfbench run quick 'seeds=0..1' 'train.batch=16' train.pictures=320"),
            std::string::npos)
      << outcome.talk;
}

TEST(Store, IsOnePlaceFromEveryFolder) {
  const TemporaryFolder folder("store_place");
  const auto place = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"doctor", "--json"});
    return parse_json(run_command(words).out, "doctor").at("store").at("path").get<std::string>();
  };
  const std::filesystem::path before = std::filesystem::current_path();
  const std::string usual = place({});
  EXPECT_TRUE(std::filesystem::path(usual).is_absolute());
  std::filesystem::current_path(folder.path());
  EXPECT_EQ(place({}), usual) << "whatever folder it is called from";
  EXPECT_EQ(place({"--store", "here/"}), folder / "here") << "a path is printed whole";
  const CommandOutcome status = run_command({"status", "--store", "here"});
  EXPECT_NE(status.talk.find((folder / "here").string()), std::string::npos) << status.talk;
  std::filesystem::current_path(before);
}

TEST(Store, OfABundleLiesBesideItsProgram) {
  const TemporaryFolder folder("bundle");
  std::filesystem::create_directories(folder / "share" / "emfbench" / "data");
  ::setenv("EMFBENCH_ROOT", (folder / "share" / "emfbench").c_str(), 1);
  const std::filesystem::path store = default_store();
  ::unsetenv("EMFBENCH_ROOT");
  EXPECT_EQ(store, folder / "store");
}

TEST(Refused, APlaceThatCannotBeWrittenNamesNoFlagOfAnotherVerb) {
  expect_refused({"show", "scenes", "classes=2", "colors=2", "--count", "1", "--out", "/proc/x/show.png"}, 2,
                 "cannot write");
  EXPECT_EQ(run_command({"show", "scenes", "--count", "1", "--out", "/proc/x/show.png"}).talk.find("--store"),
            std::string::npos);
}

TEST(Doctor, ShowsTheStoreThatOthersUse) {
  ::setenv("EMFBENCH_STORE", "/tmp/of_mine", 1);
  const CommandOutcome outcome = run_command({"doctor", "--json"});
  ::unsetenv("EMFBENCH_STORE");
  EXPECT_EQ(parse_json(outcome.out, "doctor").at("store").at("path"), "/tmp/of_mine");
}

}  // namespace
}  // namespace emf
