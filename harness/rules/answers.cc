// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/answers.h"

#include <algorithm>

namespace emf {
namespace {

/// Boxes of a picture by class, as one threshold keeps them.
class Boxes {
 public:
  Boxes(const std::vector<Detection>& detections, const char* tag, const GenEvalOptions& options) {
    GenEvalMetadata metadata;
    metadata.tag = tag;
    kept_ = geneval_kept(detections, metadata, options);
  }

  const std::vector<Detection>& of(const ObjectFact& object) const {
    static const std::vector<Detection> kNone;
    const auto found = kept_.find(geneval_classes().at(object.class_id));
    return found == kept_.end() ? kNone : found->second;
  }

 private:
  std::map<std::string, std::vector<Detection>> kept_;
};

bool has_color(const std::vector<Detection>& boxes, const ObjectFact& object) {
  const auto looked_at = std::min(boxes.size(), static_cast<size_t>(object.count));
  return looked_at > 0 &&
         std::all_of(boxes.begin(), boxes.begin() + static_cast<std::ptrdiff_t>(looked_at),
                     [&](const Detection& box) { return box.color == geneval_colors().at(object.color_id); });
}

bool has_relation(const std::vector<Detection>& placed, const std::vector<Detection>& reference, Relation relation,
                  const GenEvalOptions& options) {
  if (placed.empty() || reference.empty()) return false;
  const auto held =
      geneval_relations(placed.front().box, reference.front().box, options.position_threshold, options.unshrunk_length);
  return std::find(held.begin(), held.end(), geneval_relations().at(static_cast<size_t>(relation))) != held.end();
}

}  // namespace

PictureAnswers answer_questions(const Composition& composition, const std::vector<Detection>& detections,
                                const GenEvalOptions& options) {
  const std::vector<CompositionQuestion> questions = composition_questions(composition);
  const Boxes kept(detections, kCompositionTag, options), counted(detections, "counting", options);
  PictureAnswers answers;
  for (const CompositionQuestion& question : questions) {
    const ObjectFact& object = composition.objects[question.object];
    const std::vector<Detection>& boxes = kept.of(object);
    bool yes = false;
    switch (question.ask) {
      case CompositionQuestion::Ask::kEntity:
        yes = !boxes.empty();
        break;
      case CompositionQuestion::Ask::kCount:
        yes = counted.of(object).size() == static_cast<size_t>(object.count);
        break;
      case CompositionQuestion::Ask::kColor:
        yes = has_color(boxes, object);
        break;
      case CompositionQuestion::Ask::kRelation:
        yes = has_relation(boxes, kept.of(composition.objects[0]), composition.relations.at(question.object - 1),
                           options);
        break;
    }
    answers[static_cast<int64_t>(answers.size()) + 1] = yes ? "yes" : "no";
  }
  return answers;
}

}  // namespace emf
