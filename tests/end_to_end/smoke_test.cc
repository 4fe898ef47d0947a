// SPDX-License-Identifier: Apache-2.0
// The whole program on the smoke suite: a record and a report come out, and kills do not show in them.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/json.h"
#include "tests/end_to_end/program.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// True once a stage of this kind has begun and is not finished.
bool stage_under_way(const fs::path& store, const std::string& kind) {
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(store / "runs" / kind, absent)) {
    if (fs::exists(entry.path() / "spec.json") && !fs::exists(entry.path() / "DONE")) return true;
  }
  return false;
}

std::map<fs::path, fs::file_time_type> finished_stages(const fs::path& store) {
  std::map<fs::path, fs::file_time_type> times;
  for (const auto& entry : fs::recursive_directory_iterator(store / "runs")) {
    if (entry.path().filename() == "DONE") times[entry.path()] = fs::last_write_time(entry.path());
  }
  return times;
}

fs::path only_record(const fs::path& store) {
  for (const auto& entry : fs::directory_iterator(store / "runs" / "suite")) return entry.path();
  return {};
}

class Smoke : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("emf_smoke_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<std::string> words(const std::string& store) const {
    return {"run", "smoke", "--json", "--jobs", "2", "--store", (folder_ / store).string()};
  }
  int run(const std::string& store) const {
    return exit_code_of(start(words(store), folder_ / (store + ".out"), folder_ / (store + ".err")));
  }

  fs::path folder_;
};

TEST_F(Smoke, EndsInTheSameRecordWhereverItIsKilled) {
  ASSERT_EQ(run("calm"), 0) << read_file(folder_ / "calm.err");
  const Json answer = read_json(folder_ / "calm.out");
  EXPECT_TRUE(fs::exists(answer.at("report").get<std::string>()));

  const Json record = read_json(only_record(folder_ / "calm") / "result.json");
  int scored = 0;
  double ceiling = 0;
  for (const Json& row : record.at("rows")) {
    if (row.at("metric") == "geneval") scored += row.at("value").is_number();
    if (row.at("metric") == "ceiling") ceiling = row.at("value");
  }
  EXPECT_EQ(scored, 12) << "two encoders, three objectives, two step counts";
  EXPECT_GT(ceiling, 0.8) << "the judge should recognise real pictures";

  const fs::path store = folder_ / "killed";
  for (const std::string kind : {"train", "sample", "score"}) {
    const pid_t child = start(words("killed"), folder_ / "killed.out", folder_ / "killed.err");
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (!stage_under_way(store, kind) && std::chrono::steady_clock::now() < limit) {
      ASSERT_EQ(::waitpid(child, nullptr, WNOHANG), 0) << "it ended before any " << kind << " stage was seen";
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::kill(child, SIGKILL);
    ASSERT_EQ(exit_code_of(child), -SIGKILL);
    const auto before = finished_stages(store);
    EXPECT_FALSE(before.empty());
    if (kind != "score") continue;
    ASSERT_EQ(run("killed"), 0) << read_file(folder_ / "killed.err");
    const auto after = finished_stages(store);
    for (const auto& [path, time] : before) EXPECT_EQ(after.at(path), time) << path << " ran again";
  }
  const fs::path calm = only_record(folder_ / "calm"), killed = only_record(store);
  EXPECT_EQ(calm.filename(), killed.filename());
  EXPECT_EQ(read_file(calm / "result.json"), read_file(killed / "result.json"));
}

TEST_F(Smoke, RunningAgainFindsEverythingFinished) {
  ASSERT_EQ(run("store"), 0) << read_file(folder_ / "store.err");
  const auto before = finished_stages(folder_ / "store");
  ASSERT_EQ(run("store"), 0);
  auto after = finished_stages(folder_ / "store");
  for (const auto& [path, time] : before) {
    if (path.string().find("/suite/") != std::string::npos) continue;  // the record is gathered anew
    EXPECT_EQ(after.at(path), time) << path;
  }
}

TEST_F(Smoke, VerbsReadWhatARunLeaves) {
  ASSERT_EQ(run("store"), 0) << read_file(folder_ / "store.err");
  const auto ask = [&](std::vector<std::string> words, int code) {
    words.insert(words.end(), {"--json", "--store", (folder_ / "store").string()});
    EXPECT_EQ(exit_code_of(start(words, folder_ / "out", folder_ / "err")), code)
        << words[0] << ": " << read_file(folder_ / "err");
    return parse_json(read_file(folder_ / "out"), words[0]);
  };
  const Json report = ask({"report", "smoke"}, 0);
  EXPECT_FALSE(report.at("rows").empty());
  EXPECT_EQ(ask({"export", "smoke", "--metric", "geneval"}, 0).at("rows").size(), 12u);

  const Json verdict = ask({"verify", "smoke"}, 4);
  EXPECT_EQ(verdict.at("shown"), 0) << "512 pictures show nothing";

  const Json status = ask({"status"}, 0);
  ASSERT_EQ(status.at("suites").size(), 1u);
  EXPECT_EQ(status.at("suites")[0].at("state"), "done");
  EXPECT_EQ(status.at("stages").at("train").at("stopped"), 0);

  const Json plan = ask({"plan", "smoke"}, 0);
  EXPECT_EQ(plan.at("cpu_seconds_left"), 0);
  for (const auto& [kind, row] : plan.at("stages").items()) EXPECT_EQ(row.at("stages"), row.at("finished")) << kind;

  // Against a record that differs in a known way: one that is held against itself differs nowhere, whatever is read.
  const Json compared = ask({"compare", "smoke", shifted_record(folder_ / "store", folder_ / "shifted")}, 0);
  EXPECT_EQ(compared.at("rows").size(), 12u);
  for (const Json& row : compared.at("rows"))
    EXPECT_NEAR(row.at("b").get<double>() - row.at("a").get<double>(), 0.125, 1e-12);

  const std::string png = (folder_ / "sample.png").string();
  const Json sample = ask({"sample", "--run", "smoke/class_label/mean_flow", "--prompt", "a photo of a red apple",
                           "--steps", "1,3", "--out", png},
                          0);
  EXPECT_EQ(sample.at("columns")[1].at("network_evaluations"), 6) << "three steps, each guided";
  EXPECT_EQ(read_file(png).substr(1, 3), "PNG");
  // The same row by its run's hash paints the same picture.
  ask({"sample", "--run", sample.at("run"), "--prompt", "a photo of a red apple", "--steps", "1,3", "--out",
       png + "2.png"},
      0);
  EXPECT_EQ(read_file(png), read_file(png + "2.png"));
}

TEST_F(Smoke, ARowThatLeavesItsStorePaintsTheSameBytes) {
  const std::string store = (folder_ / "store").string();
  const auto ask = [&](const std::vector<std::string>& words, int code = 0) {
    EXPECT_EQ(exit_code_of(start(words, folder_ / "out", folder_ / "err")), code) << read_file(folder_ / "err");
  };
  // An encoder that is frozen, one whose vectors train along, and an objective with a network for itself.
  ask({"run", "smoke", "objectives=mean_flow", "train.pictures=128", "evaluation.prompts=6", "evaluation.reworded=0",
       "probes=[]", "claims=[]", "--as", "small", "--store", store});
  for (const std::string encoder : {"hash", "class_label"}) {
    const std::string row = encoder + "/mean_flow", out = (folder_ / "rows" / encoder).string();
    const std::string run = "small";
    ask({"export", run, "--row", row, "--format", "huggingface", "--out", out, "--store", store});
    const std::vector<std::string> prompts = {
        "--prompt", "a photo of a red apple", "--prompt", "a photo of a dog", "--steps", "1,3", "--seed", "5"};
    std::vector<std::string> by_run = {
        "sample", "--run", run + "/" + row, "--store", store, "--out", (folder_ / "run.png").string()};
    // Elsewhere, without the store.
    std::filesystem::rename(out, out + "-moved");
    std::vector<std::string> by_folder = {"sample", "--model", out + "-moved", "--out",
                                          (folder_ / "model.png").string()};
    by_run.insert(by_run.end(), prompts.begin(), prompts.end());
    by_folder.insert(by_folder.end(), prompts.begin(), prompts.end());
    ask(by_run);
    ask(by_folder);
    EXPECT_EQ(read_file(folder_ / "run.png"), read_file(folder_ / "model.png")) << encoder;

    // What would paint something else is refused.
    const std::filesystem::path config = std::filesystem::path(out + "-moved") / "config.json";
    Json changed = read_json(config);
    changed["encoder"]["seed"] = 7;
    write_json(config, changed);
    ask(by_folder, 2);
    EXPECT_NE(read_file(folder_ / "err").find("its encoder is another one here"), std::string::npos)
        << read_file(folder_ / "err");
    // Sizes that a file makes up are refused before anything of them is made.
    changed["encoder"]["seed"] = 0;
    for (const auto& [place, value] :
         std::vector<std::pair<std::string, Json>>{{"/model/shape/0", 1000000000},
                                                   {"/model/condition_dimension", 1000000000},
                                                   {"/picture/height", -1},
                                                   {"/picture/height", "tall"},
                                                   {"/sampling/steps", Json::array()},
                                                   {"/model/heads", {"v"}},
                                                   {"/schema", "emf.row/2"}}) {
      Json hostile = changed;
      hostile[Json::json_pointer(place)] = value;
      write_json(config, hostile);
      ask(by_folder, 2);
    }
  }
}

TEST_F(Smoke, LongCaptionsAreScoredByQuestions) {
  const std::string store = (folder_ / "store").string();
  const auto ask = [&](const std::vector<std::string>& words) {
    EXPECT_EQ(exit_code_of(start(words, folder_ / "out", folder_ / "err")), 0) << read_file(folder_ / "err");
    return parse_json(read_file(folder_ / "out"), words[0]);
  };
  ask({"run", "smoke", "encoders=hash", "objectives=flow_matching", "steps=1", "data.compositions=0.5",
       "evaluation.compositions=14", "metrics=geneval,question_graph", "--as", "long_captions", "--json", "--store",
       store});
  const Json report = ask({"report", "long_captions", "--json", "--store", store});
  std::map<std::string, double> scores;
  for (const Json& row : report.at("rows")) {
    if (row.at("value").is_null()) continue;
    scores[row.at("encoder").get<std::string>() + " " + row.at("metric").get<std::string>()] = row.at("value");
  }
  EXPECT_EQ(scores.count("hash question_graph"), 1u);
  EXPECT_EQ(scores.count("hash question_graph/attribute"), 1u);
  EXPECT_EQ(scores.count("hash geneval/judge_corrected"), 1u);
  EXPECT_GT(scores.at("real ceiling/question_graph"), 0.9) << "real pictures show what their captions say";
  EXPECT_GT(scores.at("real ceiling"), 0.9);
}

}  // namespace
}  // namespace emf
