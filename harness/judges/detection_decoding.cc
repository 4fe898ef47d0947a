// SPDX-License-Identifier: Apache-2.0
#include "harness/judges/detection_decoding.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"

namespace emf {
namespace {

struct Candidate {
  float score;
  int64_t class_id, row, column;
  CornerBox box;
};

float overlap(const CornerBox& a, const CornerBox& b) {
  const float width = std::min(a[2], b[2]) - std::max(a[0], b[0]), height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const auto area = [](const CornerBox& box) { return (box[2] - box[0]) * (box[3] - box[1]); };
  return width * height / (area(a) + area(b) - width * height);
}

/// Greedy suppression inside each class; candidates come sorted by score.
std::vector<Candidate> suppress(const std::vector<Candidate>& candidates, const DecodingOptions& options) {
  std::vector<Candidate> kept;
  for (const Candidate& candidate : candidates) {
    int of_class = 0;
    bool covered = false;
    for (const Candidate& other : kept) {
      if (other.class_id != candidate.class_id) continue;
      ++of_class;
      covered = covered || overlap(other.box, candidate.box) > options.max_overlap;
    }
    if (!covered && of_class < options.max_objects) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace

std::vector<std::vector<Detection>> decode_detections(const DetectorMaps& maps, int64_t width, int64_t height,
                                                      const std::vector<std::string>& class_names,
                                                      const std::vector<std::string>& color_names,
                                                      const DecodingOptions& options) {
  // Computed where the maps lie; read in the host's memory.
  const at::Tensor warm = maps.heat.sigmoid().contiguous();
  const at::Tensor likely = (maps.classes.softmax(1) * warm).contiguous();
  const at::Tensor best = at::max_pool2d(likely, {3, 3}, {1, 1}, {1, 1});
  const at::Tensor peaks = likely.ge(best).logical_and(likely.ge(options.floor)).nonzero().cpu();
  const at::Tensor heat = warm.cpu(), scores = likely.cpu(), sides = maps.sides.contiguous().cpu(),
                   colors = maps.colors.softmax(1).contiguous().cpu();
  ensure(scores.size(1) == static_cast<int64_t>(class_names.size()), "{} class maps, {} class names", scores.size(1),
         class_names.size());
  const auto heat_at = heat.accessor<float, 4>(), score_at = scores.accessor<float, 4>(),
             side_at = sides.accessor<float, 4>(), color_at = colors.accessor<float, 4>();
  const int64_t rows = scores.size(2), columns = scores.size(3);

  std::vector<std::vector<Candidate>> candidates(static_cast<size_t>(scores.size(0)));
  const auto peak_at = peaks.accessor<int64_t, 2>();
  for (int64_t i = 0; i < peaks.size(0); ++i) {
    const int64_t picture = peak_at[i][0], row = peak_at[i][2], column = peak_at[i][3];
    const float x = static_cast<float>(kDetectorStride * column + 1), y = static_cast<float>(kDetectorStride * row + 1);
    const auto side = [&](int64_t which) { return side_at[picture][which][row][column]; };
    const float right = static_cast<float>(width), bottom = static_cast<float>(height);
    candidates[static_cast<size_t>(picture)].push_back({score_at[picture][peak_at[i][1]][row][column],
                                                        peak_at[i][1],
                                                        row,
                                                        column,
                                                        {std::max(0.f, x - side(0)), std::max(0.f, y - side(1)),
                                                         std::min(right, x + side(2)), std::min(bottom, y + side(3))}});
  }

  const auto color_of = [&](int64_t picture, const Candidate& candidate) {
    std::vector<float> votes(color_names.size(), 0.f);
    for (int64_t row = std::max<int64_t>(0, candidate.row - 1); row <= std::min(rows - 1, candidate.row + 1); ++row) {
      for (int64_t column = std::max<int64_t>(0, candidate.column - 1);
           column <= std::min(columns - 1, candidate.column + 1); ++column) {
        for (size_t color = 0; color < votes.size(); ++color) {
          votes[color] +=
              heat_at[picture][0][row][column] * color_at[picture][static_cast<int64_t>(color)][row][column];
        }
      }
    }
    return color_names[static_cast<size_t>(std::max_element(votes.begin(), votes.end()) - votes.begin())];
  };

  std::vector<std::vector<Detection>> all;
  for (size_t picture = 0; picture < candidates.size(); ++picture) {
    std::stable_sort(candidates[picture].begin(), candidates[picture].end(),
                     [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    std::vector<Detection> found;
    for (const Candidate& candidate : suppress(candidates[picture], options)) {
      found.push_back({class_names[static_cast<size_t>(candidate.class_id)], candidate.box, candidate.score,
                       color_of(static_cast<int64_t>(picture), candidate)});
    }
    all.push_back(std::move(found));
  }
  return all;
}

}  // namespace emf
