// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/geneval_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/captions/grammar.h"

namespace emf {
namespace {

constexpr float kNoOffset = 1e-3f;      // "all < 1e-3: no relation"
constexpr float kRelationShare = 0.5f;  // strictly beyond: within 60 degrees of an axis

/// A float32 product. The detour over double keeps compilers from fusing it into a later sum, which numpy
/// does not.
float product(float a, float b) { return static_cast<float>(static_cast<double>(a) * static_cast<double>(b)); }

float area(const CornerBox& box, float border) {
  return product(std::max(box[2] - box[0] + border, 0.0f), std::max(box[3] - box[1] + border, 0.0f));
}

float sign(float value) { return static_cast<float>((value > 0) - (value < 0)); }

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

/// The colours of the boxes as a reason lists them: "1 green, 1 pink", in the order of geneval_colors().
std::string color_census(const std::vector<Detection>& boxes) {
  std::vector<std::string> parts;
  for (const std::string_view color : geneval_colors()) {
    const auto count = std::count_if(boxes.begin(), boxes.end(), [&](const Detection& d) { return d.color == color; });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, color));
  }
  return joined(parts, ", ");
}

/// Judges the include clauses in order, remembering which boxes each one matched for later positions.
class IncludeJudge {
 public:
  IncludeJudge(const std::map<std::string, std::vector<Detection>>& kept, const GenEvalOptions& options)
      : kept_(kept), options_(options) {}

  void judge(const GenEvalClause& clause) {
    std::vector<Detection> found;
    if (const auto position = kept_.find(clause.class_name); position != kept_.end()) {
      auto count = position->second.size();
      if (options_.top_boxes_only) count = std::min(count, static_cast<size_t>(clause.count));
      found.assign(position->second.begin(), position->second.begin() + static_cast<std::ptrdiff_t>(count));
    }
    const size_t failures = reasons.size();
    if (found.size() < static_cast<size_t>(clause.count)) {
      reasons.push_back(fmt::format("expected {}>={}, found {}", clause.class_name, clause.count, found.size()));
    } else {
      if (clause.color) judge_color(clause, found);
      const bool hidden = options_.color_hides_position && reasons.size() != failures;
      if (clause.relation && !hidden) judge_position(clause, found);
    }
    matched_.push_back(reasons.size() == failures ? std::optional(std::move(found)) : std::nullopt);
  }

  std::vector<std::string> reasons;

 private:
  void judge_color(const GenEvalClause& clause, std::vector<Detection>& found) {
    const auto right = std::count_if(found.begin(), found.end(),
                                     [&](const Detection& detection) { return detection.color == clause.color; });
    if (right < clause.count) {
      reasons.push_back(fmt::format("expected {} {}>={}, found {} {}; and {}", *clause.color, clause.class_name,
                                    clause.count, right, *clause.color, color_census(found)));
    } else if (!options_.top_boxes_only) {
      std::erase_if(found, [&](const Detection& detection) { return detection.color != clause.color; });
    }
  }

  void judge_position(const GenEvalClause& clause, const std::vector<Detection>& found) {
    const auto& targets = matched_.at(clause.target);
    if (!targets) {
      reasons.push_back(fmt::format("no target for {} to be {}", clause.class_name, *clause.relation));
      return;
    }
    std::optional<std::string> failure;
    for (const Detection& object : found) {
      for (const Detection& target : *targets) {
        const auto relations =
            geneval_relations(object.box, target.box, options_.position_threshold, options_.unshrunk_length);
        const bool holds = std::find(relations.begin(), relations.end(), *clause.relation) != relations.end();
        if (holds && !options_.top_boxes_only) return;
        if (!holds && !failure) {
          failure = fmt::format("expected {} {} target, found {} target", clause.class_name, *clause.relation,
                                joined(relations, " and "));
        }
      }
    }
    if (failure) reasons.push_back(*failure);
  }

  const std::map<std::string, std::vector<Detection>>& kept_;
  const GenEvalOptions& options_;
  std::vector<std::optional<std::vector<Detection>>> matched_;  // absent: that clause failed
};

}  // namespace

const std::vector<std::string>& geneval_quirks() {
  static const std::vector<std::string> names = {"pixel_border",         "top_boxes_only",  "unshrunk_length",
                                                 "color_hides_position", "later_of_equals", "absent_tasks"};
  return names;
}

void geneval_correct(GenEvalOptions& options, const std::string& quirk) {
  const std::map<std::string, bool*> switches = {
      {"pixel_border", &options.pixel_border},       {"top_boxes_only", &options.top_boxes_only},
      {"unshrunk_length", &options.unshrunk_length}, {"color_hides_position", &options.color_hides_position},
      {"later_of_equals", &options.later_of_equals}, {"absent_tasks", &options.absent_tasks}};
  const auto found = switches.find(quirk);
  if (found == switches.end()) fail_input("GenEval has no quirk '{}'{}", quirk, suggestion(quirk, geneval_quirks()));
  *found->second = false;
}

float geneval_iou(const CornerBox& a, const CornerBox& b, float border) {
  const float shared =
      area({std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]), std::min(a[3], b[3])}, border);
  const float together = area(a, border) + area(b, border) - shared;
  return together != 0 ? shared / together : 0;
}

std::vector<std::string> geneval_relations(const CornerBox& a, const CornerBox& b, float position_threshold,
                                           bool unshrunk_length) {
  std::array<float, 2> offset{}, shrunk{};
  for (size_t axis = 0; axis < 2; ++axis) {
    offset[axis] = (a[axis] + a[axis + 2]) / 2 - (b[axis] + b[axis + 2]) / 2;
    const float sizes = std::abs(a[axis + 2] - a[axis]) + std::abs(b[axis + 2] - b[axis]);
    shrunk[axis] = std::max(std::abs(offset[axis]) - product(position_threshold, sizes), 0.0f) * sign(offset[axis]);
  }
  if (std::abs(shrunk[0]) < kNoOffset && std::abs(shrunk[1]) < kNoOffset) return {};
  // By the unshrunk length, far-apart large objects lose some of both components.
  const std::array<float, 2>& whole = unshrunk_length ? offset : shrunk;
  const float length = std::sqrt(product(whole[0], whole[0]) + product(whole[1], whole[1]));
  const float dx = shrunk[0] / length, dy = shrunk[1] / length;
  std::vector<std::string> relations;
  if (dy < -kRelationShare) relations.emplace_back("above");
  if (dy > kRelationShare) relations.emplace_back("below");
  if (dx < -kRelationShare) relations.emplace_back("left of");
  if (dx > kRelationShare) relations.emplace_back("right of");
  return relations;
}

std::map<std::string, std::vector<Detection>> geneval_kept(const std::vector<Detection>& detections,
                                                           const GenEvalMetadata& metadata,
                                                           const GenEvalOptions& options) {
  const float threshold = metadata.tag == "counting" ? options.counting_threshold : options.threshold;
  std::map<std::string, std::vector<Detection>> candidates, kept;
  for (const Detection& detection : detections) {
    if (detection.score > threshold) candidates[detection.class_name].push_back(detection);
  }
  for (auto& [name, boxes] : candidates) {
    if (options.later_of_equals) std::reverse(boxes.begin(), boxes.end());
    std::stable_sort(boxes.begin(), boxes.end(),
                     [](const Detection& a, const Detection& b) { return a.score > b.score; });
    boxes.resize(std::min(boxes.size(), static_cast<size_t>(options.max_objects)));
    std::vector<Detection>& survivors = kept[name];
    for (const Detection& box : boxes) {
      const bool dropped =
          options.max_overlap != 1 && std::any_of(survivors.begin(), survivors.end(), [&](const Detection& other) {
            return !(geneval_iou(other.box, box.box, options.pixel_border ? 1 : 0) < options.max_overlap);
          });
      if (!dropped) survivors.push_back(box);
    }
  }
  return kept;
}

GenEvalVerdict geneval_verdict(const GenEvalMetadata& metadata, const std::vector<Detection>& detections,
                               const GenEvalOptions& options) {
  const auto kept = geneval_kept(detections, metadata, options);
  IncludeJudge judge(kept, options);
  for (const GenEvalClause& clause : metadata.include) judge.judge(clause);
  for (const GenEvalClause& clause : metadata.exclude) {
    const auto found = kept.find(clause.class_name);
    const size_t count = found == kept.end() ? 0 : found->second.size();
    if (count >= static_cast<size_t>(clause.count)) {
      judge.reasons.push_back(fmt::format("expected {}<{}, found {}", clause.class_name, clause.count, count));
    }
  }
  return {judge.reasons.empty(), joined(judge.reasons, "\n")};
}

}  // namespace emf
