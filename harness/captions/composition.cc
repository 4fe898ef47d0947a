// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/composition.h"

#include <algorithm>
#include <numeric>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/captions/geneval_metadata.h"
#include "harness/captions/sentences.h"

namespace emf {
namespace {

using Question = CompositionQuestion;
using Ask = CompositionQuestion::Ask;

const std::string& relation_name(Relation relation) { return geneval_relations().at(static_cast<size_t>(relation)); }

std::vector<Question> questions_of(const Composition& composition) {
  std::vector<Question> questions;
  const std::vector<ObjectFact>& objects = composition.objects;
  for (size_t i = 0; i < objects.size(); ++i) questions.push_back({Ask::kEntity, i});
  for (size_t i = 0; i < objects.size(); ++i) {
    if (objects[i].count > 1) questions.push_back({Ask::kCount, i});
  }
  for (size_t i = 0; i < objects.size(); ++i) {
    if (objects[i].color_id >= 0) questions.push_back({Ask::kColor, i});
  }
  for (size_t i = 0; i < composition.relations.size(); ++i) questions.push_back({Ask::kRelation, i + 1});
  return questions;
}

/// Why no caption states the composition; "" when one does.
std::string fault(const Composition& composition) {
  const std::vector<ObjectFact>& objects = composition.objects;
  if (objects.size() < 2 || objects.size() > kMostComposedObjects) {
    return fmt::format("needs 2 to {} kinds of objects, not {}", kMostComposedObjects, objects.size());
  }
  int64_t total = 0;
  for (size_t i = 0; i < objects.size(); ++i) {
    const std::string& name = geneval_classes().at(objects[i].class_id);
    if (objects[i].count < 1) return fmt::format("needs at least one {}", name);
    total += objects[i].count;
    for (size_t earlier = 0; earlier < i; ++earlier) {
      if (objects[earlier].class_id == objects[i].class_id) return fmt::format("names {} twice", name);
    }
  }
  if (total > kMostComposedObjects) return fmt::format("holds {} objects, at most {}", total, kMostComposedObjects);
  const std::vector<Relation>& relations = composition.relations;
  if (relations.size() > std::min<size_t>(kMostPlaces, objects.size() - 1)) {
    return fmt::format("places {} of {} objects beside the first", relations.size(), objects.size());
  }
  for (size_t i = 0; !relations.empty() && i <= relations.size(); ++i) {
    if (objects[i].count > 1) return "places one single object beside another, but says several of them";
  }
  if (relations.size() == kMostPlaces && is_vertical(relations[0]) == is_vertical(relations[1])) {
    return fmt::format("places one object {} and one {} the {}, both along one axis", relation_name(relations[0]),
                       relation_name(relations[1]), geneval_classes()[objects[0].class_id]);
  }
  const int facts = fact_count(composition);
  if (facts < kFewestFacts) return fmt::format("states {} facts, at least {}", facts, kFewestFacts);
  return "";
}

void ensure_stated(const Composition& composition) {
  const std::string why = fault(composition);
  ensure(why.empty(), "a composition that {}", why);
}

const std::string& name_of(const ObjectFact& object) { return noun(object.class_id, NameStyle::kOfficial); }

std::string plural_of(const ObjectFact& object) { return plural(object.class_id, NameStyle::kOfficial); }

std::string described(const ObjectFact& object) {
  return noun_phrase(phrase_words(object, NameStyle::kOfficial), ColorStyle::kBefore);
}

/// What a relation's question asks.
Relation relation_of(const Question& question, const Composition& composition) {
  return composition.relations.at(question.object - 1);
}

std::string text_of(const Question& question, const Composition& composition) {
  const ObjectFact& object = composition.objects[question.object];
  const bool many = object.count > 1;
  switch (question.ask) {
    case Ask::kEntity:
      return many ? fmt::format("Are there {}?", plural_of(object))
                  : fmt::format("Is there {}?", with_article(name_of(object)));
    case Ask::kCount:
      return fmt::format("Are there {} {}?", number_words().at(object.count), plural_of(object));
    case Ask::kColor:
      return fmt::format("{} the {} {}?", many ? "Are" : "Is", many ? plural_of(object) : name_of(object),
                         geneval_colors().at(object.color_id));
    case Ask::kRelation:
      return fmt::format("Is the {} {} the {}?", name_of(object), relation_name(relation_of(question, composition)),
                         name_of(composition.objects[0]));
  }
  return "";
}

/// {category_broad, category_detailed} as DSG-1k's table has them.
std::pair<const char*, const char*> categories_of(Ask ask) {
  switch (ask) {
    case Ask::kEntity:
      return {"entity", "whole"};
    case Ask::kCount:
      return {"other", "count"};
    case Ask::kColor:
      return {"attribute", "color"};
    case Ask::kRelation:
      return {"relation", "spatial"};
  }
  return {"", ""};
}

std::string dependency_of(const Question& question) {
  if (question.ask == Ask::kEntity) return "0";
  if (question.ask == Ask::kRelation) return fmt::format("1,{}", question.object + 1);
  return std::to_string(question.object + 1);
}

int known(const std::string& name, const std::vector<std::string>& names, const char* what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) fail_input("{}: unknown {} '{}'{}", kCompositionTag, what, name, suggestion(name, names));
  return static_cast<int>(found - names.begin());
}

}  // namespace

int fact_count(const Composition& composition) { return static_cast<int>(questions_of(composition).size()); }

std::vector<CompositionQuestion> composition_questions(const Composition& composition) {
  ensure(!composition.objects.empty() && composition.relations.size() < composition.objects.size(),
         "questions about {} objects in {} places", composition.objects.size(), composition.relations.size());
  return questions_of(composition);
}

Composition composition_of_facts(const Facts& facts) {
  Composition composition{facts.objects, {}};
  if (facts.task == Task::kPosition) composition.relations.push_back(facts.relation);
  return composition;
}

Json question_labels(const Composition& composition) {
  Json questions = Json::array();
  for (const Question& question : composition_questions(composition)) {
    const auto [category, subcategory] = categories_of(question.ask);
    questions.push_back({{"id", questions.size() + 1},
                         {"dependency", dependency_of(question)},
                         {"category", category},
                         {"subcategory", subcategory},
                         {"text", text_of(question, composition)}});
  }
  return questions;
}

std::string write_composition(const Composition& composition) {
  ensure_stated(composition);
  const std::vector<ObjectFact>& objects = composition.objects;
  // "a scene with" keeps even the shortest of them apart from GenEval's captions.
  std::string text = "a photo of a scene with " + described(objects.front());
  for (size_t i = 1; i < objects.size(); ++i) {
    text += (i + 1 < objects.size() ? ", " : " and ") + described(objects[i]);
  }
  for (size_t i = 0; i < composition.relations.size(); ++i) {
    text += fmt::format("{} the {} is {} the {}", i == 0 ? ", in which" : " and", name_of(objects[i + 1]),
                        relation_name(composition.relations[i]), name_of(objects[0]));
  }
  return text;
}

Composition canonical_composition(const Composition& composition) {
  ensure_stated(composition);
  Composition sorted = composition;
  const auto by_class = [](const ObjectFact& a, const ObjectFact& b) { return a.class_id < b.class_id; };
  std::vector<ObjectFact>& objects = sorted.objects;
  std::vector<Relation>& relations = sorted.relations;
  if (relations.size() == 1 && by_class(objects[1], objects[0])) {
    std::swap(objects[0], objects[1]);
    // Opposite relations are neighbours: left and right, above and below.
    relations[0] = static_cast<Relation>(static_cast<int>(relations[0]) ^ 1);
  }
  if (relations.size() == 2 && is_vertical(relations[0])) {
    std::swap(objects[1], objects[2]);
    std::swap(relations[0], relations[1]);
  }
  const size_t placed = relations.empty() ? 0 : relations.size() + 1;
  std::sort(objects.begin() + static_cast<std::ptrdiff_t>(placed), objects.end(), by_class);
  return sorted;
}

bool is_composition(const Json& labels) {
  if (!labels.is_object()) return false;
  const auto tag = labels.find("tag");
  return tag != labels.end() && *tag == kCompositionTag;
}

Json composition_labels(const Composition& composition, const std::string& text) {
  ensure_stated(composition);
  Json include = Json::array();
  for (const ObjectFact& object : composition.objects) include.push_back(include_clause(object));
  for (size_t i = 0; i < composition.relations.size(); ++i) {
    include[i + 1]["position"] = {relation_name(composition.relations[i]), 0};
  }
  return {{"tag", kCompositionTag},
          {"prompt", text},
          {"include", std::move(include)},
          {"questions", question_labels(composition)}};
}

Composition composition_from_labels(const Json& labels) {
  const GenEvalMetadata metadata = geneval_metadata(labels, kCompositionTag);
  if (metadata.tag != kCompositionTag)
    fail_input("{}: the labels' tag is '{}', not '{}'", kCompositionTag, metadata.tag, kCompositionTag);
  if (!metadata.exclude.empty())
    fail_input("{}: labels with an 'exclude'; a composition excludes nothing", kCompositionTag);
  Composition composition;
  for (const GenEvalClause& clause : metadata.include) {
    ObjectFact object;
    object.class_id = known(clause.class_name, geneval_classes(), "class");
    object.count = clause.count;
    if (clause.color) object.color_id = known(*clause.color, geneval_colors(), "color");
    if (clause.relation) {
      const size_t at = composition.objects.size();
      if (at > kMostPlaces || clause.target != 0) {
        fail_input(
            "{}: '{}' has a position relative to '{}'; only the second and third have one, relative to the first",
            kCompositionTag, clause.class_name, metadata.include[clause.target].class_name);
      }
      if (composition.relations.size() + 1 != at) {
        fail_input("{}: '{}' has a position, but '{}' before it has none; one place alone is the second object's",
                   kCompositionTag, clause.class_name, metadata.include[at - 1].class_name);
      }
      composition.relations.push_back(static_cast<Relation>(known(*clause.relation, geneval_relations(), "relation")));
    }
    composition.objects.push_back(object);
  }
  const std::string why = fault(composition);
  if (!why.empty()) fail_input("{}: 'include' {}", kCompositionTag, why);
  return composition;
}

}  // namespace emf
