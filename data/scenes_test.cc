// SPDX-License-Identifier: Apache-2.0
// What scenes promises: pure functions of (options, seed, index), true facts, tight boxes, held-out pairs
// unseen.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <thread>

#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/captions/grammar.h"
#include "tests/scenes_world.h"

namespace emf {
namespace {

std::string refusal(const std::string& table) {
  try {
    scenes_world(table);
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadInput);
    return error.what();
  }
  return "";
}

std::string bytes(const Sample& sample) { return {sample.picture.begin(), sample.picture.end()}; }

/// GenEval's relation rule (evaluate_images.py, relative_position) with its own constants.
std::set<std::string> relations(const Box& placed, const Box& reference) {
  const double dx = (placed.x0 + placed.x1 - reference.x0 - reference.x1) / 2;
  const double dy = (placed.y0 + placed.y1 - reference.y0 - reference.y1) / 2;
  const double widths = placed.x1 - placed.x0 + reference.x1 - reference.x0;
  const double heights = placed.y1 - placed.y0 + reference.y1 - reference.y0;
  const auto shrink = [](double offset, double sizes) {
    return std::copysign(std::max(std::abs(offset) - 0.1 * sizes, 0.0), offset);
  };
  const double x = shrink(dx, widths), y = shrink(dy, heights), length = std::hypot(dx, dy);
  std::set<std::string> held;
  if (std::abs(x) < 1e-3 && std::abs(y) < 1e-3) return held;
  // 0.6 where GenEval asks for 0.5: the margin promised.
  if (x / length < -0.6) held.insert("left of");
  if (x / length > 0.6) held.insert("right of");
  if (y / length < -0.6) held.insert("above");
  if (y / length > 0.6) held.insert("below");
  return held;
}

bool overlap(const Box& a, const Box& b) { return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1; }

/// Everything the labels claim, checked on the boxes.
void expect_true_facts(const Dataset& dataset, const Sample& sample) {
  std::map<std::pair<std::string, std::string>, int> seen;
  for (const Box& box : sample.boxes) {
    const std::string color = box.color_id < 0 ? "" : dataset.world()->color_names().at(box.color_id);
    ++seen[{dataset.world()->class_names().at(box.class_id), color}];
    EXPECT_LE(0, box.x0);
    EXPECT_LE(0, box.y0);
    EXPECT_LE(box.x1, dataset.height());
    EXPECT_LE(box.y1, dataset.height());
    EXPECT_LT(box.x0 + 1, box.x1) << sample.prompt.text;
    EXPECT_LT(box.y0 + 1, box.y1) << sample.prompt.text;
    for (const Box& other : sample.boxes) EXPECT_TRUE(&box == &other || !overlap(box, other)) << sample.prompt.text;
  }
  std::map<std::pair<std::string, std::string>, int> said;
  for (const Json& include : sample.prompt.labels.at("include")) {
    said[{include.at("class"), include.value("color", "")}] += include.at("count").get<int>();
  }
  EXPECT_EQ(seen, said) << sample.prompt.text;
  if (sample.prompt.labels.at("tag") == "position") {
    const std::string relation = sample.prompt.labels["include"][1]["position"][0];
    EXPECT_EQ(relations(sample.boxes.at(1), sample.boxes.at(0)), std::set<std::string>{relation}) << sample.index;
  }
}

TEST(Scenes, SamplesAreTrueAtEverySide) {
  for (const int side : {16, 32, 64}) {
    const auto dataset = scenes_world(fmt::format("side = {}", side));
    std::map<std::string, int> tasks;
    for (uint64_t index = 0; index < 1500; ++index) {
      const Sample sample = dataset->sample(index);
      ASSERT_EQ(sample.picture.size(), static_cast<size_t>(side * side * 3));
      expect_true_facts(*dataset, sample);
      ++tasks[sample.prompt.labels.at("tag")];
      EXPECT_EQ(parse_caption(sample.prompt.text), facts_from_metadata(sample.prompt.labels)) << sample.prompt.text;
      EXPECT_EQ(sample.prompt.labels.at("prompt"), sample.prompt.text);
      const Prompt prompt = dataset->prompt(index);
      EXPECT_EQ(prompt.text, sample.prompt.text);
      EXPECT_EQ(prompt.labels, sample.prompt.labels);
    }
    ASSERT_EQ(tasks.size(), 6u);
    for (const auto& [task, count] : tasks) EXPECT_NEAR(count, 250, 80) << task;  // five standard deviations
  }
}

TEST(Scenes, SamplesAreTrueWhateverIsLeftToChance) {
  for (const int side : {16, 32, 64}) {
    for (const char* layout : {"free", "quarters"}) {
      for (const double variety : {0.0, 0.25, 1.0}) {
        const auto dataset =
            scenes_world(fmt::format("side = {}\nlayout = \"{}\"\nvariety = {:.2f}", side, layout, variety));
        for (uint64_t index = 0; index < 400; ++index) expect_true_facts(*dataset, dataset->sample(index));
      }
    }
  }
}

TEST(Scenes, QuartersHoldOneObjectEach) {
  const auto dataset = scenes_world("layout = \"quarters\"");
  std::set<int> used;
  for (uint64_t index = 0; index < 400; ++index) {
    std::set<int> quarters;
    for (const Box& box : dataset->sample(index).boxes) {
      const int left = static_cast<int>(box.x0) / 16, top = static_cast<int>(box.y0) / 16;
      EXPECT_LE(box.x1, 16 * (left + 1)) << index;
      EXPECT_LE(box.y1, 16 * (top + 1)) << index;
      EXPECT_TRUE(quarters.insert(2 * top + left).second) << index;
    }
    used.insert(quarters.begin(), quarters.end());
  }
  EXPECT_EQ(used.size(), 4u);
}

TEST(Scenes, LessVarietyMovesObjectsLess) {
  // Spread of the place of a lone object, in pixels.
  const auto spread = [](double variety) {
    const auto dataset =
        scenes_world(fmt::format("tasks = [\"single_object\"]\nclasses = 1\nvendors = 1\nvariety = {:.2f}", variety));
    double sum = 0, squares = 0;
    for (uint64_t index = 0; index < 400; ++index) {
      const double x = dataset->sample(index).boxes.at(0).x0;
      sum += x;
      squares += x * x;
    }
    return std::sqrt(squares / 400 - sum * sum / 160000);
  };
  EXPECT_LT(spread(0), 0.5);
  EXPECT_LT(spread(0.3) * 2, spread(1));
}

TEST(Scenes, BoxesAreTight) {
  // Far from the drawn background every pixel is object: outside all boxes the picture must be as smooth as a
  // gradient.
  const auto dataset =
      scenes_world("tasks = [\"single_object\", \"counting\", \"color_attr\"]\ncolors = [\"black\", \"white\"]");
  for (uint64_t index = 0; index < 300; ++index) {
    const Sample sample = dataset->sample(index);
    const auto pixel = [&](int x, int y, int c) { return static_cast<int>(sample.picture[(y * 32 + x) * 3 + c]); };
    const auto outside = [&](int x, int y) {
      return std::none_of(sample.boxes.begin(), sample.boxes.end(), [&](const Box& box) {
        // One pixel around a box may hold the faintest anti-aliasing.
        return x >= box.x0 - 1 && x <= box.x1 && y >= box.y0 - 1 && y <= box.y1;
      });
    };
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x + 1 < 32; ++x) {
        if (!outside(x, y) || !outside(x + 1, y)) continue;
        for (int c = 0; c < 3; ++c) EXPECT_LE(std::abs(pixel(x, y, c) - pixel(x + 1, y, c)), 3) << index;
      }
    }
  }
}

TEST(Scenes, SameBytesInAnyOrderFromAnyThread) {
  const std::string table = "classes = 12\nparaphrase = 0.5";
  const auto dataset = scenes_world(table, 7), again = scenes_world(table, 7);
  std::vector<Sample> forward(200), backward(200);
  for (int i = 0; i < 200; ++i) forward[i] = dataset->sample(i);
  std::vector<std::thread> threads;
  for (int part = 0; part < 4; ++part) {
    threads.emplace_back([&, part] {
      for (int i = 199 - part; i >= 0; i -= 4) backward[i] = again->sample(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> different;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(forward[i].picture, backward[i].picture) << i;
    EXPECT_EQ(forward[i].prompt.text, backward[i].prompt.text) << i;
    std::vector<uint8_t> picture(32 * 32 * 3, 99);
    std::vector<Box> boxes;
    dataset->picture(i, picture, boxes);
    EXPECT_EQ(picture, forward[i].picture);
    EXPECT_EQ(boxes.size(), forward[i].boxes.size());
    different.insert(bytes(forward[i]));
  }
  EXPECT_EQ(different.size(), 200u);
  EXPECT_NE(bytes(scenes_world(table, 8)->sample(0)), bytes(forward[0]));
}

TEST(Scenes, GoldenPictures) {
  // Instruments are trained on these pictures: when one changes, so must kFormatVersion and the instruments.
  const auto small = scenes_world("classes = 6\ncolors = 4"), whole = scenes_world("side = 64");
  EXPECT_EQ(small->fingerprint().at("format"), 1);
  EXPECT_EQ(small->sample(0).prompt.text, "a photo of an apple");
  EXPECT_EQ(sha256_hex(bytes(small->sample(0))), "26c718390ea54ebdac6aaadc72cc242d4c6aa0e56b0dee11372b32b12c28373b");
  EXPECT_EQ(sha256_hex(bytes(small->sample(123456789))),
            "8ca9b7d959d3017116d12e5061010870e6d715f72e39be4c9e6131cd332a215c");
  EXPECT_EQ(sha256_hex(bytes(whole->sample(3))), "c263cad257a009f00d03aee27855f355f4357cdc20c1d24bc0f2c9636e55301e");
}

TEST(Scenes, TheSmallWorldSays558Things) {
  EXPECT_EQ(scenes_world("classes = 6\ncolors = 4\nheld_out = 0.0")->world()->all_prompts(Split::kTrain).size(), 558u);
  const auto dataset = scenes_world("classes = 6\ncolors = 4");
  const auto shown = dataset->world()->all_prompts(Split::kTrain),
             held = dataset->world()->all_prompts(Split::kHeldOut);
  EXPECT_EQ(shown.size() + held.size(), 558u);
  EXPECT_GT(held.size(), 20u);
  std::set<std::string> texts;
  for (const Prompt& prompt : shown) texts.insert(prompt.text);
  for (const Prompt& prompt : held) texts.insert(prompt.text);
  EXPECT_EQ(texts.size(), 558u);
  for (const Prompt& prompt : dataset->world()->all_prompts(Split::kParaphrase)) {
    EXPECT_TRUE(texts.insert(prompt.text).second) << prompt.text;
    EXPECT_EQ(parse_caption(prompt.text), facts_from_metadata(prompt.labels)) << prompt.text;
  }
}

TEST(Scenes, TrainingNeverShowsHeldOutPairs) {
  const auto dataset = scenes_world("classes = 10\ncolors = 6\nparaphrase = 0.5");
  std::set<std::pair<std::string, std::string>> held, shown;
  const Json fingerprint = dataset->fingerprint();
  for (const Json& pair : fingerprint.at("held_out_pairs"))
    held.emplace(pair[0].get<std::string>(), pair[1].get<std::string>());
  ASSERT_EQ(held.size(), 6u);
  std::set<std::string> known;
  for (const Prompt& prompt : dataset->world()->all_prompts(Split::kTrain)) known.insert(prompt.text);
  for (uint64_t index = 0; index < 20000; ++index) {
    const Prompt prompt = dataset->prompt(index);
    EXPECT_TRUE(known.count(prompt.text)) << prompt.text;
    for (const Json& include : prompt.labels.at("include")) {
      if (include.contains("color"))
        shown.emplace(include.at("class").get<std::string>(), include.at("color").get<std::string>());
    }
  }
  EXPECT_EQ(shown.size(), 54u);  // all the others are shown
  for (const auto& pair : held) EXPECT_FALSE(shown.count(pair)) << pair.second << " " << pair.first;
  // Every seed judges the same pairs.
  EXPECT_EQ(scenes_world("classes = 10\ncolors = 6", 5)->fingerprint().at("held_out_pairs"),
            dataset->fingerprint().at("held_out_pairs"));
}

TEST(Scenes, EvaluationPromptsAreBalancedAndHoldUnseenPairs) {
  const auto dataset = scenes_world("classes = 20\ncolors = 8");
  const auto prompts = dataset->evaluation_prompts(240, 3);
  std::map<std::string, int> tasks;
  std::set<std::string> texts;
  int colored = 0, held = 0;
  for (const Prompt& prompt : prompts) {
    texts.insert(prompt.text);
    const std::string tag = prompt.labels.at("tag");
    ++tasks[tag];
    if (tag == "colors" || tag == "color_attr") ++colored;
    if (prompt.labels.at("held_out").get<bool>()) ++held;
    expect_true_facts(*dataset, dataset->draw(prompt, 5));
  }
  EXPECT_EQ(texts.size(), 240u);
  EXPECT_EQ(tasks["single_object"], 20);
  for (const char* task : {"two_object", "counting", "colors", "position", "color_attr"}) EXPECT_EQ(tasks[task], 44);
  EXPECT_GE(held, colored / 10);
  EXPECT_LE(held, colored / 3);
  const auto again = dataset->evaluation_prompts(240, 3), other = dataset->evaluation_prompts(240, 4);
  EXPECT_EQ(again[17].text, prompts[17].text);
  EXPECT_FALSE(std::equal(prompts.begin(), prompts.end(), other.begin(),
                          [](const Prompt& a, const Prompt& b) { return a.text == b.text; }));
  EXPECT_EQ(scenes_world("classes = 6\ncolors = 4")->evaluation_prompts(558, 0).size(), 558u);
}

TEST(Scenes, DrawsWhatFreeTextSays) {
  const auto dataset = scenes_world("");
  const Sample sample = dataset->draw({"there is a mug on the left side of a zebra", nullptr}, 3);
  ASSERT_EQ(sample.boxes.size(), 2u);
  EXPECT_EQ(dataset->world()->class_names()[sample.boxes[0].class_id], "zebra");
  EXPECT_EQ(dataset->world()->class_names()[sample.boxes[1].class_id], "cup");
  EXPECT_LT(sample.boxes[1].x1, sample.boxes[0].x1);
  EXPECT_NE(bytes(sample), bytes(dataset->draw(sample.prompt, 4)));
  EXPECT_THROW(dataset->draw({"an oil painting of a fox", nullptr}, 0), UserError);
  EXPECT_THROW(dataset->draw({"a photo of a bench", nullptr}, 0), UserError);
  EXPECT_THROW(dataset->draw({"a photo of six dogs", nullptr}, 0), UserError);
}

TEST(Scenes, EveryClassIsDrawnByEveryVendorThatHasIt) {
  const auto both = scenes_world("tasks = \"single_object\"");
  EXPECT_EQ(both->world()->class_names().size(), 64u);
  EXPECT_EQ(scenes_world("vendors = \"google\"")->world()->class_names().size(), 64u);
  EXPECT_EQ(scenes_world("vendors = \"twitter\"")->world()->class_names().size(), 63u);  // its racket is a ball
  EXPECT_EQ(both->attributions().size(), 2u);
  EXPECT_NE(both->attributions()[1].find("CC-BY 4.0"), std::string::npos);
  EXPECT_EQ(scenes_world("vendors = \"google\"")->attributions().size(), 1u);
}

TEST(Scenes, BadOptionsAreRefusedInOneLine) {
  EXPECT_EQ(refusal("classes = [\"car\", \"aple\"]"), "test.toml:3: 'classes' knows no 'aple'; did you mean 'apple'?");
  EXPECT_NE(refusal("classes = [\"bench\"]").find("'bench'"), std::string::npos);
  EXPECT_NE(refusal("classes = 65").find("outside 1..64"), std::string::npos);
  EXPECT_NE(refusal("colors = \"grene\"").find("did you mean 'green'?"), std::string::npos);
  EXPECT_NE(refusal("colours = 3").find("did you mean 'colors'?"), std::string::npos);
  EXPECT_NE(refusal("side = 48").find("16, 32 or 64"), std::string::npos);
  EXPECT_NE(refusal("classes = 1").find("needs two classes"), std::string::npos);
  EXPECT_NE(refusal("classes = \"car,dog,car\"").find("twice"), std::string::npos);
  EXPECT_NE(refusal("held_out = 0.9").find("held_out"), std::string::npos);
  EXPECT_THROW(scenes_world("classes = 6")->evaluation_prompts(1000000, 0), UserError);
}

}  // namespace
}  // namespace emf
