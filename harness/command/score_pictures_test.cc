// `score` on folders of pictures: who judges them, which layouts there are, and what their scores are called.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/engine/pictures/picture_file.h"
#include "tests/command_run.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

using Outcome = CommandOutcome;

Outcome run(const std::vector<std::string>& words) { return run_command(words); }

/// Pictures of 16 pixels with a square in one channel, in GenEval's layout: a red, a green and a blue apple were asked
/// for.
class ScoredPictures : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(folder_);
    write_square_judge(file("judge.pt"));
    write_json(file("judge.pt.json"), {{"classes", {"apple"}}, {"colors", {"red", "green", "blue"}}});
    write_color_backbone(file("backbone.pt"));
    write_json(file("backbone.pt.json"), {{"side", 16}});
    const std::vector<std::string> colors = {"red", "green", "blue"};
    for (size_t i = 0; i < colors.size(); ++i) {
      const std::string folder = file(fmt::format("pictures/{:05}/samples", i));
      make_folder(folder);
      write_atomically(file(fmt::format("pictures/{:05}/metadata.jsonl", i)), prompt(colors[i]).dump() + "\n");
      // What was asked for, and a green one whatever was.
      paint(folder + "/0000.png", static_cast<int64_t>(i), 255);
      paint(folder + "/0001.png", 1, 255);
      write_atomically(folder + "/grid.txt", "not a picture");
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  static Json prompt(const std::string& color) {
    return {{"tag", "colors"},
            {"include", {{{"class", "apple"}, {"count", 1}, {"color", color}}}},
            {"prompt", "a photo of a " + color + " apple"}};
  }
  static void paint(const std::string& path, int64_t channel, int64_t level) {
    at::Tensor bytes = at::zeros({1, 3, 16, 16}, at::kByte);
    bytes.narrow(1, channel, 1).narrow(2, 4, 8).narrow(3, 4, 8).fill_(level);
    write_picture_grid(path, bytes, 1, 1);
  }
  std::vector<std::string> geneval(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"score", "geneval", "--judge", "torchscript:" + file("judge.pt"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_score_pictures_test_{}", ::getpid());
};

TEST_F(ScoredPictures, OfficialFoldersAreJudged) {
  const Outcome outcome = run(geneval({"--images", file("pictures"), "--save-detections", file("kept.jsonl")}));
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json result = Json::parse(outcome.out);
  EXPECT_EQ(result["tasks"]["colors"]["correct"], 4);
  EXPECT_EQ(result["tasks"]["colors"]["total"], 6);
  EXPECT_EQ(result["identity"]["judge"]["name"], "torchscript");
  const Outcome again = run({"score", "geneval", "--detections", file("kept.jsonl"), "--json"});
  ASSERT_EQ(again.code, 0) << again.talk;
  EXPECT_EQ(Json::parse(again.out)["images"], result["images"])
      << "scores come from what the judge said, not from pictures";
}

TEST_F(ScoredPictures, PromptsOfOneFileAndOfClassesTheJudgeDoesNotKnow) {
  std::vector<Json> prompts = {prompt("red"), prompt("green"), prompt("blue"), prompt("blue")};
  prompts[1]["include"][0]["class"] = "dog";
  prompts[1]["prompt"] = "a photo of a green dog";
  prompts[3]["prompt"] = "a photo of another blue apple";
  write_atomically(file("prompts.jsonl"), json_lines(prompts));
  const Outcome outcome = run(geneval({"--images", file("pictures"), "--metadata", file("prompts.jsonl")}));
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json result = Json::parse(outcome.out);
  EXPECT_EQ(result["n"], 4);
  EXPECT_EQ(result["not_judged"], Json({"a photo of a green dog", "a photo of another blue apple"}));
}

TEST_F(ScoredPictures, ListedFolders) {
  make_folder(file("flat"));
  paint(file("flat/a.png"), 0, 255);
  Json line = prompt("red");
  line["file_name"] = "a.png";
  write_atomically(file("flat/metadata.jsonl"), line.dump() + "\n");
  const Outcome outcome = run(geneval({"--images", file("flat")}));
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_EQ(Json::parse(outcome.out)["overall"], 1.0);
  line["file_name"] = "b.png";
  write_atomically(file("flat/metadata.jsonl"), line.dump() + "\n");
  EXPECT_NE(run(geneval({"--images", file("flat")})).talk.find("metadata.jsonl:1: there is no"), std::string::npos);
}

TEST_F(ScoredPictures, BadPicturesAreNamed) {
  const auto talk = [&](const std::vector<std::string>& words) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    return outcome.talk;
  };
  write_atomically(file("pictures/00002/samples/0001.png"), "broken");
  EXPECT_NE(talk(geneval({"--images", file("pictures")})).find("00002/samples/0001.png: is no JPEG, PNG or WebP"),
            std::string::npos);
  write_picture_grid(file("pictures/00002/samples/0001.png"), at::zeros({1, 3, 16, 8}, at::kByte), 1, 1);
  EXPECT_NE(talk(geneval({"--images", file("pictures")})).find("8 x 16 pixels; the others have 16 x 16"),
            std::string::npos);
  std::filesystem::remove(file("pictures/00002/metadata.jsonl"));
  EXPECT_NE(run(geneval({"--images", file("pictures")})).talk.find("00002/metadata.jsonl"), std::string::npos);
  make_folder(file("empty"));
  EXPECT_NE(talk(geneval({"--images", file("empty")})).find("no pictures in GenEval's layout"), std::string::npos);
}

TEST_F(ScoredPictures, ValuesAreNamedForTheNetworkThatLooked) {
  for (const char* side : {"real", "generated"}) {
    make_folder(file(side));
    for (int64_t i = 0; i < 6; ++i) paint(file(fmt::format("{}/{}.png", side, i)), i % 3, 90 + 20 * i + side[0] % 7);
  }
  const auto score = [&](const std::string& metric, std::vector<std::string> words) {
    const std::vector<std::string> common = {"--real",          file("real"), "--generated",
                                             file("generated"), "--backbone", "torchscript:" + file("backbone.pt")};
    words.insert(words.begin(), {"score", metric});
    words.insert(words.end(), common.begin(), common.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.talk;
    return outcome.out;
  };
  EXPECT_EQ(score("frechet", {}).find("frechet "), 0u) << "a file without a name";
  write_json(file("backbone.pt.json"), {{"side", 16}, {"name", "colors"}});
  EXPECT_EQ(score("frechet", {}).find("fd_colors "), 0u);
  EXPECT_EQ(score("kid", {"--subsets", "0"}).find("kid_colors "), 0u);
  const std::string found = score("precision_recall", {"--k", "1"});
  EXPECT_EQ(found.find("precision_recall_colors "), 0u) << found;
  EXPECT_NE(found.find("\nrecall_colors "), std::string::npos) << found;
  const Json json = Json::parse(score("precision_recall", {"--k", "1", "--json"}));
  for (const char* part : {"precision", "recall", "density", "coverage"}) EXPECT_TRUE(json.contains(part)) << part;
  write_json(file("backbone.pt.json"), {{"side", 16}, {"official", "inception-2015"}});
  EXPECT_EQ(score("frechet", {}).find("fid "), 0u);
  EXPECT_EQ(
      run({"score", "inception", "--generated", file("real"), "--backbone", "torchscript:" + file("backbone.pt")}).code,
      2)
      << "this network has no classes";
}

TEST_F(ScoredPictures, FoldersAsFeatures) {
  for (const char* side : {"real", "generated"}) {
    make_folder(file(side));
    for (int64_t i = 0; i < 5; ++i) {
      paint(file(fmt::format("{}/{}.png", side, i)), i % 3, 100 + 20 * i + (side[0] == 'r' ? 0 : 15));
    }
  }
  const std::vector<std::string> of_folders = {"--real",          file("real"), "--generated",
                                               file("generated"), "--backbone", "torchscript:" + file("backbone.pt"),
                                               "--json"};
  const auto score = [&](std::vector<std::string> words) {
    words.insert(words.end(), of_folders.begin(), of_folders.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.talk;
    return Json::parse(outcome.out);
  };
  const Json found = score({"score", "frechet"});
  // The means of channels, doubled: a square of an 8th of the picture's sides squared fills a quarter.
  std::vector<double> real, generated;
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t channel = 0; channel < 3; ++channel) {
      const double level = channel == i % 3 ? 0.5 * static_cast<double>(100 + 20 * i) : 0;
      real.push_back(level);
      generated.push_back(level == 0 ? 0 : level + 7.5);
    }
  }
  write_atomically(file("real.npy"), npy_bytes({{5, 3}, real}));
  write_atomically(file("generated.npy"), npy_bytes({{5, 3}, generated}));
  const Outcome files =
      run({"score", "frechet", "--real", file("real.npy"), "--generated", file("generated.npy"), "--json"});
  EXPECT_NEAR(found["value"].get<double>(), Json::parse(files.out)["value"].get<double>(), 1e-3);
  EXPECT_EQ(found["identity"]["features"]["resize"], "clean-fid 16");
  EXPECT_EQ(found["identity"]["features"]["backbone"], "torchscript");
  EXPECT_EQ(score({"score", "frechet", "--compat", "torch-fidelity"})["identity"]["features"]["resize"], "tf1 16");
  EXPECT_EQ(score({"score", "kid", "--subsets", "0", "--resize", "bilinear"})["identity"]["features"]["resize"],
            "bilinear 16");
  const Outcome saved = run({"score", "frechet", "--save-statistics", file("s.npz"), "--real", file("real"),
                             "--backbone", "torchscript:" + file("backbone.pt")});
  EXPECT_EQ(saved.code, 0) << saved.talk;
  const Outcome from_statistics =
      run({"score", "frechet", "--real", file("s.npz"), "--generated", file("generated.npy"), "--json"});
  EXPECT_NEAR(Json::parse(from_statistics.out)["value"].get<double>(), found["value"].get<double>(), 1e-3);
}

}  // namespace
}  // namespace emf
