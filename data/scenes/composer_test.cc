// SPDX-License-Identifier: Apache-2.0
// The compositions of scenes: pictures are what their captions say, training and judging stay apart, every number of
// facts comes as often as any other.
#include "data/scenes/composer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/rules/answers.h"
#include "tests/scenes_world.h"

namespace emf {
namespace {

/// The world of experiments/standard.toml.
constexpr const char* kStandard = "classes = 10\ncolors = 6\nlayout = \"quarters\"\nvariety = 0.5\n";

std::vector<Detection> true_boxes(const Dataset& dataset, const Sample& sample) {
  std::vector<Detection> boxes;
  for (const Box& box : sample.boxes) {
    Detection& detection = boxes.emplace_back();
    detection.class_name = dataset.world()->class_names().at(box.class_id);
    detection.box = {box.x0, box.y0, box.x1, box.y1};
    detection.score = 1;
    if (box.color_id >= 0) detection.color = dataset.world()->color_names().at(box.color_id);
  }
  return boxes;
}

/// Categories of the questions that are answered "no".
std::multiset<std::string> denied(const Json& labels, const PictureAnswers& answers) {
  std::multiset<std::string> categories;
  for (const Json& question : labels.at("questions")) {
    if (answers.at(question.at("id")) == "no") categories.insert(question.at("subcategory"));
  }
  return categories;
}

/// Every fact of the labels holds, and each changed by itself is what its question denies.
void expect_true(const Dataset& dataset, const Sample& sample) {
  const Json& labels = sample.prompt.labels;
  const Composition said = composition_from_labels(labels);
  const auto boxes = true_boxes(dataset, sample);
  const auto denials = [&](const Composition& asked) {
    return denied(composition_labels(asked, ""), answer_questions(asked, boxes));
  };
  using Categories = std::multiset<std::string>;
  ASSERT_EQ(denials(said), Categories{}) << sample.prompt.text << " #" << sample.index;
  // A place with margin: half as much again is taken off both sizes.
  GenEvalOptions strict;
  strict.position_threshold = 0.15f;
  EXPECT_EQ(denied(labels, answer_questions(said, boxes, strict)), Categories{}) << sample.prompt.text;
  for (size_t i = 0; i < said.objects.size(); ++i) {
    Composition missed = said;
    if (said.objects[i].color_id >= 0) {
      missed.objects[i].color_id = (said.objects[i].color_id + 1) % static_cast<int>(geneval_colors().size());
      EXPECT_EQ(denials(missed), Categories{"color"}) << sample.prompt.text;
    }
    if (said.objects[i].count > 1) {
      auto fewer = boxes;
      fewer.erase(std::find_if(fewer.begin(), fewer.end(), [&](const Detection& box) {
        return box.class_name == geneval_classes()[said.objects[i].class_id];
      }));
      EXPECT_EQ(denied(labels, answer_questions(said, fewer)), Categories{"count"}) << sample.prompt.text;
    }
  }
  for (size_t i = 0; i < said.relations.size(); ++i) {
    Composition missed = said;
    missed.relations[i] = static_cast<Relation>(static_cast<int>(said.relations[i]) ^ 1);
    EXPECT_EQ(denials(missed), Categories{"spatial"}) << sample.prompt.text;
  }
}

TEST(ScenesCompositions, PicturesAreWhatCaptionsSay) {
  for (const int side : {16, 32, 64}) {
    for (const char* layout : {"free", "quarters"}) {
      for (const double variety : {0.0, 0.5, 1.0}) {
        const auto dataset =
            scenes_world(fmt::format("side = {}\nlayout = \"{}\"\nvariety = {:.1f}", side, layout, variety));
        const auto prompts = dataset->world()->compositions(300, 1);
        for (size_t i = 0; i < prompts.size(); ++i) {
          const Sample sample = dataset->draw(prompts[i], i);
          EXPECT_EQ(sample.prompt.text, prompts[i].text);
          expect_true(*dataset, sample);
          const Composition said = composition_from_labels(prompts[i].labels);
          size_t objects = 0;
          for (const ObjectFact& object : said.objects) objects += static_cast<size_t>(object.count);
          EXPECT_EQ(sample.boxes.size(), objects);
          for (const Box& box : sample.boxes) {
            EXPECT_TRUE(box.x0 >= 0 && box.y0 >= 0 && box.x1 <= side && box.y1 <= side) << prompts[i].text;
            for (const Box& other : sample.boxes) {
              EXPECT_TRUE(&box == &other || box.x1 <= other.x0 || other.x1 <= box.x0 || box.y1 <= other.y0 ||
                          other.y1 <= box.y0)
                  << prompts[i].text;
            }
          }
        }
      }
    }
  }
}

TEST(ScenesCompositions, PicturesShowBothPlacesAndNoOther) {
  for (const int side : {16, 32, 64}) {
    for (const char* layout : {"free", "quarters"}) {
      const auto dataset = scenes_world(fmt::format("side = {}\nlayout = \"{}\"", side, layout));
      int both = 0;
      std::set<std::vector<Relation>> seen;
      for (const Prompt& prompt : dataset->world()->compositions(400, 5)) {
        const Composition said = composition_from_labels(prompt.labels);
        if (said.relations.size() < 2) continue;
        seen.insert(said.relations);
        for (uint64_t index = 0; index < 5; ++index, ++both) {
          const Sample sample = dataset->draw(prompt, index);
          const auto boxes = true_boxes(*dataset, sample);
          // Boxes are in the order of the objects, all of which are single.
          ASSERT_EQ(boxes.size(), said.objects.size());
          for (size_t i = 0; i < said.relations.size(); ++i) {
            const std::string& stated = geneval_relations()[static_cast<size_t>(said.relations[i])];
            EXPECT_EQ(geneval_relations(boxes[i + 1].box, boxes[0].box), std::vector<std::string>{stated})
                << prompt.text << " #" << index;
          }
          EXPECT_EQ(denied(prompt.labels, answer_questions(said, boxes)), std::multiset<std::string>{}) << prompt.text;
        }
      }
      EXPECT_GT(both, 500);
      EXPECT_EQ(seen.size(), 8u) << "either axis first, either way on both";
    }
  }
}

TEST(ScenesCompositions, EveryNumberOfFactsIsAsFrequent) {
  for (const char* table : {kStandard, "side = 32"}) {
    const auto dataset = scenes_world(table);
    const auto prompts = dataset->world()->compositions(800, 3);
    std::map<size_t, int> facts, held_out;
    std::map<size_t, std::array<int, 3>> places;
    std::set<std::string> texts;
    int unseen = 0;
    for (const Prompt& prompt : prompts) {
      EXPECT_TRUE(texts.insert(prompt.text).second) << prompt.text;
      EXPECT_EQ(prompt.labels.at("prompt"), prompt.text);
      const Composition said = composition_from_labels(prompt.labels);
      EXPECT_EQ(write_composition(said), prompt.text);
      const size_t count = prompt.labels.at("questions").size();
      ++facts[count];
      if (prompt.labels.at("held_out").get<bool>()) ++held_out[count];
      ++places[count].at(said.relations.size());
      Json row = prompt.labels;
      row["item_id"] = prompt.text;
      EXPECT_TRUE(check_graph(question_graph(row, "test"), DependencyRule::kDpg, true).warnings.empty());
    }
    EXPECT_EQ(facts.size(), 8u);
    for (size_t count = kFewestFacts; count <= kMostFacts; ++count) {
      EXPECT_EQ(facts[count], 100) << count;
      EXPECT_NEAR(held_out[count], 15, 3) << count;
      unseen += held_out[count];
    }
    EXPECT_EQ(unseen, 120);
    // Equal shares of the numbers of places that a number of facts can have; 20 is four standard deviations. Of the
    // compositions of three facts so few have a place that training shows most of those.
    for (const auto& [count, share] : places) {
      if (count == kFewestFacts) continue;
      const std::array<bool, 3> possible = {count <= 8, count <= 9, count >= 5};
      const auto choices = std::count(possible.begin(), possible.end(), true);
      for (size_t number = 0; number < 3; ++number) {
        const double expected = possible[number] ? 100.0 / static_cast<double>(choices) : 0;
        EXPECT_NEAR(share[number], expected, possible[number] && choices > 1 ? 20 : 0) << count << ": " << number;
      }
    }
  }
}

TEST(ScenesCompositions, JudgedOnesAreNeverTrained) {
  const auto dataset = scenes_world(std::string(kStandard) + "compositions = 0.5");
  std::set<std::string> trained, captions;
  std::set<std::pair<std::string, std::string>> held_out;
  const Json fingerprint = dataset->fingerprint();
  for (const Json& pair : fingerprint.at("held_out_pairs")) held_out.emplace(pair[0], pair[1]);
  std::map<size_t, int> facts;
  for (const Prompt& prompt : dataset->world()->all_prompts(Split::kTrain)) {
    EXPECT_TRUE(captions.insert(prompt.text).second) << prompt.text;
    if (!is_composition(prompt.labels)) continue;
    const Composition said = composition_from_labels(prompt.labels);
    trained.insert(write_composition(canonical_composition(said)));
    ++facts[prompt.labels.at("questions").size()];
    for (const Json& include : prompt.labels.at("include")) {
      EXPECT_FALSE(include.contains("color") && held_out.count({include["class"], include["color"]}) > 0);
    }
  }
  EXPECT_EQ(facts.size(), 8u);
  EXPECT_GT(trained.size(), 3700u);
  const auto judged = dataset->world()->compositions(1400, 0);
  for (const Prompt& prompt : judged) {
    const Composition said = composition_from_labels(prompt.labels);
    EXPECT_FALSE(trained.count(write_composition(canonical_composition(said)))) << prompt.text;
    bool unseen = false;
    for (const Json& include : prompt.labels.at("include")) {
      unseen = unseen || (include.contains("color") && held_out.count({include["class"], include["color"]}) > 0);
    }
    EXPECT_EQ(prompt.labels.at("held_out"), unseen) << prompt.text;
  }
  // Few are the first of many, whatever the share in training; another seed judges by others.
  const auto few = scenes_world(kStandard)->world()->compositions(20, 0), other = dataset->world()->compositions(20, 1);
  int same = 0;
  for (size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(few[i].text, judged[i].text);
    EXPECT_EQ(few[i].labels, judged[i].labels);
    same += few[i].text == other[i].text ? 1 : 0;
  }
  EXPECT_LT(same, 3);
}

TEST(ScenesCompositions, TakeTheirShareOfTrainingAndLeaveTheRest) {
  const std::string table = "classes = 12\nparaphrase = 0.5\n";
  const auto plain = scenes_world(table, 7), mixed = scenes_world(table + "compositions = 0.25", 7),
             again = scenes_world(table + "compositions = 0.25", 7),
             none = scenes_world(table + "compositions = 0.0", 7);
  EXPECT_EQ(plain->fingerprint(), none->fingerprint());
  EXPECT_FALSE(plain->fingerprint().at("options").contains("compositions"));
  EXPECT_FALSE(plain->fingerprint().contains("composition_pool"));
  EXPECT_TRUE(mixed->fingerprint().contains("composition_pool"));
  EXPECT_EQ(mixed->fingerprint().at("options").at("compositions"), 0.25);
  std::set<std::string> captions;
  for (const Prompt& prompt : mixed->world()->all_prompts(Split::kTrain)) captions.insert(prompt.text);
  int composed = 0;
  for (uint64_t index = 0; index < 2000; ++index) {
    const Sample sample = mixed->sample(index);
    EXPECT_TRUE(captions.count(sample.prompt.text)) << sample.prompt.text;
    EXPECT_EQ(sample.prompt.labels, mixed->prompt(index).labels);
    std::vector<uint8_t> picture(32 * 32 * 3, 99);
    std::vector<Box> boxes;
    again->picture(index, picture, boxes);
    EXPECT_EQ(picture, sample.picture) << index;
    EXPECT_EQ(boxes.size(), sample.boxes.size());
    if (is_composition(sample.prompt.labels)) {
      ++composed;
      expect_true(*mixed, sample);
      continue;
    }
    const Sample unmixed = plain->sample(index);
    EXPECT_EQ(unmixed.picture, sample.picture) << index;
    EXPECT_EQ(unmixed.prompt.text, sample.prompt.text);
  }
  EXPECT_NEAR(composed, 500, 100);  // five standard deviations
}

TEST(ScenesCompositions, KeepTheirWordsAndTheirBytes) {
  const auto dataset = scenes_world("");
  const auto prompts = dataset->world()->compositions(50, 2), again = scenes_world("")->world()->compositions(50, 2);
  for (size_t i = 0; i < prompts.size(); ++i) {
    EXPECT_EQ(prompts[i].text, again[i].text);
    EXPECT_EQ(dataset->paraphrase(prompts[i], i).text, prompts[i].text);
    EXPECT_EQ(dataset->paraphrase(prompts[i], i).labels, prompts[i].labels);
    const Sample sample = dataset->draw(prompts[i], 5);
    EXPECT_EQ(sample.picture, dataset->draw(again[i], 5).picture);
    EXPECT_NE(sample.picture, dataset->draw(prompts[i], 6).picture);
  }
}

TEST(ScenesCompositions, GoldenComposition) {
  // Generators are trained on the pool: when it changes, so must Composer::kPoolVersion.
  const auto dataset = scenes_world("classes = 10\ncolors = 6\ncompositions = 1.0");
  const Sample sample = dataset->sample(0);
  EXPECT_EQ(sample.prompt.text,
            "a photo of a scene with a blue car, a red dog, a yellow apple and a teddy bear, in which the dog is above "
            "the car and the apple is right of the car");
  EXPECT_EQ(sha256_hex(std::string(sample.picture.begin(), sample.picture.end())),
            "6f0c7d9f48f560fc6719729275a2199008f8f05b19d6d4def48e22fb3239abca");
  EXPECT_EQ(dataset->world()->compositions(1, 0)[0].text, "a photo of a scene with a cat and a red donut");
}

TEST(ScenesCompositions, GoldenDrawings) {
  // What a caption's picture looks like hangs on no pool: when it changes, so must the scenes' kFormatVersion.
  const auto dataset = scenes_world("classes = 10\ncolors = 6");
  Composition said = {{{geneval_class_id("car"), 1, geneval_color_id("yellow")},
                       {geneval_class_id("dog"), 1, geneval_color_id("red")},
                       {geneval_class_id("apple"), 1, geneval_color_id("green")}},
                      {Relation::kRightOf}};
  const auto digest = [&] {
    const std::string text = write_composition(said);
    const Sample sample = dataset->draw({text, composition_labels(said, text)}, 0);
    return sha256_hex(std::string(sample.picture.begin(), sample.picture.end()));
  };
  EXPECT_EQ(digest(), "243b4f490ac5fbef1378536859e78e615df1459040fa4353c7b974aa6eda84ba");
  said.relations.push_back(Relation::kAbove);
  EXPECT_EQ(digest(), "842f61301d6213eedd9bb3160d654b6a7f88e988c41d2d3dce6be02026a665bd");
}

TEST(ScenesCompositions, SmallWorldsGiveWhatTheyHave) {
  const auto refusal = [](auto action) -> std::string {
    try {
      action();
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  const char* one = "classes = 1\ntasks = [\"single_object\"]\n";
  EXPECT_NE(refusal([&] { scenes_world(one)->world()->compositions(1, 0); }).find("need two classes"),
            std::string::npos);
  EXPECT_EQ(refusal([&] { scenes_world(std::string(one) + "compositions = 0.5"); }),
            "test.toml:5: compositions need two classes, this world has one");
  EXPECT_NE(refusal([&] { scenes_world("compositions = 1.5"); }).find("compositions"), std::string::npos);
  // 2 classes and 1 colour: training has said nearly everything.
  const auto tiny = scenes_world("classes = 2\ncolors = 1\ntasks = [\"colors\"]\ncompositions = 1.0");
  EXPECT_NE(refusal([&] { tiny->world()->compositions(500, 0); }).find("that training does not show"),
            std::string::npos);
  for (uint64_t index = 0; index < 200; ++index) expect_true(*tiny, tiny->sample(index));
  EXPECT_THROW(scenes_world(kStandard)->world()->compositions(0, 0), UserError);
  const auto small = scenes_world("classes = [\"car\", \"dog\", \"cup\"]\ncolors = [\"red\", \"blue\"]"),
             whole = scenes_world("");
  EXPECT_THROW(small->draw(whole->world()->compositions(1, 0)[0], 0), UserError);
}

}  // namespace
}  // namespace emf
