// SPDX-License-Identifier: Apache-2.0
// `score` on folders of pictures: who judges them, which layouts there are, and what their scores are called.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/engine/pictures/picture_file.h"
#include "tests/command_run.h"
#include "tests/drawn_pictures.h"
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
  // Folders without a line of their own are known by their number.
  for (const char* folder : {"00000", "00001", "00002"}) {
    std::filesystem::remove(file("pictures/" + std::string(folder) + "/metadata.jsonl"));
  }
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
  for (const char* name : {"../pictures/00000/samples/0000.png", "/etc/hostname", "a/../../x.png", "", ".."}) {
    line["file_name"] = name;
    write_atomically(file("flat/metadata.jsonl"), line.dump() + "\n");
    const Outcome outside = run(geneval({"--images", file("flat")}));
    EXPECT_EQ(outside.code, 2);
    EXPECT_NE(outside.talk.find("leads out of the folder"), std::string::npos) << name << ": " << outside.talk;
  }
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
  paint(file("pictures/00002/samples/0001.png"), 1, 255);
  std::filesystem::remove(file("pictures/00002/metadata.jsonl"));
  EXPECT_NE(run(geneval({"--images", file("pictures")})).talk.find("00002/metadata.jsonl"), std::string::npos);
  make_folder(file("empty"));
  EXPECT_NE(talk(geneval({"--images", file("empty")})).find("no pictures in GenEval's layout"), std::string::npos);
}

TEST_F(ScoredPictures, AFoldersOwnPromptCountsBesideTheFileOfAll) {
  // Of the file's prompts the last and the first were painted, so numbers of folders are not its lines.
  const std::vector<Json> prompts = {prompt("red"), prompt("green"), prompt("blue")};
  write_atomically(file("prompts.jsonl"), json_lines(prompts));
  std::filesystem::remove_all(file("pictures/00002"));
  for (const auto& [folder, color, channel] : {std::tuple{"00000", "blue", 2}, {"00001", "red", 0}}) {
    const std::string path = file("pictures/" + std::string(folder));
    write_atomically(path + "/metadata.jsonl", prompt(color).dump(2));  // indented, as json.load reads it, too
    std::filesystem::remove(path + "/samples/0001.png");
    paint(path + "/samples/0000.png", channel, 255);
  }
  const std::vector<std::string> words = geneval({"--images", file("pictures"), "--metadata", file("prompts.jsonl")});
  const Json result = Json::parse(run(words).out);
  EXPECT_EQ(result["overall"], 1.0);
  EXPECT_EQ(result["n"], 2);
  EXPECT_EQ(result["not_judged"], Json({"a photo of a green apple"}));
  Json other = prompt("blue");
  other["include"][0]["count"] = 2;
  write_atomically(file("pictures/00000/metadata.jsonl"), other.dump());
  Outcome refused = run(words);
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.talk.find("00000/samples/0000.png: its own metadata asks for something else than"),
            std::string::npos)
      << refused.talk;
  EXPECT_NE(refused.talk.find("prompts.jsonl:3"), std::string::npos) << refused.talk;
  write_atomically(file("pictures/00000/metadata.jsonl"), prompt("grey").dump());
  refused = run(words);
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.talk.find("no prompt 'a photo of a grey apple' in"), std::string::npos) << refused.talk;
}

TEST_F(ScoredPictures, WhatLiesBesideTheSamplesIsSaid) {
  const auto warned = [](const Json& result, const std::string& part) {
    return std::any_of(result["warnings"].begin(), result["warnings"].end(),
                       [&](const Json& warning) { return warning.get<std::string>().find(part) != std::string::npos; });
  };
  paint(file("pictures/00000/samples/grid.png"), 1, 255);
  std::filesystem::copy(file("pictures/00001/samples/0000.png"), file("pictures/00001/samples/0000.jpg"));
  make_folder(file("pictures/notes"));
  const Json result = Json::parse(run(geneval({"--images", file("pictures")})).out);
  EXPECT_EQ(result["n"], 6);
  EXPECT_TRUE(warned(result, "00000/samples: 1 file (.png 1: grid.png)")) << result["warnings"];
  EXPECT_TRUE(warned(result, "sample 0000 is there under two endings; the .png counts")) << result["warnings"];
  EXPECT_TRUE(warned(result, "pictures: 1 file (no ending 1: notes)")) << result["warnings"];
}

TEST_F(ScoredPictures, AJudgeOfAnySizeTakesPicturesOfAnySizeAsTheyAreToBeSeen) {
  // A wide one, one that EXIF says stands upright, and the square ones.
  at::Tensor wide = at::zeros({1, 3, 16, 40}, at::kByte);
  wide.narrow(2, 8, 8).narrow(3, 16, 16).fill_(255);
  write_picture_grid(file("pictures/00000/samples/0001.png"), wide, 1, 1);
  const pictures::Picture pixels = pictures::decode(read_file(file("pictures/00000/samples/0001.png")));
  std::filesystem::remove(file("pictures/00001/samples/0001.png"));
  write_atomically(file("pictures/00001/samples/0001.jpg"),
                   with_orientation(encoded_jpeg(pixels.rgb, pixels.height, pixels.width), 6));
  const Outcome outcome = run(geneval({"--images", file("pictures"), "--save-detections", file("a.jsonl")}));
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const std::vector<Json> rows = read_json_lines(file("a.jsonl"));
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[1]["detections"][0]["box"], (Json{16.0, 8.0, 32.0, 16.0}));
  EXPECT_EQ(rows[3]["detections"][0]["box"], (Json{0.0, 16.0, 8.0, 32.0}));
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

TEST_F(ScoredPictures, WhateverHoldsThePicturesTheScoreIsTheSame) {
  make_folder(file("real"));
  make_folder(file("flat"));
  make_folder(file("mixed/within"));
  std::vector<uint8_t> batch;
  for (int64_t i = 0; i < 4; ++i) {
    paint(file(fmt::format("real/{}.png", i)), i % 3, 60 + 40 * i);
    const auto flat = file(fmt::format("flat/{}.png", i));
    paint(flat, i % 3, 100 + 30 * i);
    const pictures::Picture picture = pictures::decode(read_file(flat));
    batch.insert(batch.end(), picture.rgb.begin(), picture.rgb.end());
    if (i < 2) {
      std::filesystem::copy(flat, file(fmt::format("mixed/within/{}.png", i)));
    } else {
      write_atomically(file(fmt::format("mixed/{}.ppm", i)),
                       "P6 16 16 255\n" + std::string(picture.rgb.begin(), picture.rgb.end()));
    }
  }
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 16, 16, 3), }";
  header.resize(117, ' ');
  write_atomically(file("batch.npy"), std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" +
                                          std::string(batch.begin(), batch.end()));
  const auto score = [&](const std::string& generated, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "score",       "frechet",       "--real",     file("real"),
        "--generated", file(generated), "--backbone", "torchscript:" + file("backbone.pt"),
        "--interval",  "none",          "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.talk;
    return outcome.code == 0 ? Json::parse(outcome.out) : Json();
  };
  const Json flat = score("flat");
  EXPECT_EQ(score("batch.npy")["value"], flat["value"]);
  // In another order of the pictures.
  EXPECT_NEAR(score("mixed", {"--subfolders"})["value"].get<double>(), flat["value"].get<double>(), 1e-9);
  EXPECT_EQ(score("mixed", {"--compat", "clean-fid"})["n_generated"], 4);
  const Json half = score("mixed");
  EXPECT_EQ(half["n_generated"], 2);
  EXPECT_NE(half["warnings"].dump().find("1 folder with 2 pictures (within); --subfolders reads them"),
            std::string::npos)
      << half["warnings"];
  const Outcome refused = run({"score", "frechet", "--real", "a.npy", "--generated", "b.npy", "--subfolders"});
  EXPECT_NE(refused.talk.find("--subfolders says something only of a folder"), std::string::npos) << refused.talk;
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
