// SPDX-License-Identifier: Apache-2.0
// Long captions in the manner of DPG-Bench: several kinds of objects, counted, coloured and placed, and the
// questions that ask for each of their facts.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/captions/grammar.h"

namespace emf {

/// What one long caption says: kFewestFacts to kMostFacts facts.
struct Composition {
  std::vector<ObjectFact> objects;  ///< 2 to 4 of different classes, counts adding up to 4 at most
  /// None, one or two places: relations[i] says where objects[i + 1] stands, seen from objects[0]. All that these
  /// speak of are single. Of two, one is left or right and one above or below.
  std::vector<Relation> relations;
  bool operator==(const Composition&) const = default;
};

inline constexpr int kMostComposedObjects = 4;
inline constexpr int kFewestFacts = 3;
inline constexpr int kMostPlaces = 2;
/// What four objects can bear: each of a class and in a colour, and two of them in a place.
inline constexpr int kMostFacts = 10;

/// Facts that a composition states: a kind of object, a count above one, a colour and a place are one each.
int fact_count(const Composition& composition);

/// "a photo of a scene with a red car, a dog and two green apples, in which the dog is left of the car", with
/// the official words and naive plurals of write_caption(); a second place follows as "... and the cat is above the
/// car". No caption of its grammar is among these texts, and different compositions have different ones.
/// @throws InternalError  a composition that is not as described above.
std::string write_composition(const Composition& composition);

/// The same facts with their objects in one fixed order: equal exactly when two compositions say the same.
///
/// - No place: in the order of their classes.
/// - One place: a dog left of a cat is a cat right of a dog, so the earlier class of the two comes first.
/// - Two places: seen from one object, which therefore stays first; the one left or right of it comes before the one
///   above or below.
///
/// Objects without a place come last, in the order of their classes.
Composition canonical_composition(const Composition& composition);

/// The tag of a composition's labels.
inline constexpr const char* kCompositionTag = "composition";

/// One question about objects[object]; a relation's is about the one that has the place.
struct CompositionQuestion {
  enum class Ask { kEntity, kCount, kColor, kRelation };
  Ask ask;
  size_t object;
};

/// In the order of their ids in composition_labels(). Entities come first, so that the
/// entity of objects[i] is question i + 1. Fewer objects and facts than a long caption's are asked about likewise.
/// @throws InternalError  no object; a place without an object for it.
std::vector<CompositionQuestion> composition_questions(const Composition& composition);

/// What GenEval's facts state, to be asked about.
Composition composition_of_facts(const Facts& facts);

/// [{"id", "dependency", "category", "subcategory", "text"}], as composition_labels() has them.
Json question_labels(const Composition& composition);

/// True when labels are those of a composition, whatever else they hold.
bool is_composition(const Json& labels);

/// {"tag": "composition", "prompt", "include" as in GenEval's metadata lines (an object that has a place holds
/// "position"), "questions": of question_labels()}. Questions are
/// numbered from 1 and use DSG-1k's words: first every "entity" ("whole", dependency "0"), then "other"
/// ("count") and "attribute" ("color"), which depend on their entity, last "relation" ("spatial"), which
/// depends on both ("1,2", and "1,3" for a second place). question_graph() reads them.
/// @param text  the caption that goes into "prompt".
Json composition_labels(const Composition& composition, const std::string& text);

/// The composition of its labels; "prompt" and "questions" are not read.
/// @throws UserError  another tag, an unknown class, colour or relation (names the nearest), or what no composition
///                    states.
Composition composition_from_labels(const Json& labels);

}  // namespace emf
