// SPDX-License-Identifier: Apache-2.0
// What a detector's boxes answer to the questions about a long caption.
#pragma once

#include <vector>

#include "harness/captions/composition.h"
#include "harness/rules/geneval_rule.h"
#include "harness/rules/question_graph.h"

namespace emf {

/// "yes" or "no" to every question of composition_labels(), by a detector's boxes as geneval_kept() keeps them:
///
/// - entity: at least one box of the class above `threshold`;
/// - count: exactly that many boxes above `counting_threshold`, as for GenEval's "counting";
/// - colour: of the boxes above `threshold` the most confident ones, as many as are stated (or fewer, when there
///   are fewer: whether there are enough is the count's question), all have the colour, and there is one;
/// - relation: it is among geneval_relations() of the most confident box of either class.
///
/// Each question is answered by itself; what an absent entity does to the others is the dependency rule's business.
PictureAnswers answer_questions(const Composition& composition, const std::vector<Detection>& detections,
                                const GenEvalOptions& options = {});

}  // namespace emf
