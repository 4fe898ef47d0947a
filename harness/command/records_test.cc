// SPDX-License-Identifier: Apache-2.0
// Verbs that read a finished suite's record: what they print of it, and which records they refuse.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "harness/base/file.h"
#include "harness/engine/store/run_store.h"
#include "tests/command_run.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

class RecordVerbs : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("emf_records_" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// A record that stands alone, as `compare` takes it.
  std::string record(const std::string& name, const Json& result) const {
    write_json(folder_ / name / "result.json", result);
    return (folder_ / name).string();
  }
  /// Records of a store, by the suite's name.
  std::string store(const std::vector<Json>& results) const {
    for (size_t i = 0; i < results.size(); ++i)
      write_json(folder_ / "store" / "runs" / "suite" / std::to_string(i) / "result.json", results[i]);
    return (folder_ / "store").string();
  }
  static Json shifted(Json result, double by) {
    for (Json& row : result["rows"]) {
      if (row["value"].is_number()) row["value"] = row["value"].get<double>() + by;
    }
    return result;
  }

  std::filesystem::path folder_;
};

TEST_F(RecordVerbs, CompareKeepsCheckpointsApartFromFinishedRows) {
  const std::string a = record("a", factless_result()), b = record("b", shifted(factless_result(), 0.5));
  const CommandOutcome text = run_command({"compare", a, b});
  ASSERT_EQ(text.code, 0) << text.talk;
  EXPECT_NE(text.out.find(" 1@4096 "), std::string::npos) << text.out;
  const Json rows = parse_json(run_command({"compare", a, b, "--json"}).out, "compare").at("rows");
  EXPECT_EQ(rows.size(), 8u) << "two objectives at two step counts, finished and at a checkpoint";
  for (const Json& row : rows) {
    EXPECT_EQ(row.at("metric"), "fid") << "the record's main metric";
    EXPECT_DOUBLE_EQ(row.at("b").get<double>() - row.at("a").get<double>(), 0.5);
    const double whole = row.at("objective") == "leap" ? 24.0 : 96.0;
    const double finished = whole - 2.0 * row.at("steps").get<double>();
    EXPECT_DOUBLE_EQ(row.at("a").get<double>(), row.contains("checkpoint") ? 2 * finished : finished);
  }
}

TEST_F(RecordVerbs, CompareRefusesDistancesOfTwoNetworks) {
  Json other = factless_result();
  const std::string a = record("a", other);
  other["metrics"]["fid"]["backbone"] = "lite0";
  CommandOutcome outcome = run_command({"compare", a, record("b", other)});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.talk.find("'fid' is not the same in both records"), std::string::npos) << outcome.talk;
  EXPECT_EQ(run_command({"compare", a, record("b", other), "--metric", "network_evaluations"}).code, 0);
  // Where the networks' identities are known, what files they came from does not matter.
  Json left = factless_result(), right = factless_result();
  left["metrics"]["fid"].update({{"backbone", "torchscript:/a.pt"}, {"identity", {{"sha256", "1"}}}});
  right["metrics"]["fid"].update({{"backbone", "torchscript:/b.pt"}, {"identity", {{"sha256", "1"}}}});
  EXPECT_EQ(run_command({"compare", record("c", left), record("d", right)}).code, 0);
  right["metrics"]["fid"]["identity"]["sha256"] = "2";
  outcome = run_command({"compare", record("c", left), record("d", right)});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.talk.find("sha256"), std::string::npos) << outcome.talk;
}

TEST_F(RecordVerbs, CompareAsksWhichMetricWhereTheMainOnesDiffer) {
  const std::string a = record("a", factless_result());
  Json same = sample_result();
  same["instruments"] = Json::array();
  const CommandOutcome outcome = run_command({"compare", a, record("c", same)});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.talk.find("--metric"), std::string::npos) << outcome.talk;
}

TEST_F(RecordVerbs, TheyTakeASuitesFileForItsName) {
  const std::string folder = store({sample_result()});
  write_atomically(folder_ / "mine.toml", "[suite]\nname = \"sample\"\n");
  const std::string file = (folder_ / "mine.toml").string();
  EXPECT_EQ(run_command({"export", file, "--store", folder}).code, 0);
  EXPECT_EQ(run_command({"verify", file, "--store", folder, "--quiet"}).code, 4);
  EXPECT_EQ(run_command({"report", file, "--store", folder, "--json"}).code, 0);
  const CommandOutcome compared = run_command({"compare", file, file, "--store", folder});
  EXPECT_EQ(compared.code, 2);
  EXPECT_NE(compared.talk.find("are one record"), std::string::npos) << compared.talk;
}

TEST_F(RecordVerbs, WhatARecordDoesNotHoldIsSaid) {
  Json bare = sample_result();
  bare["rows"] = bare["claims"] = Json::array();
  const std::string folder = store({bare});
  CommandOutcome outcome = run_command({"export", "sample", "--store", folder});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.talk.find("''"), std::string::npos) << outcome.talk;
  outcome = run_command({"verify", "sample", "--store", folder});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.talk.find("makes no claims"), std::string::npos) << outcome.talk;
}

TEST_F(RecordVerbs, ExportWritesSectionsAsNoJson) {
  const std::string folder = store({sample_result()});
  const CommandOutcome outcome = run_command({"export", "sample", "--section", "scores", "--json", "--store", folder});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.talk.find("--json"), std::string::npos) << outcome.talk;
  EXPECT_EQ(run_command({"export", "sample", "--section", "scoers", "--store", folder}).code, 2);
}

TEST_F(RecordVerbs, ExportWritesAPapersTableAndPlots) {
  const std::string folder = record("alone", sample_result());
  const CommandOutcome table = run_command({"export", folder, "--format", "latex"});
  EXPECT_EQ(table.code, 0) << table.talk;
  EXPECT_NE(table.out.find("\\begin{tabular}{lrrr}"), std::string::npos) << table.out;
  EXPECT_NE(run_command({"export", folder, "--format", "latex", "--metric", "kid_lite0"}).out.find("Lower is better"),
            std::string::npos);
  EXPECT_EQ(run_command({"export", folder, "--format", "latex", "--metric", "kid"}).code, 2);

  // Without a converter the drawings are there all the same, and what is missing is said.
  const std::string path = std::getenv("PATH");
  setenv("PATH", folder_.c_str(), 1);
  const CommandOutcome plots = run_command({"export", folder, "--plots", (folder_ / "plots").string(), "--json"});
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(plots.code, 0) << plots.talk;
  EXPECT_NE(plots.talk.find("librsvg2-bin"), std::string::npos) << plots.talk;
  const Json files = Json::parse(plots.out).at("files");
  ASSERT_GE(files.size(), 6u);
  for (const Json& file : files) EXPECT_TRUE(std::filesystem::exists(file.get<std::string>())) << file;
  EXPECT_EQ(run_command({"export", folder, "--plots", (folder_ / "plots").string(), "--format", "md"}).code, 2);
}

TEST_F(RecordVerbs, ExportWritesEventFilesIntoAFolder) {
  const std::string folder = record("alone", sample_result()), out = (folder_ / "events").string();
  EXPECT_EQ(run_command({"export", folder, "--format", "tensorboard"}).code, 2) << "where to?";
  EXPECT_EQ(run_command({"export", folder, "--out", out}).code, 2) << "csv goes to stdout";
  EXPECT_EQ(run_command({"export", folder, "--format", "tensorboard", "--out", out, "--metric", "geneval"}).code, 2);
  const CommandOutcome outcome = run_command({"export", folder, "--format", "tensorboard", "--out", out, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_NE(outcome.talk.find("no store has the events"), std::string::npos) << outcome.talk;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "events/llm/mean_flow/seed0/events.out.tfevents.0.emfbench"));
}

TEST_F(RecordVerbs, ColumnsStandApart) {
  Json result = factless_result();
  result["suite"] = "a_suite_of_a_rather_long_name";
  const std::string folder = store({result});
  write_json(folder_ / "store" / "runs" / "suite" / "0" / "spec.json", {{"suite", result["suite"]}});
  const CommandOutcome status = run_command({"status", "--store", folder});
  ASSERT_EQ(status.code, 0) << status.talk;
  EXPECT_NE(status.out.find("a_suite_of_a_rather_long_name stopped"), std::string::npos) << status.out;
  for (Json& row : result["rows"]) row["encoder"] = "an_encoder_of_a_long_name";
  const std::string a = record("a", result);
  const CommandOutcome compared = run_command({"compare", a, record("b", result)});
  EXPECT_NE(compared.out.find("an_encoder_of_a_long_name leap"), std::string::npos) << compared.out;
}

TEST_F(RecordVerbs, StatusTellsRunningFromStopped) {
  const std::filesystem::path store = folder_ / "store", runs = store / "runs";
  const RunFolder running(store, "suite", {{"suite", "at_work"}}), stopped(store, "suite", {{"suite", "was_killed"}}),
      stage(store, "train", {{"seed", 1}});
  const Json told = {{"stages", 143},
                     {"done", 34},
                     {"failed", 1},
                     {"at_work", 2},
                     {"seconds_left", 540.0},
                     {"some_unknown", false},
                     {"at", std::time(nullptr)}};
  for (const RunFolder* folder : {&running, &stopped, &stage}) folder->begin();
  write_json(running.file(kToldFile), told);
  write_json(stopped.file(kToldFile), told);
  const StageLock of_run(running), of_stage(stage);
  const CommandOutcome text = run_command({"status", "--store", store.string()});
  ASSERT_EQ(text.code, 0) << text.talk;
  EXPECT_NE(text.out.find("at_work                running"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("\n  34/143 stages, 1 failed, 9 min left, said "), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("was_killed             stopped"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("\n  34 of 143 stages were done\n"), std::string::npos) << text.out;
  const Json status = parse_json(run_command({"status", "--json", "--store", store.string()}).out, "status");
  EXPECT_EQ(status["stages"]["train"]["running"], 1);
  EXPECT_EQ(status["stages"]["train"]["stopped"], 0);
  // What is half written, or another program's, is no reason to say nothing of the rest.
  write_atomically(running.file(kToldFile), "{\"stages\": \"many\"");
  EXPECT_EQ(run_command({"status", "--store", store.string()}).code, 0);
}

}  // namespace
}  // namespace emf
