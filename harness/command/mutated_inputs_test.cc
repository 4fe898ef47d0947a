// SPDX-License-Identifier: Apache-2.0
// Three hundred damaged copies of every kind of input that `score` reads: each is scored, or refused by one line that
// names the file, without a crash and without memory for what a header merely claims.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "harness/base/hash.h"
#include "harness/base/npy.h"
#include "harness/base/random.h"
#include "harness/tensor/safetensors.h"
#include "tests/command_run.h"
#include "tests/drawn_pictures.h"
#include "tests/oracle/encoded_cases.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

constexpr int kMutations = 300;

/// What happens to files: bits turn, ends and middles are lost, pieces come twice, numbers grow.
std::string mutated(std::string bytes, uint64_t number) {
  Random random(number, "mutated inputs", 0);
  const auto place = [&] { return random.below(static_cast<uint32_t>(bytes.size())); };
  const auto digits = [&](const char* by) {
    for (size_t at = bytes.find_first_of("0123456789", place()); at < bytes.size(); at = bytes.size()) {
      bytes.replace(at, 1, by);
    }
  };
  const uint32_t rounds = 1 + random.below(3);
  for (uint32_t round = 0; round < rounds && bytes.size() > 4; ++round) {
    const size_t at = place(), length = 1 + random.below(static_cast<uint32_t>(std::min<size_t>(bytes.size(), 40)));
    switch (random.below(9)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(0xff);
        break;
      case 2:
        bytes[at] = '\0';
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4:
        bytes.erase(at, length);
        break;
      case 5:
        bytes.insert(at, bytes.substr(place(), length));
        break;
      case 6:
        digits("99999999");
        break;
      case 7:
        digits("-1");
        break;
      default:  // within the first bytes, where formats say their sizes
        bytes[at % std::min<size_t>(bytes.size(), 64)] = static_cast<char>(random.below(256));
        break;
    }
  }
  return bytes;
}

/// Pages that this process has held at most since reset_peak(), or 0 where the system does not say.
int64_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return 0;
}

bool reset_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

class MutatedInputs : public testing::Test {
 protected:
  void SetUp() override {
    write_color_backbone(folder_ / "backbone.pt");
    folder_.write("backbone.pt.json", R"({"side": 8})");
    std::vector<double> values;
    for (int i = 0; i < 120; ++i) values.push_back(std::sin(i * i));
    features_ = {{20, 6}, values};
    folder_.write("good.npy", npy_bytes(features_));
    folder_.write("pictures/0.png", encoded_picture(".png", 0, 8, 8));
    folder_.write("pictures/1.png", encoded_picture(".png", 1, 8, 8));
    folder_.write("pictures/2.png", encoded_picture(".png", 2, 8, 8));
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// @param name  of the file that is damaged.  @param words  of a command line that reads it.
  /// @param most_mib  that reading may take, of a few KiB of input.
  void survives(const std::string& name, const std::string& bytes, const std::vector<std::string>& words,
                int64_t most_mib = 64) {
    SCOPED_TRACE(name);
    folder_.write(name, bytes);
    const CommandOutcome whole = run_command(words);
    ASSERT_EQ(whole.code, 0) << whole.talk;
    const bool measured = reset_peak();
    const int64_t before = peak_kib();
    int refused = 0;
    for (uint64_t number = 0; number < kMutations; ++number) {
      const std::string damaged = mutated(bytes, number + std::hash<std::string>()(name));
      folder_.write(name, damaged);
      const CommandOutcome outcome = run_command(words);
      if (outcome.code == 0) continue;
      ++refused;
      const std::string what = fmt::format("mutation {}: exit {}: {}", number, outcome.code, outcome.talk);
      EXPECT_EQ(outcome.code, 2) << what;
      EXPECT_EQ(outcome.out, "") << what;
      EXPECT_EQ(std::count(outcome.talk.begin(), outcome.talk.end(), '\n'), 1) << what;
      EXPECT_NE(outcome.talk.find(std::filesystem::path(name).filename().string()), std::string::npos) << what;
    }
    EXPECT_GT(refused, kMutations / 20);
    if (measured) {
      EXPECT_LT(peak_kib() - before, most_mib << 10);
    }
    std::filesystem::remove(folder_ / name);
  }

  std::vector<std::string> frechet(const std::string& real) const {
    return {"score", "frechet", "--real", path(real), "--generated", path("good.npy"), "-q", "--json"};
  }
  std::vector<std::string> frechet_of_pictures(const std::string& generated) const {
    return {"score",       "frechet",       "--real",     path("pictures"),
            "--generated", path(generated), "--backbone", "torchscript:" + path("backbone.pt"),
            "--interval",  "none",          "-q",         "--json"};
  }

  TemporaryFolder folder_{"mutated_inputs"};
  NpyArray features_;
};

TEST_F(MutatedInputs, Features) {
  survives("x.npy", npy_bytes(features_), frechet("x.npy"));
  survives("x.npz", npz_bytes({{"features", features_}, {"other", features_}}), frechet("x.npz"));
  std::vector<double> covariance(36, 0.1);
  for (size_t i = 0; i < 36; i += 7) covariance[i] = 1;
  survives("s.npz", npz_bytes({{"mu", {{6}, std::vector<double>(6, 0.5)}}, {"sigma", {{6, 6}, covariance}}}),
           frechet("s.npz"));
  write_safetensors(folder_ / "x.safetensors", {{"features", at::arange(120, at::kFloat).sin().view({20, 6})}});
  survives("x.safetensors", read_file(folder_ / "x.safetensors"), frechet("x.safetensors"));
}

TEST_F(MutatedInputs, Pictures) {
  size_t found = 0;
  for (const auto& [name, encoded] : encoded_cases()) {
    // One of each kind; the others differ in what the tables of the format say.
    static const std::map<std::string, std::string> kinds = {{"jpeg sampling 2", "x.jpg"},
                                                             {"jpeg progressive", "x.jpeg"},
                                                             {"png rgba", "x.png"},
                                                             {"png interlaced", "i.png"},
                                                             {"webp", "x.webp"},
                                                             {"webp animation", "a.webp"},
                                                             {"gif animation", "x.gif"},
                                                             {"bmp 24", "x.bmp"},
                                                             {"bmp 8 in runs", "r.bmp"},
                                                             {"tiff rgb tiff_lzw", "x.tif"},
                                                             {"tiff jpeg", "j.tif"},
                                                             {"tiff grey 16 None", "g.tif"},
                                                             {"ppm", "x.ppm"},
                                                             {"pgm as text", "t.pgm"},
                                                             {"png orientation 5 in xmp", "o.png"}};
    const auto kind = kinds.find(name);
    if (kind == kinds.end()) continue;
    ++found;
    folder_.write("set/0.png", encoded_picture(".png", 0, 8, 8));
    folder_.write("set/1.png", encoded_picture(".png", 1, 8, 8));
    // A few bytes may be a plain WebP of 2,048 x 2,048, whose animations are decoded on canvases of four bytes a pixel.
    const bool animated = kind->second == "a.webp";
    survives("set/" + kind->second, encoded, frechet_of_pictures("set"), animated ? 320 : 64);
  }
  EXPECT_EQ(found, 15u);
}

TEST_F(MutatedInputs, Tables) {
  const std::string graph =
      "item_id,proposition_id,dependency,category_broad\np1,1,0,entity\np1,2,1,\"a, b\"\n"
      "p2,1,0,entity\np2,2,\"1\",relation\n";
  const std::string answers = "item_id,question_id,answer\np1,1,yes\np1,2,no\np2,1,yes\np2,2,\"yes\"\n";
  const std::vector<std::string> words = {"score",     "question_graph", "--graph", path("g.csv"),
                                          "--answers", path("a.csv"),    "--json"};
  folder_.write("a.csv", answers);
  // Of answers that match nothing the answers' file is named.
  survives("g.csv", graph, words);
  folder_.write("g.csv", graph);
  survives("a.csv", answers, words);
}

TEST_F(MutatedInputs, JudgesWords) {
  const std::string line =
      R"({"filename": "00000/samples/0000.png", "metadata": {"tag": "colors", "include": [{"class": "dog", )"
      R"("count": 1, "color": "red"}], "prompt": "a photo of a red dog"}, "detections": [{"cls": "dog", )"
      R"("box": [1, 2.5, 30, 40], "score": 0.75, "color": "red"}], "options": {"threshold": 0.5}})";
  survives("d.jsonl", line + "\n", {"score", "geneval", "--detections", path("d.jsonl"), "--json"});
  folder_.write("d.jsonl", line + "\n");
  const std::string all = R"({"tag": "colors", "include": [{"class": "dog", "count": 1, "color": "red"}], "prompt": )"
                          R"("a photo of a red dog"})";
  survives("m.jsonl", all + "\n",
           {"score", "geneval", "--detections", path("d.jsonl"), "--metadata", path("m.jsonl"), "--json"});
  const std::string verdict = R"({"filename": "a.png", "tag": "colors", "prompt": "p", "correct": true, "reason": ""})";
  survives("r.jsonl", verdict + "\n", {"score", "geneval", "--results", path("r.jsonl"), "--json"});
}

}  // namespace
}  // namespace emf
