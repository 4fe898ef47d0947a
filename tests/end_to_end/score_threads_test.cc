// SPDX-License-Identifier: Apache-2.0
// Scores are the same bytes on one core and on all of them, and on a second run.
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "tests/end_to_end/program.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// Binds this process, and the programs it starts, to so many cores while it lives.
class OnCores {
 public:
  explicit OnCores(int count) {
    ::sched_getaffinity(0, sizeof all_, &all_);
    cpu_set_t some;
    CPU_ZERO(&some);
    for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&some) < count; ++core) {
      if (CPU_ISSET(core, &all_)) CPU_SET(core, &some);
    }
    ::sched_setaffinity(0, sizeof some, &some);
    ::setenv("OMP_NUM_THREADS", std::to_string(count).c_str(), 1);
  }
  ~OnCores() {
    ::sched_setaffinity(0, sizeof all_, &all_);
    ::unsetenv("OMP_NUM_THREADS");
  }
  OnCores(const OnCores&) = delete;
  OnCores& operator=(const OnCores&) = delete;

 private:
  cpu_set_t all_;
};

class ScoreThreads : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  /// stdout of `emfbench score ... --json` on so many cores, without the time it took.
  std::string scored(std::vector<std::string> words, int cores) const {
    words.insert(words.begin(), "score");
    words.emplace_back("--json");
    const OnCores bound(cores);
    EXPECT_EQ(exit_code_of(start(words, folder_ / "out", folder_ / "err")), 0) << read_file(folder_ / "err");
    Json result = parse_json(read_file(folder_ / "out"), "stdout");
    EXPECT_TRUE(result.contains("seconds"));
    result.erase("seconds");
    return result.dump();
  }
  void expect_same(const std::vector<std::string>& words) const {
    const std::string first = scored(words, 1);
    EXPECT_EQ(scored(words, 2), first) << words[0];
    EXPECT_EQ(scored(words, 2), first) << words[0] << " again";
  }

  const fs::path folder_ = fs::temp_directory_path() / ("emf_score_threads_" + std::to_string(::getpid()));
};

TEST_F(ScoreThreads, SameBytesFromEveryScore) {
  const Json oracle = read_json(project_root() / "tests/oracle/geneval_cases.json");
  std::vector<Json> rows;
  for (int again = 0; again < 20; ++again) {  // enough lines for threads of their own
    for (const Json& one : oracle["cases"]) {
      rows.push_back({{"metadata", one["metadata"]}, {"detections", one["detections"]}, {"options", one["options"]}});
    }
  }
  write_atomically(file("f.jsonl"), json_lines(rows));
  expect_same({"geneval", "--detections", file("f.jsonl")});

  const std::string archive = (project_root() / "tests/oracle/metric_features.npz").string();
  const std::string real = archive + ":fid_infinity/y_reference", generated = archive + ":fid_infinity/x_generated";
  expect_same({"frechet", "--real", real, "--generated", generated, "--interval", "jackknife"});
  expect_same({"frechet", "--real", real, "--generated", generated, "--infinity", "--smallest", "100"});
  expect_same({"kid", "--real", real, "--generated", generated, "--subsets", "20", "--subset-size", "100"});
  expect_same({"precision_recall", "--real", real, "--generated", generated});
  expect_same({"inception", "--generated", archive + ":isc_peaky/logits", "--splits", "4"});

  write_atomically(file("g.csv"),
                   "item_id,proposition_id,dependency,category_broad,category_detailed\n"
                   "a,1,0,entity,whole\na,2,1,attribute,color\nb,1,0,entity,whole\n");
  write_atomically(file("a.csv"), "item_id,question_id,answer\na,1,no\na,2,yes\nb,1,yes\n");
  expect_same({"question_graph", "--graph", file("g.csv"), "--answers", file("a.csv")});
}

}  // namespace
}  // namespace emf
