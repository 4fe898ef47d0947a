// SPDX-License-Identifier: Apache-2.0
// Prompts with random parts taken away: words of a text, or fields of its labels.
#pragma once

#include <cstdint>

#include "harness/api/dataset.h"

namespace emf {

/// The text less each of its words (split at white space) with probability `share`; where none would stay,
/// one does. The draw is a function of (seed, share, text). Labels are taken away: they would give the
/// dropped words back.
Prompt without_words(const Prompt& prompt, double share, uint64_t seed);

/// The labels (a line of GenEval's metadata) less each of these parts with probability `share`: the tag;
/// every object after the first; and of the objects that stay, colour, count (back to 1, with its exclude
/// clause) and position. A position goes with the object it refers to. The first object's class always stays.
/// The text becomes the labels' JSON, so that caches keyed by text tell the prompts apart.
///
/// @throws UserError  no labels, or no object in them.
Prompt without_labels(const Prompt& prompt, double share, uint64_t seed);

}  // namespace emf
