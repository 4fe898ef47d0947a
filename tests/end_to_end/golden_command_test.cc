// SPDX-License-Identifier: Apache-2.0
// The command line word for word: every --help, and every verb's --json on inputs that need neither weights nor
// network, against tests/golden/command. Scripts outside the project read these: a change is meant, or it is a fault.
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>

#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/base/paths.h"
#include "harness/base/random.h"
#include "harness/command/command.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/run_store.h"
#include "tests/end_to_end/golden_text.h"
#include "tests/end_to_end/program.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// One command line and what is known of its answer.
struct Case {
  std::string golden;              ///< file in tests/golden/command; .json is compared as a document, .txt as text
  std::vector<std::string> words;  ///< "<folder>" stands for the test's folder
  int code = 0;
  GoldenKind kind = GoldenKind::kWhole;
  bool after_smoke = false;  ///< reads what one run of the smoke suite left
};

/// Verbs that read a store, so that `run` comes first.
std::vector<Case> cases_of_a_run() {
  const std::vector<std::string> store = {"--store", "<folder>/store", "--json"};
  std::vector<Case> cases = {
      {"run.json", {"run", "smoke"}},
      {"status.json", {"status"}},
      {"compare.json", {"compare", "smoke", "<folder>/shifted"}},
      {"export.json", {"export", "smoke", "--metric", "geneval"}},
      {"report.json", {"report", "smoke"}},
      {"verify.json", {"verify", "smoke"}, 4},
      {"clean.json", {"clean", "--only", "latents"}},
      {"merge.json", {"merge", "<folder>/other"}},
      {"sample.json",
       {"sample", "--run", "smoke/class_label/mean_flow", "--prompt", "a photo of a red apple", "--steps", "1,3",
        "--out", "<folder>/sample.png"}},
  };
  for (Case& one : cases) {
    one.words.insert(one.words.end(), store.begin(), store.end());
    one.kind = GoldenKind::kTrained;
    one.after_smoke = true;
  }
  return cases;
}

std::vector<Case> cases_of_scores() {
  const std::vector<std::string> pair = {"--real", "<folder>/real.npy", "--generated", "<folder>/generated.npy"};
  std::vector<Case> cases = {
      {"score_geneval.json", {"score", "geneval", "--detections", "<folder>/detections.jsonl"}},
      {"score_question_graph.json",
       {"score", "question_graph", "--graph", "<folder>/graph.csv", "--answers", "<folder>/answers.csv"}},
      {"score_inception.json", {"score", "inception", "--generated", "<folder>/generated.npy"}},
      {"score_answers.json",
       {"score", "answers", "--rule", "wise", "<folder>/scores.jsonl", "--against", "<folder>/other_scores.jsonl"}},
  };
  for (const char* metric : {"cmmd", "frechet", "kid", "mind", "precision_recall"}) {
    std::vector<std::string> words = {"score", metric};
    words.insert(words.end(), pair.begin(), pair.end());
    cases.push_back({fmt::format("score_{}.json", metric), words});
  }
  for (Case& one : cases) one.words.push_back("--json");
  return cases;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases = {
      {"help.txt", {"--help"}},
      {"plan.txt", {"plan", "smoke", "--store", "<folder>/empty"}},
      {"plan.json", {"plan", "smoke", "--store", "<folder>/empty", "--json"}},
      {"run_dry.json", {"run", "smoke", "--dry-run", "--store", "<folder>/empty", "--json"}},
      {"show.json",
       {"show", "scenes", "classes=3", "colors=2", "--count", "3", "--out", "<folder>/show.png", "--json"}},
      {"tokenize_hash.txt", {"tokenize", "--encoder", "hash", "--prompts", "<folder>/prompts.txt"}},
      {"tokenize_class_label.txt", {"tokenize", "--encoder", "class_label", "--prompts", "<folder>/prompts.jsonl"}},
      {"probe_hash.json",
       {"probe", "disentanglement", "--encoder", "hash", "--prompts", "<folder>/prompts.txt", "--json"}},
      {"probe_features.json",
       {"probe", "discriminability", "--text", "<folder>/real.npy", "--visual", "<folder>/visual.npy", "--options",
        R"({"k": 2})", "--json"}},
      {"encode.json",
       {"encode", "--encoder", "hash", "--prompts", "<folder>/prompts.txt", "--out", "<folder>/o.safetensors",
        "--json"}},
      {"encode_pooled_only.json",
       {"encode", "--encoder", "hash", "--prompts", "<folder>/prompts.txt", "--out", "<folder>/p.safetensors",
        "--pooled-only", "--json"}},
      {"completion_bash.txt", {"completion", "bash"}},
      {"config.txt", {"config"}},
      {"config.json", {"config", "smoke", "--json"}},
      {"doctor.json", {"doctor", "--store", "<folder>/empty", "--json"}, 3, GoldenKind::kMachine},
      {"new.json", {"new", "encoder", "guest", "--folder", "<folder>/plugins", "--json"}},
      {"build_plugin.json", {"build-plugin", "<folder>/mine.cc", "--print", "--json"}},
      {"bench_step.json",
       {"bench", "step", "model.width=32", "model.depth=1", "model.heads=2", "--batch", "2", "--json"},
       0,
       GoldenKind::kTypes},
      {"bench_encode.json",
       {"bench", "encode", "--encoder", "hash", "--prompts", "<folder>/prompts.txt", "--json"},
       0,
       GoldenKind::kTypes},
  };
  cases.push_back({"help_score_answers.txt", {"score", "answers", "--help"}});
  for (const char* action : {"verify", "ls", "gc", "seal"}) {
    cases.push_back({fmt::format("help_store_{}.txt", action), {"store", action, "--help"}});
    cases.push_back({fmt::format("store_{}.json", action), {"store", action, "--store", "<folder>/small", "--json"}});
  }
  for (const std::string& verb : CommandRegistry::instance().names()) {
    cases.push_back({fmt::format("help_{}.txt", verb), {verb, "--help"}});
  }
  for (const char* kind :
       {"encoders", "architectures", "tokenizers", "datasets", "models", "objectives", "pretrainings", "probes",
        "metrics", "rules", "codecs", "judges", "backbones", "sections", "suites"}) {
    cases.push_back({fmt::format("list_{}.json", kind), {"list", kind, "--json"}});
  }
  for (const auto& more : {cases_of_scores(), cases_of_a_run()}) cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

std::string name_of(const Case& one) { return std::regex_replace(one.golden, std::regex("[^A-Za-z0-9]"), "_"); }

fs::path golden_folder() { return project_root() / "tests" / "golden" / "command"; }

class GoldenCommand : public testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("emf_golden_command_" + std::to_string(::getpid()));
    make_folder(folder_);
    // Neither what this machine has fetched nor what its user has set may show.
    ::setenv("EMFBENCH_DEPS", (folder_ / "deps").c_str(), 1);
    ::setenv("EMFBENCH_ROOT", project_root().c_str(), 1);
    for (const char* name : {"EMFBENCH_STORE", "EMFBENCH_PLUGINS"}) ::unsetenv(name);
    write_inputs();
    write_other_store(folder_ / "small");
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static int run(std::vector<std::string> words) {
    for (std::string& word : words) {
      const size_t at = word.find("<folder>");
      if (at != std::string::npos) word.replace(at, 8, folder_.string());
    }
    return exit_code_of(start(words, folder_ / "out", folder_ / "err"));
  }
  static std::string said() { return read_file(folder_ / "err"); }

  /// One run for all that read it; a second finds everything finished.
  static void run_smoke_once() {
    if (smoke_has_run_) return;
    ASSERT_EQ(run({"run", "smoke", "--quiet", "--jobs", "2", "--store", "<folder>/store"}), 0) << said();
    shifted_record(folder_ / "store", folder_ / "shifted");
    write_other_store(folder_ / "other");
    smoke_has_run_ = true;
  }

  /// Two stages, one of them unfinished.
  static void write_other_store(const std::filesystem::path& store) {
    open_store(store);
    for (const int seed : {1, 2}) {
      const RunFolder stage(store, "train", {{"seed", seed}});
      make_folder(stage.path());
      stage.begin();
      if (seed == 1) stage.finish({{"pictures", 32}}, {{"host", "other"}});
    }
  }

  static NpyArray made_rows(const std::string& stream, double shift) {
    NpyArray rows{{32, 4}, {}};
    for (uint64_t i = 0; i < 128; ++i) rows.values.push_back(shift + Random(1, stream, i).normal());
    return rows;
  }

  static void write_inputs() {
    write_atomically(folder_ / "real.npy", npy_bytes(made_rows("real", 0)));
    write_atomically(folder_ / "generated.npy", npy_bytes(made_rows("generated", 0.5)));
    write_atomically(folder_ / "visual.npy", npy_bytes(made_rows("visual", 0)));
    write_atomically(folder_ / "mine.cc", "// build-plugin --print only asks whether the file is there.\n");
    write_atomically(folder_ / "prompts.txt",
                     "a photo of a cat\na red apple\na photo of two dogs\na photo of a bus right of a green chair\n");
    const Json cat = {{"class", "cat"}, {"count", 1}}, apple = {{"class", "apple"}, {"count", 1}, {"color", "red"}};
    write_atomically(folder_ / "prompts.jsonl",
                     json_lines({{{"text", "a photo of a cat"}, {"labels", {{"include", {cat}}}}},
                                 {{"text", "a photo of a red apple"}, {"labels", {{"include", {apple}}}}}}));
    std::vector<Json> lines;
    for (int i = 0; i < 12; ++i) {
      Json detections = Json::array();
      if (i % 3 != 0) detections.push_back({{"cls", "cat"}, {"box", {0, 0, 9, 9}}, {"score", 0.95}});
      lines.push_back({{"metadata",
                        {{"tag", i % 2 == 0 ? "single_object" : "counting"},
                         {"prompt", fmt::format("prompt {}", i / 4)},
                         {"include", {{{"class", "cat"}, {"count", 1}}}}}},
                       {"detections", detections}});
    }
    write_atomically(folder_ / "detections.jsonl", json_lines(lines));
    write_atomically(folder_ / "graph.csv",
                     "item_id,proposition_id,dependency,category_broad,category_detailed\na,1,0,entity,whole\n"
                     "a,2,1,attribute,color\nb,1,0,entity,whole\nc,1,0,entity,whole\n");
    for (const char* name : {"scores", "other_scores"}) {
      std::vector<Json> judged;
      for (int i = 1; i <= 12; ++i)
        judged.push_back({{"prompt_id", i * 80}, {"score", i % (name[0] == 's' ? 3 : 2) == 0}});
      for (Json& row : judged) row["score"] = row["score"].get<bool>() ? 1.0 : 0.0;
      write_atomically(folder_ / (std::string(name) + ".jsonl"), json_lines(judged));
    }
    write_atomically(folder_ / "answers.csv", "item_id,question_id,answer\na,1,yes\na,2,no\nb,1,yes\n");
  }

  static inline fs::path folder_;
  static inline bool smoke_has_run_ = false;
};

TEST_P(GoldenCommand, AnswersAsItsGoldenSays) {
  const Case& one = GetParam();
  if (one.after_smoke) {
    run_smoke_once();
    if (HasFatalFailure()) return;
  }
  ASSERT_EQ(run(one.words), one.code) << said();
  const std::vector<std::pair<std::string, std::string>> places = {
      {folder_.string(), "<folder>"}, {EMF_BUILD_ROOT, "<build>"}, {project_root().string(), "<root>"}};
  const bool document = fs::path(one.golden).extension() == ".json";
  const std::string out = read_file(folder_ / "out");
  const std::string text = document ? golden_json(out, one.kind, places) : golden_text(out, places);
  const fs::path golden = golden_folder() / one.golden;
  if (std::getenv("EMF_UPDATE_GOLDEN") != nullptr) {
    write_atomically(golden, text);
    GTEST_SKIP() << "golden written: " << golden;
  }
  ASSERT_TRUE(fs::exists(golden)) << "EMF_UPDATE_GOLDEN=1 writes it.";
  EXPECT_EQ(text, read_file(golden)) << "of: emfbench " << fmt::format("{}", fmt::join(one.words, " "))
                                     << "\nIf it is meant, EMF_UPDATE_GOLDEN=1 writes " << golden;
}

INSTANTIATE_TEST_SUITE_P(EveryVerb, GoldenCommand, testing::ValuesIn(all_cases()),
                         [](const auto& entry) { return name_of(entry.param); });

TEST(Goldens, AreThoseOfTheCases) {
  std::set<std::string> wanted, found, verbs;
  for (const Case& one : all_cases()) {
    wanted.insert(one.golden);
    if (one.golden.rfind("help", 0) != 0) verbs.insert(one.words.front());
  }
  for (const auto& entry : fs::directory_iterator(golden_folder())) found.insert(entry.path().filename().string());
  EXPECT_EQ(found, wanted);
  for (const std::string& verb : CommandRegistry::instance().names()) {
    EXPECT_EQ(verbs.count(verb), 1u) << verb << " has no golden but that of its --help";
  }
}

}  // namespace
}  // namespace emf
