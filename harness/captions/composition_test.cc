// SPDX-License-Identifier: Apache-2.0
// Compositions become captions, labels and questions, and every question is answered by the boxes that it is about.
#include "harness/captions/composition.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/base/error.h"
#include "harness/rules/answers.h"

namespace emf {
namespace {

ObjectFact object(const char* name, int count = 1, const char* color = "") {
  return {geneval_class_id(name), count, geneval_color_id(color)};
}

Composition street() {
  return {{object("car", 1, "red"), object("dog"), object("apple", 2, "green")}, {Relation::kLeftOf}};
}

Detection seen(const char* name, CornerBox box, const char* color, float score = 1) {
  return {name, box, score, color};
}

/// Boxes of which everything holds that street() says.
std::vector<Detection> street_boxes() {
  return {seen("car", {40, 10, 50, 20}, "red"), seen("dog", {10, 10, 20, 20}, "brown"),
          seen("apple", {10, 40, 20, 50}, "green"), seen("apple", {40, 40, 50, 50}, "green")};
}

/// All that a composition can say: four objects, their colours, and two places.
Composition yard() {
  return {{object("car", 1, "red"), object("dog", 1, "brown"), object("cat", 1, "black"), object("bird", 1, "blue")},
          {Relation::kLeftOf, Relation::kAbove}};
}

std::vector<Detection> yard_boxes() {
  return {seen("car", {40, 40, 50, 50}, "red"), seen("dog", {10, 40, 20, 50}, "brown"),
          seen("cat", {40, 10, 50, 20}, "black"), seen("bird", {10, 10, 20, 20}, "blue")};
}

/// "id [dependency] category/subcategory text" a line.
std::string asked(const Json& labels) {
  std::string questions;
  for (const Json& one : labels["questions"]) {
    questions += fmt::format("{} [{}] {}/{} {}\n", one["id"].get<int>(), one["dependency"].get<std::string>(),
                             one["category"].get<std::string>(), one["subcategory"].get<std::string>(),
                             one["text"].get<std::string>());
  }
  return questions;
}

/// The questions make a graph without warnings, and a picture of which all holds scores 1.
void expect_full_score(const Composition& composition, const std::vector<Detection>& boxes) {
  Json row = composition_labels(composition, "");
  row["item_id"] = "any";
  const QuestionGraph graph = question_graph(row, "test");
  EXPECT_EQ(graph.questions.size(), static_cast<size_t>(fact_count(composition)));
  for (const DependencyRule rule : {DependencyRule::kDpg, DependencyRule::kDsg}) {
    const CheckedGraph checked = check_graph(graph, rule, true);
    EXPECT_TRUE(checked.warnings.empty());
    EXPECT_EQ(score_picture(graph, checked, answer_questions(composition, boxes), rule, true).score, 1);
  }
}

/// Texts of the questions that are answered "no".
std::set<std::string> denied(const Composition& composition, const std::vector<Detection>& boxes,
                             const GenEvalOptions& options = {}) {
  const Json labels = composition_labels(composition, "");
  const PictureAnswers answers = answer_questions(composition, boxes, options);
  EXPECT_EQ(answers.size(), labels["questions"].size());
  std::set<std::string> texts;
  for (const Json& question : labels["questions"]) {
    if (answers.at(question["id"]) == "no") texts.insert(question["text"]);
  }
  return texts;
}

TEST(Composition, SaysItsFactsInOfficialWords) {
  EXPECT_EQ(write_composition(street()),
            "a photo of a scene with a red car, a dog and two green apples, in which the dog is left of the car");
  EXPECT_EQ(fact_count(street()), 7);
  const Composition fruit = {{object("orange", 1, "orange"), object("knife", 3)}, {}};
  EXPECT_EQ(write_composition(fruit), "a photo of a scene with an orange orange and three knifes");
  EXPECT_EQ(fact_count(fruit), 4);
  const Composition full = {{object("bus", 1, "red"), object("cat", 1, "blue"), object("umbrella", 1, "pink"),
                             object("tv remote", 1, "black")},
                            {Relation::kAbove}};
  EXPECT_EQ(write_composition(full),
            "a photo of a scene with a red bus, a blue cat, a pink umbrella and a black tv remote, in which the cat is "
            "above the bus");
  EXPECT_EQ(fact_count(full), 9);
  EXPECT_EQ(write_composition(yard()),
            "a photo of a scene with a red car, a brown dog, a black cat and a blue bird, in which the dog is left of "
            "the car and the cat is above the car");
  EXPECT_EQ(fact_count(yard()), kMostFacts);
  EXPECT_EQ(write_composition({{object("car"), object("dog"), object("cat")}, {Relation::kBelow, Relation::kRightOf}}),
            "a photo of a scene with a car, a dog and a cat, in which the dog is below the car and the cat is right of "
            "the car");
  EXPECT_FALSE(parse_caption(write_composition({{object("car", 1, "red"), object("dog", 1, "blue")}, {}})));
}

TEST(Composition, AsksInTheWordsOfDsg) {
  const Json labels = composition_labels(street(), "the text");
  EXPECT_EQ(labels["prompt"], "the text");
  EXPECT_EQ(labels["include"].dump(), R"([{"class":"car","color":"red","count":1},)"
                                      R"({"class":"dog","count":1,"position":["left of",0]},)"
                                      R"({"class":"apple","color":"green","count":2}])");
  EXPECT_EQ(asked(labels),
            "1 [0] entity/whole Is there a car?\n"
            "2 [0] entity/whole Is there a dog?\n"
            "3 [0] entity/whole Are there apples?\n"
            "4 [3] other/count Are there two apples?\n"
            "5 [1] attribute/color Is the car red?\n"
            "6 [3] attribute/color Are the apples green?\n"
            "7 [1,2] relation/spatial Is the dog left of the car?\n");
  expect_full_score(street(), street_boxes());
}

TEST(Composition, AsksForBothPlaces) {
  const Json labels = composition_labels(yard(), "the text");
  EXPECT_EQ(labels["include"].dump(), R"([{"class":"car","color":"red","count":1},)"
                                      R"({"class":"dog","color":"brown","count":1,"position":["left of",0]},)"
                                      R"({"class":"cat","color":"black","count":1,"position":["above",0]},)"
                                      R"({"class":"bird","color":"blue","count":1}])");
  EXPECT_EQ(asked(labels),
            "1 [0] entity/whole Is there a car?\n"
            "2 [0] entity/whole Is there a dog?\n"
            "3 [0] entity/whole Is there a cat?\n"
            "4 [0] entity/whole Is there a bird?\n"
            "5 [1] attribute/color Is the car red?\n"
            "6 [2] attribute/color Is the dog brown?\n"
            "7 [3] attribute/color Is the cat black?\n"
            "8 [4] attribute/color Is the bird blue?\n"
            "9 [1,2] relation/spatial Is the dog left of the car?\n"
            "10 [1,3] relation/spatial Is the cat above the car?\n");
  expect_full_score(yard(), yard_boxes());
}

TEST(Composition, LabelsReadBack) {
  for (const Relation relation : {Relation::kLeftOf, Relation::kRightOf, Relation::kAbove, Relation::kBelow}) {
    Composition composition = street();
    composition.relations = {relation};
    EXPECT_EQ(composition_from_labels(composition_labels(composition, "any")), composition);
    for (const Relation second : {Relation::kLeftOf, Relation::kRightOf, Relation::kAbove, Relation::kBelow}) {
      if (is_vertical(second) == is_vertical(relation)) continue;
      composition = yard();
      composition.relations = {relation, second};
      EXPECT_EQ(composition_from_labels(composition_labels(composition, "any")), composition);
    }
  }
  const Composition plain = {{object("cup", 2, "white"), object("bowl", 2)}, {}};
  EXPECT_EQ(composition_from_labels(composition_labels(plain, "")), plain);
  EXPECT_TRUE(is_composition(composition_labels(plain, "")));
  EXPECT_FALSE(is_composition(nullptr));
  EXPECT_FALSE(is_composition({{"tag", 3}}));
  EXPECT_FALSE(is_composition(facts_to_metadata({Task::kSingleObject, {object("cup")}})));
}

TEST(Composition, SaysTheSameInAnyOrder) {
  const Composition turned = {{object("dog"), object("car", 1, "red"), object("apple", 2, "green")},
                              {Relation::kRightOf}};
  EXPECT_NE(write_composition(turned), write_composition(street()));
  EXPECT_EQ(canonical_composition(turned), canonical_composition(street()));
  Composition other = turned;
  other.relations = {Relation::kLeftOf};
  EXPECT_NE(canonical_composition(other), canonical_composition(street()));
  const Composition plain = {{object("cup", 2), object("bowl"), object("cat")}, {}};
  EXPECT_EQ(canonical_composition(plain),
            canonical_composition({{plain.objects[2], plain.objects[0], plain.objects[1]}, {}}));
}

TEST(Composition, TwoPlacesSayTheSameInEitherOrder) {
  const ObjectFact car = yard().objects[0], dog = yard().objects[1], cat = yard().objects[2], bird = yard().objects[3];
  constexpr Relation kLeft = Relation::kLeftOf, kRight = Relation::kRightOf, kAbove = Relation::kAbove;
  const Composition turned = {{car, cat, dog, bird}, {kAbove, kLeft}};
  EXPECT_NE(turned, yard());
  EXPECT_NE(write_composition(turned), write_composition(yard()));
  EXPECT_EQ(canonical_composition(turned), yard());
  EXPECT_EQ(canonical_composition(yard()), yard());
  // Seen from another object, or of another one, a place is another fact; so is one place less.
  const std::vector<Composition> others = {{{car, cat, dog, bird}, {kLeft, kAbove}},
                                           {{car, dog, cat, bird}, {kRight, kAbove}},
                                           {{car, dog, cat, bird}, {kLeft, Relation::kBelow}},
                                           {{dog, car, cat, bird}, {kRight, kAbove}},
                                           {{car, dog, bird, cat}, {kLeft, kAbove}},
                                           {{car, dog, cat, bird}, {kLeft}},
                                           {{car, cat, dog, bird}, {kAbove}},
                                           {{car, dog, cat, bird}, {}}};
  std::set<std::string> texts = {write_composition(canonical_composition(yard()))};
  for (const Composition& other : others) {
    EXPECT_TRUE(texts.insert(write_composition(canonical_composition(other))).second) << write_composition(other);
    EXPECT_EQ(canonical_composition(canonical_composition(other)), canonical_composition(other));
  }
  // One of four whose order matters in no writing.
  EXPECT_EQ(canonical_composition({{car, dog, cat, bird}, {kLeft}}),
            canonical_composition({{dog, car, bird, cat}, {kRight}}));
}

TEST(Composition, EachNearMissIsDeniedByItsOwnQuestion) {
  const auto changed = [](size_t box, auto change) {
    auto boxes = street_boxes();
    change(boxes[box]);
    return denied(street(), boxes);
  };
  using Texts = std::set<std::string>;
  EXPECT_EQ(denied(street(), street_boxes()), Texts{});
  EXPECT_EQ(changed(0, [](Detection& box) { box.color = "blue"; }), Texts{"Is the car red?"});
  EXPECT_EQ(changed(0, [](Detection& box) { box.color.reset(); }), Texts{"Is the car red?"});
  EXPECT_EQ(changed(3, [](Detection& box) { box.color = "red"; }), Texts{"Are the apples green?"});
  EXPECT_EQ(changed(1, [](Detection& box) { box.box = {70, 10, 80, 20}; }), Texts{"Is the dog left of the car?"});
  EXPECT_EQ(changed(3, [](Detection& box) { box.class_name = "cat"; }), Texts{"Are there two apples?"});
  auto more = street_boxes();
  more.push_back(seen("apple", {10, 70, 20, 80}, "green"));
  EXPECT_EQ(denied(street(), more), Texts{"Are there two apples?"});
  // Without its entity whatever is said of it is denied too.
  EXPECT_EQ(changed(1, [](Detection& box) { box.class_name = "cat"; }),
            (Texts{"Is there a dog?", "Is the dog left of the car?"}));
}

TEST(Composition, EachPlaceIsDeniedByItself) {
  const auto moved = [](size_t box, CornerBox to) {
    auto boxes = yard_boxes();
    boxes[box].box = to;
    return denied(yard(), boxes);
  };
  using Texts = std::set<std::string>;
  const char *left = "Is the dog left of the car?", *above = "Is the cat above the car?";
  EXPECT_EQ(denied(yard(), yard_boxes()), Texts{});
  EXPECT_EQ(moved(1, {70, 40, 80, 50}), Texts{left});
  EXPECT_EQ(moved(2, {40, 70, 50, 80}), Texts{above});
  EXPECT_EQ(moved(0, {10, 10, 20, 20}), (Texts{left, above}));
  EXPECT_EQ(moved(3, {70, 70, 80, 80}), Texts{});
}

TEST(Composition, BoxesCountAboveTheirThresholds) {
  using Texts = std::set<std::string>;
  auto boxes = street_boxes();
  boxes[3].score = 0.5f;  // there, but not sure enough to be counted
  EXPECT_EQ(denied(street(), boxes), Texts{"Are there two apples?"});
  GenEvalOptions options;
  options.counting_threshold = 0.4f;
  EXPECT_EQ(denied(street(), boxes, options), Texts{});
  boxes = street_boxes();
  // A less confident car elsewhere, in another colour, changes nothing; a more confident one does.
  boxes.push_back(seen("car", {0, 10, 5, 20}, "blue", 0.5f));
  EXPECT_EQ(denied(street(), boxes), Texts{});
  boxes[0].score = 0.4f;
  EXPECT_EQ(denied(street(), boxes), (Texts{"Is the car red?", "Is the dog left of the car?"}));
  boxes[0].score = boxes.back().score = 0.3f;  // not strictly above
  EXPECT_EQ(denied(street(), boxes), (Texts{"Is there a car?", "Is the car red?", "Is the dog left of the car?"}));
  EXPECT_EQ(denied(street(), {}).size(), 7u);
}

TEST(Composition, WhatNoneStatesIsRefused) {
  const auto refusal = [](const char* text) -> std::string {
    try {
      composition_from_labels(parse_json(text, "test"));
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  const auto expect = [&](const char* labels, const char* part) {
    EXPECT_NE(refusal(labels).find(part), std::string::npos) << labels << ": " << refusal(labels);
  };
  expect("[]", "must be an object");
  expect(R"({"tag": "colors", "include": []})", "'colors', not 'composition'");
  expect(R"({"tag": "composition"})", "2 to 4 kinds of objects, not 0");
  expect(R"({"tag": "composition", "include": [{"class": "dgo", "count": 1}]})", "did you mean 'dog'?");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1, "color": "rde"}]})", "did you mean 'red'?");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 0}, {"class": "cat", "count": 3}]})",
         "at least one dog");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 3}, {"class": "cat", "count": 2}]})",
         "holds 5 objects, at most 4");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 3}, {"class": "dog", "count": 1}]})",
         "names dog twice");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1}, {"class": "cat", "count": 1}]})",
         "states 2 facts, at least 3");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 2},
             {"class": "cat", "count": 1, "position": ["above", 0]}]})",
         "several of them");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1}, {"class": "cat", "count": 1},
             {"class": "cow", "count": 1, "position": ["above", 0]}]})",
         "'cow' has a position, but 'cat' before it has none");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1},
             {"class": "cat", "count": 1, "position": ["above", 0]},
             {"class": "cow", "count": 1, "position": ["left of", 1]}]})",
         "'cow' has a position relative to 'cat'; only the second and third");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1}, {"class": "cat", "count": 1},
             {"class": "cow", "count": 1}, {"class": "bus", "count": 1, "position": ["above", 0]}]})",
         "'bus' has a position relative to 'dog'; only the second and third");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1},
             {"class": "cat", "count": 1, "position": ["above", 0]},
             {"class": "cow", "count": 1, "position": ["below", 0]}]})",
         "places one object above and one below the dog, both along one axis");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1},
             {"class": "cat", "count": 1, "position": ["above", 0]},
             {"class": "cow", "count": 2, "position": ["left of", 0]}]})",
         "several of them");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 1},
             {"class": "cat", "count": 1, "position": ["over", 0]}]})",
         "unknown relation 'over'");
  expect(R"({"tag": "composition", "include": [{"class": "dog", "count": 3}, {"class": "cat", "count": 1}],
             "exclude": [{"class": "dog", "count": 4}]})",
         "excludes nothing");
  EXPECT_THROW(write_composition({{object("dog"), object("cat")}, {}}), InternalError);
  EXPECT_THROW(answer_questions({{}, {}}, {}), InternalError);
  EXPECT_THROW(write_composition({{object("dog"), object("cat")}, {Relation::kAbove, Relation::kLeftOf}}),
               InternalError);
  Composition crowded = yard();
  crowded.relations.push_back(Relation::kBelow);
  EXPECT_THROW(canonical_composition(crowded), InternalError);
}

}  // namespace
}  // namespace emf
