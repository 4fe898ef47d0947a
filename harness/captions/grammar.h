// SPDX-License-Identifier: Apache-2.0
// GenEval's captions as facts and back: names, colours, counts and places that a text states.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// GenEval's 80 object names in official order.  @source  djghosh13/geneval, prompts/object_names.txt
const std::vector<std::string>& geneval_classes();

/// GenEval's 10 colours: red orange yellow green blue purple pink brown black white.
const std::vector<std::string>& geneval_colors();

/// GenEval's six tasks in official order: single_object two_object counting colors position color_attr.
const std::vector<std::string>& geneval_tasks();

enum class Task { kSingleObject, kTwoObject, kCounting, kColors, kPosition, kColorAttr };
inline constexpr std::array<Task, 6> kTasks = {Task::kSingleObject, Task::kTwoObject, Task::kCounting,
                                               Task::kColors,       Task::kPosition,  Task::kColorAttr};

/// Where the second object stands, seen from the first.
enum class Relation { kLeftOf, kRightOf, kAbove, kBelow };

/// Above and below, not left and right.
constexpr bool is_vertical(Relation relation) { return relation == Relation::kAbove || relation == Relation::kBelow; }

/// "left of", "right of", "above", "below".
const std::vector<std::string>& geneval_relations();

struct ObjectFact {
  int class_id = 0;   ///< index into geneval_classes()
  int count = 1;      ///< 1, or 2..10 for counting
  int color_id = -1;  ///< index into geneval_colors(); -1 = not said
  bool operator==(const ObjectFact&) const = default;
};

/// What one caption says. Holds one object (single_object, counting, colors) or two of different classes.
struct Facts {
  Task task = Task::kSingleObject;
  std::vector<ObjectFact> objects;        ///< official order: in `position` the second is placed relative to the first
  Relation relation = Relation::kLeftOf;  ///< read only for `position`
  bool operator==(const Facts&) const = default;
};

/// The official caption: "a photo of a dog right of a teddy bear", naive plurals ("four knifes") included.
/// @throws InternalError  facts that no caption states (a count outside 1..10, two objects of one class ...).
std::string write_caption(const Facts& facts);

/// Every other wording of the facts, in a fixed order without repeats: "there is a pup to the right of a
/// ...". None equals the official caption; each one parses back to the same facts.
std::vector<std::string> paraphrase_captions(const Facts& facts);

/// The facts of an official caption or of a paraphrase; nullopt when the text is neither. Case, a final full
/// stop and surrounding white space do not matter. @cost  microseconds.
std::optional<Facts> parse_caption(std::string_view text);

/// One clause of a metadata line's "include": {class, count, color?}.
Json include_clause(const ObjectFact& object);

/// The official metadata line, {tag, include, exclude?, prompt}.
/// @param text  the caption that goes into "prompt"; empty: the official one.
Json facts_to_metadata(const Facts& facts, const std::string& text = "");

/// Facts of an official metadata line; its prompt is not read.
/// @throws UserError  unknown tag, class, colour or relation (names the nearest), or parts that do not fit
/// the tag.
Facts facts_from_metadata(const Json& metadata);

/// Index of a class name in geneval_classes(), -1 when it is none.
int geneval_class_id(std::string_view name);
/// Index of a colour name in geneval_colors(), -1 when it is none.
int geneval_color_id(std::string_view name);

}  // namespace emf
