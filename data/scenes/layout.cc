// SPDX-License-Identifier: Apache-2.0
#include "data/scenes/layout.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/base/error.h"

namespace emf::scenes {
namespace {

constexpr int kGap = 1;
/// GenEval asks for more than half of the distance between the centres along the axis, after a tenth of both sizes
/// is taken off; at most this slope leaves .74 or more.
constexpr double kSlope = 0.4;

/// A row (or, turned, a column) of objects along one axis.
struct Band {
  int first = 0, count = 0;
};

int along(const Extent& extent, bool turned) { return turned ? extent.height : extent.width; }
int across(const Extent& extent, bool turned) { return turned ? extent.width : extent.height; }

/// Chance, and how much of it is used: draws stay within `variety` of the way from the middle to either end.
struct Chance {
  Random& random;
  double variety;

  /// Uniform over the middle `variety` share of low..high.
  int between(int low, int high) {
    if (high <= low) return low;
    const int margin = static_cast<int>((high - low) * (1 - variety) / 2);
    return low + margin + static_cast<int>(random.below(static_cast<uint32_t>(high - low - 2 * margin + 1)));
  }
};

/// Offsets of up to four lengths one behind another, the free room shared out at random (evenly at variety 0).
std::array<int, 4> spread(std::span<const int> lengths, int room, Chance chance) {
  int free = room - kGap * (static_cast<int>(lengths.size()) - 1);
  for (const int length : lengths) free -= length;
  ensure(free >= 0, "{} objects do not fit into {} pixels", lengths.size(), room);
  std::array<int, 4> cuts{}, offsets{};
  for (size_t i = 0; i < lengths.size(); ++i) {
    cuts[i] = static_cast<int>(chance.random.below(static_cast<uint32_t>(free + 1)));
  }
  std::sort(cuts.begin(), cuts.begin() + lengths.size());
  for (size_t i = 0; i < lengths.size(); ++i) {
    const double even = free * static_cast<double>(i + 1) / static_cast<double>(lengths.size() + 1);
    cuts[i] = static_cast<int>(std::lround(even + chance.variety * (cuts[i] - even)));
  }
  int used = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    offsets[i] = cuts[i] + used;
    used += lengths[i] + kGap;
  }
  return offsets;
}

/// Objects of one band along the axis, each anywhere across it between low and low + thickness.
void place_band(std::span<const Extent> extents, int low, int thickness, int side, bool turned, Chance chance,
                std::span<Corner> corners) {
  std::array<int, 4> lengths{};
  for (size_t i = 0; i < extents.size(); ++i) lengths[i] = along(extents[i], turned);
  const auto offsets = spread(std::span(lengths).first(extents.size()), side, chance);
  for (size_t i = 0; i < extents.size(); ++i) {
    const int other = low + chance.between(0, thickness - across(extents[i], turned));
    corners[i] = turned ? Corner{other, offsets[i]} : Corner{offsets[i], other};
  }
}

/// Two bands one over another (or, turned, side by side).
void place_bands(const std::array<Band, 2>& bands, std::span<const Extent> extents, int side, bool turned,
                 Chance chance, std::span<Corner> corners) {
  std::array<int, 2> thickness{};
  for (int b = 0; b < 2; ++b) {
    for (int i = 0; i < bands[b].count; ++i) {
      thickness[b] = std::max(thickness[b], across(extents[bands[b].first + i], turned));
    }
  }
  const auto lows = spread(thickness, side, chance);
  for (int b = 0; b < 2; ++b) {
    place_band(extents.subspan(bands[b].first, bands[b].count), lows[b], thickness[b], side, turned, chance,
               corners.subspan(bands[b].first, bands[b].count));
  }
}

/// True when the reference lies left of or above what the relation places.
bool reference_first(Relation relation) { return relation == Relation::kRightOf || relation == Relation::kBelow; }

/// The reference and the object placed relative to it.
void place_related(Relation relation, std::span<const Extent> extents, int side, Chance chance,
                   std::span<Corner> corners) {
  const bool turned = is_vertical(relation);
  const int a = reference_first(relation) ? 0 : 1, b = 1 - a;
  const std::array<int, 2> lengths = {along(extents[a], turned), along(extents[b], turned)};
  const auto offsets = spread(lengths, side, chance);
  const double distance = offsets[1] + lengths[1] / 2.0 - offsets[0] - lengths[0] / 2.0;
  const int a_across = across(extents[a], turned), b_across = across(extents[b], turned);
  const int a_other = chance.between(0, side - a_across);
  const double middle = a_other + a_across / 2.0 - b_across / 2.0;
  const int low = std::max(0, static_cast<int>(std::ceil(middle - kSlope * distance)));
  const int high = std::min(side - b_across, static_cast<int>(std::floor(middle + kSlope * distance)));
  const int b_other = std::clamp(chance.between(low, high), 0, side - b_across);
  corners[a] = turned ? Corner{a_other, offsets[0]} : Corner{offsets[0], a_other};
  corners[b] = turned ? Corner{b_other, offsets[1]} : Corner{offsets[1], b_other};
}

/// Moves the placed object across the axis, within its quarter, until it stands straight enough beside the first.
void straighten(size_t placed, bool turned, std::span<const Extent> extents, int cell, std::span<Corner> corners) {
  const auto middle = [&](size_t i, bool down) {
    return down ? corners[i].y + extents[i].height / 2.0 : corners[i].x + extents[i].width / 2.0;
  };
  const double reach = kSlope * std::abs(middle(placed, turned) - middle(0, turned));
  int& other = turned ? corners[placed].x : corners[placed].y;
  const int size = across(extents[placed], turned), first = other / cell * cell, last = first + cell - kGap - size;
  const double level = middle(0, !turned) - size / 2.0;
  const int low = std::clamp(static_cast<int>(std::ceil(level - reach)), first, last);
  other = std::clamp(other, low, std::clamp(static_cast<int>(std::floor(level + reach)), low, last));
}

/// A quarter for every object, drawn at random among those the relations allow. Bit 0: right, bit 1: below.
std::array<int, 4> draw_quarters(std::span<const Relation> relations, Chance chance) {
  std::array<int, 4> quarters = {0, 1, 2, 3};
  for (uint32_t i = 0; i < 3; ++i) std::swap(quarters[i], quarters[i + chance.random.below(4 - i)]);
  if (relations.empty()) return quarters;
  const std::array<int, 4> drawn = quarters;
  const auto axis = [](Relation relation) { return is_vertical(relation) ? 2 : 1; };
  // The reference on its side of every stated axis, each placed object straight across from it.
  for (const Relation relation : relations) {
    quarters[0] = reference_first(relation) ? quarters[0] & ~axis(relation) : quarters[0] | axis(relation);
  }
  for (size_t i = 0; i < relations.size(); ++i) quarters[i + 1] = quarters[0] ^ axis(relations[i]);
  // The quarters left, in the order drawn.
  const auto rest = quarters.begin() + static_cast<std::ptrdiff_t>(relations.size()) + 1;
  std::copy_if(drawn.begin(), drawn.end(), rest,
               [&](int quarter) { return std::find(quarters.begin(), rest, quarter) == rest; });
  return quarters;
}

/// Every object in a quarter of its own.
void place_in_quarters(std::span<const Relation> relations, std::span<const Extent> extents, int side, Chance chance,
                       std::span<Corner> corners) {
  const std::array<int, 4> quarters = draw_quarters(relations, chance);
  const int cell = side / 2;
  for (size_t i = 0; i < extents.size(); ++i) {
    const int x = chance.between(0, cell - kGap - extents[i].width);
    const int y = chance.between(0, cell - kGap - extents[i].height);
    corners[i] = {(quarters[i] & 1) * cell + x, (quarters[i] >> 1) * cell + y};
  }
  // Pairs alone stand as drawn: what instruments were trained on must not move.
  if (extents.size() == 2) return;
  for (size_t i = 0; i < relations.size(); ++i) straighten(i + 1, is_vertical(relations[i]), extents, cell, corners);
}

}  // namespace

SizeRange size_range(int objects, int side, const Freedom& freedom) {
  const double variety = freedom.variety;
  if (freedom.quarters) objects = 2;
  // Shares of the side: at 32 px 17..26 for one object, 11..15 for two, 10..13 for three and four.
  const double low = objects == 1   ? 0.54
                     : objects == 2 ? 0.35
                                    : 0.32,
               high = objects == 1   ? 0.82
                      : objects == 2 ? 0.47
                                     : 0.41;
  // At 64 px only every second size, so that the cache stays small.
  const SizeRange whole{static_cast<int>(std::lround(low * side)), static_cast<int>(high * side),
                        std::max(1, side / 32)};
  const int steps = static_cast<int>(std::lround((whole.high - whole.low) / whole.step * variety));
  return {variety < 1 ? whole.high - steps * whole.step : whole.low, whole.high, whole.step};
}

void place(std::span<const Relation> relations, std::span<const Extent> extents, int side, const Freedom& freedom,
           Random& random, std::span<Corner> corners) {
  const Chance chance{random, freedom.variety};
  const int count = static_cast<int>(extents.size());
  // Beside a related pair there is room for more only when each keeps to its quarter.
  if (freedom.quarters || (!relations.empty() && count > 2)) {
    return place_in_quarters(relations, extents, side, chance, corners);
  }
  if (!relations.empty()) return place_related(relations.front(), extents, side, chance, corners);
  const bool turned = random.below(2) == 1;
  if (count <= 2) return place_band(extents, 0, side, side, turned, chance, corners);
  const int first = count == 4 ? 2 : 1 + static_cast<int>(random.below(2));
  place_bands({Band{0, first}, Band{first, count - first}}, extents, side, turned, chance, corners);
}

void paint_background(int side, double variety, Random& random, std::span<uint8_t> picture) {
  // Grey emoji (spoon, mouse, elephant) have a luma near 165, white ones 240, black ones 40.
  const auto around = [&](float middle, float reach) {
    const float used = reach * static_cast<float>(variety);
    return random.uniform(middle - used, middle + used);
  };
  const float level = random.below(2) == 0 ? around(125, 13) : around(187, 7);
  std::array<float, 3> start{}, end{};
  float tint_mean = 0;
  for (float& channel : start) tint_mean += channel = around(0, 12);
  for (float& channel : start) channel += level - tint_mean / 3;
  const bool plain = random.below(3) == 0;
  const float step = plain ? 0.0f : around(0, 16);
  for (int c = 0; c < 3; ++c) end[c] = start[c] + (plain ? 0.0f : step + around(0, 8));
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
