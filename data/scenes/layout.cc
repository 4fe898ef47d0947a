#include "data/scenes/layout.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/base/error.h"

namespace emf::scenes {
namespace {

constexpr int kGap = 1;

/// A row (or, turned, a column) of objects along one axis.
struct Band {
  int first = 0, count = 0;
};

int along(const Extent& extent, bool turned) { return turned ? extent.height : extent.width; }
int across(const Extent& extent, bool turned) { return turned ? extent.width : extent.height; }

/// Uniform in low..high.
int between(Random& random, int low, int high) {
  return high <= low ? low : low + static_cast<int>(random.below(static_cast<uint32_t>(high - low + 1)));
}

/// Offsets of up to four lengths one behind another, the free room shared out at random.
std::array<int, 4> spread(std::span<const int> lengths, int room, Random& random) {
  int free = room - kGap * (static_cast<int>(lengths.size()) - 1);
  for (const int length : lengths) free -= length;
  ensure(free >= 0, "{} objects do not fit into {} pixels", lengths.size(), room);
  std::array<int, 4> cuts{}, offsets{};
  for (size_t i = 0; i < lengths.size(); ++i) cuts[i] = between(random, 0, free);
  std::sort(cuts.begin(), cuts.begin() + lengths.size());
  int used = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    offsets[i] = cuts[i] + used;
    used += lengths[i] + kGap;
  }
  return offsets;
}

/// Objects of one band along the axis, each anywhere across it between low and low + thickness.
void place_band(std::span<const Extent> extents, int low, int thickness, int side, bool turned,
                Random& random, std::span<Corner> corners) {
  std::array<int, 4> lengths{};
  for (size_t i = 0; i < extents.size(); ++i) lengths[i] = along(extents[i], turned);
  const auto offsets = spread(std::span(lengths).first(extents.size()), side, random);
  for (size_t i = 0; i < extents.size(); ++i) {
    const int other = low + between(random, 0, thickness - across(extents[i], turned));
    corners[i] = turned ? Corner{other, offsets[i]} : Corner{offsets[i], other};
  }
}

/// Two bands one over another (or, turned, side by side).
void place_bands(const std::array<Band, 2>& bands, std::span<const Extent> extents, int side, bool turned,
                 Random& random, std::span<Corner> corners) {
  std::array<int, 2> thickness{};
  for (int b = 0; b < 2; ++b) {
    for (int i = 0; i < bands[b].count; ++i) {
      thickness[b] = std::max(thickness[b], across(extents[bands[b].first + i], turned));
    }
  }
  const auto lows = spread(thickness, side, random);
  for (int b = 0; b < 2; ++b) {
    place_band(extents.subspan(bands[b].first, bands[b].count), lows[b], thickness[b], side, turned, random,
               corners.subspan(bands[b].first, bands[b].count));
  }
}

/// The reference and the object placed relative to it. GenEval asks for more than half of the distance
/// between the centres along the axis, after a tenth of both sizes is taken off; a slope of at most 0.4
/// leaves .74 or more.
void place_related(Relation relation, std::span<const Extent> extents, int side, Random& random,
                   std::span<Corner> corners) {
  const bool turned = relation == Relation::kAbove || relation == Relation::kBelow;
  const bool reference_first = relation == Relation::kRightOf || relation == Relation::kBelow;
  const int a = reference_first ? 0 : 1, b = 1 - a;
  const std::array<int, 2> lengths = {along(extents[a], turned), along(extents[b], turned)};
  const auto offsets = spread(lengths, side, random);
  const double distance = offsets[1] + lengths[1] / 2.0 - offsets[0] - lengths[0] / 2.0;
  const int a_across = across(extents[a], turned), b_across = across(extents[b], turned);
  const int a_other = between(random, 0, side - a_across);
  const double middle = a_other + a_across / 2.0 - b_across / 2.0;
  const int low = std::max(0, static_cast<int>(std::ceil(middle - 0.4 * distance)));
  const int high = std::min(side - b_across, static_cast<int>(std::floor(middle + 0.4 * distance)));
  const int b_other = std::clamp(between(random, low, high), 0, side - b_across);
  corners[a] = turned ? Corner{a_other, offsets[0]} : Corner{offsets[0], a_other};
  corners[b] = turned ? Corner{b_other, offsets[1]} : Corner{offsets[1], b_other};
}

}  // namespace

SizeRange size_range(int objects, int side) {
  // Shares of the side: at 32 px 17..26 for one object, 11..15 for two, 10..13 for three and four.
  const double low = objects == 1   ? 0.54
                     : objects == 2 ? 0.35
                                    : 0.32,
               high = objects == 1   ? 0.82
                      : objects == 2 ? 0.47
                                     : 0.41;
  // At 64 px only every second size, so that the cache stays small.
  return {static_cast<int>(std::lround(low * side)), static_cast<int>(high * side), std::max(1, side / 32)};
}

void place(const Facts& facts, std::span<const Extent> extents, int side, Random& random,
           std::span<Corner> corners) {
  if (facts.task == Task::kPosition) return place_related(facts.relation, extents, side, random, corners);
  const int count = static_cast<int>(extents.size());
  const bool turned = random.below(2) == 1;
  if (count <= 2) return place_band(extents, 0, side, side, turned, random, corners);
  const int first = count == 4 ? 2 : 1 + static_cast<int>(random.below(2));
  place_bands({Band{0, first}, Band{first, count - first}}, extents, side, turned, random, corners);
}

void paint_background(int side, Random& random, std::span<uint8_t> picture) {
  // Grey emoji (spoon, mouse, elephant) have a luma near 165, white ones 240, black ones 40.
  const float level = random.below(2) == 0 ? random.uniform(112, 138) : random.uniform(180, 194);
  std::array<float, 3> start{}, end{};
  float tint_mean = 0;
  for (float& channel : start) tint_mean += channel = random.uniform(-12, 12);
  for (float& channel : start) channel += level - tint_mean / 3;
  const bool plain = random.below(3) == 0;
  const float step = plain ? 0.0f : random.uniform(-16, 16);
  for (int c = 0; c < 3; ++c) end[c] = start[c] + (plain ? 0.0f : step + random.uniform(-8, 8));
  const float dx = random.uniform(-1, 1), dy = random.uniform(-1, 1);
  const float reach = std::abs(dx) + std::abs(dy) + 1e-3f;  // the projection runs over -reach..reach
  std::array<int32_t, 3> origin{}, right{}, down{};
  for (int c = 0; c < 3; ++c) {
    // 16 fractional bits; half a unit is added so that the shift rounds.
    const float slope = (end[c] - start[c]) / (reach * static_cast<float>(side - 1)) * 65536;
    right[c] = static_cast<int32_t>(slope * dx);
    down[c] = static_cast<int32_t>(slope * dy);
    const float middle = (start[c] + end[c]) / 2 * 65536;
    origin[c] = static_cast<int32_t>(middle) + 32768 - (right[c] + down[c]) * (side - 1) / 2;
  }
  uint8_t* pixel = picture.data();
  for (int y = 0; y < side; ++y) {
    std::array<int32_t, 3> value = origin;
    for (int x = 0; x < side; ++x, pixel += 3) {
      for (int c = 0; c < 3; ++c) {
        pixel[c] = static_cast<uint8_t>(value[c] >> 16);
        value[c] += right[c];
      }
    }
    for (int c = 0; c < 3; ++c) origin[c] += down[c];
  }
}

}  // namespace emf::scenes
