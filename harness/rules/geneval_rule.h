// SPDX-License-Identifier: Apache-2.0
// GenEval's scoring rule as its released code has it, faults included: float32 arithmetic, strict comparisons, order of
// checks.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/captions/geneval_metadata.h"

namespace emf {

/// Corners [x1, y1, x2, y2] in pixels, y down. Corner order does not matter to relations.
using CornerBox = std::array<float, 4>;

/// What a judge saw: one box.
struct Detection {
  std::string class_name;
  CornerBox box{};
  float score = 0;
  std::optional<std::string> color;  ///< absent: matches no colour

  bool operator==(const Detection&) const = default;
};

struct GenEvalOptions {
  float threshold = 0.3f;           ///< a box counts when its score is strictly above
  float counting_threshold = 0.9f;  ///< the same for tag "counting"
  int max_objects = 16;             ///< boxes kept a class, most confident first
  float max_overlap = 1.0f;         ///< boxes of one class at or above this IoU are dropped; 1 = never
  float position_threshold = 0.1f;  ///< share of both sizes by which an offset shrinks
  // The released code's quirks, each of which can be put right by name.
  bool pixel_border = true;          ///< IoU counts both border pixels
  bool top_boxes_only = true;        ///< colours and places look at the `count` most confident boxes, all of which
                                     /// < must fit; put right: any `count` boxes that fit will do
  bool unshrunk_length = true;       ///< a shrunk offset is divided by the length of the unshrunk one
  bool color_hides_position = true;  ///< a failed colour skips the check of the place
  bool later_of_equals = true;  ///< of boxes with equal scores the later one comes first; put right: the judge's order
  bool absent_tasks = true;     ///< a task without a picture is left out of the overall score; put right: it counts 0
};

/// Names of the quirks above, as geneval_correct() takes them.
const std::vector<std::string>& geneval_quirks();

/// Puts a quirk right.  @throws UserError  another name than geneval_quirks() (names the nearest).
void geneval_correct(GenEvalOptions& options, const std::string& quirk);

struct GenEvalVerdict {
  bool correct = true;
  std::string reason;  ///< one line a failed check, joined by newlines; "" when correct
};

/// IoU with both border pixels counted: areas are (x2 - x1 + border)(y2 - y1 + border). 0 when both areas are.
float geneval_iou(const CornerBox& a, const CornerBox& b, float border = 1);

/// Relations of a to b, sorted by name; none when the shrunk offset is under 1e-3 on both axes, two on diagonals.
std::vector<std::string> geneval_relations(const CornerBox& a, const CornerBox& b, float position_threshold = 0.1f,
                                           bool unshrunk_length = true);

/// Boxes kept, by class, most confident first: threshold, then max_objects, then suppression inside a class.
/// Equal scores: the later detection first (the official code reverses an ascending sort), unless put right.
std::map<std::string, std::vector<Detection>> geneval_kept(const std::vector<Detection>& detections,
                                                           const GenEvalMetadata& metadata,
                                                           const GenEvalOptions& options = {});

/// Judges one picture. Only the `count` most confident boxes of a clause are looked at; a failed colour skips the
/// position.
///
/// @source  djghosh13/geneval af4902f, evaluation/evaluate_images.py (MIT). Its reasons join relations in
///   the order of a Python set; here they are sorted.
GenEvalVerdict geneval_verdict(const GenEvalMetadata& metadata, const std::vector<Detection>& detections,
                               const GenEvalOptions& options = {});

/// Reads `[{"cls", "box": [x1,y1,x2,y2], "score", "color"?}]`.
/// @throws UserError  missing key or a slip of one, wrong type, or a number that is not finite in float32.
std::vector<Detection> geneval_detections(const Json& rows, const std::string& where);

/// Keys of a detection.
const std::vector<std::string>& detection_keys();

/// @throws UserError  a box that ends before it begins ([x, y, width, height]) or a score outside 0..1 (per cent).
void refuse_odd_detections(const std::vector<Detection>& detections, const std::string& where);

/// The way back; a box without a colour has no "color".
Json to_json(const std::vector<Detection>& detections);

/// Those options that differ from the official ones, as geneval_options() reads them, {} when none does.
/// Quirks put right have no names there and are left out.
Json to_json(const GenEvalOptions& options);

/// Reads `{"threshold", ...}`; absent keys keep their value from `defaults`.
/// @throws UserError  unknown key (nearest name) or wrong type.
GenEvalOptions geneval_options(const Json& options, const std::string& where, GenEvalOptions defaults = {});

}  // namespace emf
