// SPDX-License-Identifier: Apache-2.0
// MIND, the Monge Inception Distance (Berthet et al. 2026, arXiv 2605.06797): how far two sets of features lie apart
// along random lines, where a Frechet distance knows of their means and covariances alone. Says at 1,000 to 5,000
// pictures what a Frechet distance says at 50,000.
//
// Legend: u_i = M random directions of unit length; for each, the rows' projections in rising order, x_(j) and y_(j);
// MIND = 3 D / (n M) sum_i sum_j (x_(j) - y_(j))^2, the sliced 2-Wasserstein distance times 3 D.
#include <algorithm>
#include <cmath>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/base/torch_random.h"
#include "harness/statistics/dense/kernels.h"
#include "probes/metrics/distance_interval.h"
#include "probes/metrics/feature_pair.h"

namespace emf {
namespace {

/// Directions that one thread projects on at a time.
constexpr int64_t kBlock = 16;
/// Steps along sorted projections, a minute or so, that an interval nobody asked for may cost.
constexpr double kUnaskedWork = 2e10;
/// Below this many pictures the paper's claims were not tried.
constexpr int64_t kSmall = 1000;

struct Settings {
  std::string name = "mind", interval = "auto";
  int64_t directions = 1000, groups = 20;
  uint64_t direction_seed = 2020, seed = 0;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name =
      reader.text("name", settings.name, "what its value is called; absent: after the network that it reads");
  settings.directions = reader.integer("directions", settings.directions, 2, 1'000'000,
                                       "directions that rows are projected on [directions]");
  settings.direction_seed =
      static_cast<uint64_t>(reader.integer("direction_seed", 2020, 0, 4'294'967'295, "seed of the directions"));
  settings.interval = reader.choice("interval", "auto", {"auto", "none", "jackknife"},
                                    "how the interval is made; auto = by the jackknife where that takes seconds");
  settings.groups = reader.integer("groups", settings.groups, 2, 10'000, "groups of the jackknife [groups]");
  settings.seed = seed;
  reader.finish();
  return settings;
}

RowMatrix first_rows(const RowMatrixMap& rows, const std::vector<int64_t>& order, int64_t count) {
  RowMatrix chosen(count, rows.cols());
  for (int64_t i = 0; i < count; ++i) chosen.row(i) = rows.row(order[static_cast<size_t>(i)]);
  return chosen;
}

/// [directions, D], each of length 1.
RowMatrix directions_of(TorchRandom& random, int64_t directions, int64_t dimension) {
  const std::vector<float> numbers = random.normal(directions * dimension);
  RowMatrix lines = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
                        numbers.data(), directions, dimension)
                        .cast<double>();
  for (Eigen::Index i = 0; i < directions; ++i) lines.row(i) /= std::max(lines.row(i).norm(), 1e-12);
  return lines;
}

/// A row's place on a line.
struct Place {
  double at;
  int32_t group;  ///< of the jackknife
  bool operator<(const Place& other) const { return at < other.at; }
};

/// The rows of one set on a line, in rising order, without those of one group.
class Line {
 public:
  Line(const std::vector<Place>& places, int32_t without, int64_t count)
      : places_(places), without_(without), count_(count) {
    skip();
  }
  int64_t count() const { return count_; }
  bool ended() const { return next_ == places_.size(); }
  double at() const { return places_[next_].at; }
  void advance() {
    ++next_;
    skip();
  }

 private:
  void skip() {
    while (next_ < places_.size() && places_[next_].group == without_) ++next_;
  }

  const std::vector<Place>& places_;
  int32_t without_;
  int64_t count_;
  size_t next_ = 0;
};

/// Squared 2-Wasserstein distance of two sets of any sizes on a line: mass moves from the lowest up.
double transport(Line a, Line b) {
  // A row of a weighs as much as there are rows in b, and the other way round, so that weights are whole numbers.
  int64_t left_a = b.count(), left_b = a.count();
  double sum = 0;
  while (!a.ended() && !b.ended()) {
    const int64_t moved = std::min(left_a, left_b);
    const double way = a.at() - b.at();
    sum += static_cast<double>(moved) * way * way;
    if ((left_a -= moved) == 0) {
      a.advance();
      left_a = b.count();
    }
    if ((left_b -= moved) == 0) {
      b.advance();
      left_b = a.count();
    }
  }
  return sum / static_cast<double>(a.count()) / static_cast<double>(b.count());
}

/// One set of rows, and the jackknife's groups of them; none: every row's group is 0 and none is left out.
struct Rows {
  const RowMatrix& rows;
  std::vector<int32_t> groups;
  std::vector<int64_t> sizes;  ///< of the groups

  Line line(const std::vector<Place>& places, int32_t without) const {
    return {places, without, rows.rows() - (without < 0 ? 0 : sizes[static_cast<size_t>(without)])};
  }
};

Rows grouped(const RowMatrix& rows, int64_t groups, uint64_t seed, std::string_view stream) {
  Rows result{rows, std::vector<int32_t>(static_cast<size_t>(rows.rows()), 0), {}};
  if (groups == 0) return result;
  result.groups = shuffled_groups(rows.rows(), groups, seed, stream);
  result.sizes.assign(static_cast<size_t>(groups), 0);
  for (const int32_t group : result.groups) ++result.sizes[static_cast<size_t>(group)];
  return result;
}

/// For every direction the distance, and that without each group of the real and of the generated rows.
struct Transports {
  std::vector<double> whole;
  std::vector<std::vector<double>> without_real, without_generated;  ///< [group][direction]
};

Transports transports(const Rows& real, const Rows& generated, const RowMatrix& directions) {
  const auto count = static_cast<size_t>(directions.rows());
  const size_t groups = real.sizes.size();
  Transports found{std::vector<double>(count), std::vector(groups, std::vector<double>(count)),
                   std::vector(groups, std::vector<double>(count))};
  auto block = [&](int64_t number) {
    const int64_t begin = number * kBlock, wide = std::min(kBlock, directions.rows() - begin);
    std::vector<double> on_lines;
    const auto places_of = [&](const Rows& side, int64_t direction) {
      std::vector<Place> places(static_cast<size_t>(side.rows.rows()));
      for (size_t i = 0; i < places.size(); ++i) {
        places[i] = {on_lines[static_cast<size_t>(direction) * places.size() + i], side.groups[i]};
      }
      std::sort(places.begin(), places.end());
      return places;
    };
    std::vector<std::vector<Place>> sorted[2];
    for (const Rows* side : {&real, &generated}) {
      on_lines.resize(static_cast<size_t>(wide * side->rows.rows()));
      dense_kernels().product_of_rows(directions.row(begin).data(), wide, side->rows.data(), side->rows.rows(),
                                      side->rows.cols(), on_lines.data());
      for (int64_t i = 0; i < wide; ++i) sorted[side == &generated].push_back(places_of(*side, i));
    }
    for (int64_t i = 0; i < wide; ++i) {
      const std::vector<Place>&a = sorted[0][static_cast<size_t>(i)], &b = sorted[1][static_cast<size_t>(i)];
      const auto place = static_cast<size_t>(begin + i);
      found.whole[place] = transport(real.line(a, -1), generated.line(b, -1));
      for (size_t g = 0; g < groups; ++g) {
        const auto group = static_cast<int32_t>(g);
        found.without_real[g][place] = transport(real.line(a, group), generated.line(b, -1));
        found.without_generated[g][place] = transport(real.line(a, -1), generated.line(b, group));
      }
    }
  };
  // Each direction has its own place in the results, so threads change no digit.
  const Workers threads = workers();
  threads.run(
      threads.count, (directions.rows() + kBlock - 1) / kBlock,
      [](void* work, int64_t number, int) { (*static_cast<decltype(block)*>(work))(number); }, &block);
  return found;
}

std::vector<double> scaled_means(const std::vector<std::vector<double>>& by_group, double scale) {
  std::vector<double> means;
  for (const std::vector<double>& values : by_group) means.push_back(scale * mean(values));
  return means;
}

/// The same number as torch-fidelity's (5e211a9) for its rng_seed = direction_seed, without its rounding to float32:
/// the larger set is cut to the smaller's size by the generator, which then draws the directions.
///
/// Options: directions = 1000; direction_seed = 2020; interval: jackknife (groups = 20), none, or auto: jackknife where
/// it takes a minute at most.
/// @cost  2 directions N D, two sorts a direction; the jackknife 4 groups directions N more.
class Mind : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kFeatures}; }
  bool higher_is_better() const override { return false; }
  std::string name_on(const std::string& backbone, bool official) const override {
    return official || backbone.empty() ? "mind" : "mind_" + backbone;
  }
  void check_options(const Options& options) const override { settings_of(options, 0); }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(Options(input.options, "mind options"), input.seed);
    const FeaturePair pair = checked_pair(input, settings.name, 2);
    if (settings.directions * pair.real.cols() < 16) {
      fail_input("{}: {} directions of {} numbers are too few; at least 16 numbers in all are drawn", settings.name,
                 settings.directions, pair.real.cols());
    }
    TorchRandom random(settings.direction_seed);
    const int64_t n = std::min(pair.real.rows(), pair.generated.rows());
    const auto cut = [&](const RowMatrixMap& rows) {
      return rows.rows() == n ? RowMatrix(rows) : first_rows(rows, random.permutation(rows.rows()), n);
    };
    // One of the two is cut at most, so their order is nobody's business.
    const RowMatrix real = cut(pair.real), generated = cut(pair.generated);
    const RowMatrix directions = directions_of(random, settings.directions, pair.real.cols());
    const int64_t groups = groups_of(settings, n);
    const Transports found = transports(grouped(real, groups, settings.seed, "mind/real"),
                                        grouped(generated, groups, settings.seed, "mind/generated"), directions);
    return {described(pair, settings, found, n, groups)};
  }

 private:
  /// 0 = no interval.
  static int64_t groups_of(const Settings& settings, int64_t n) {
    const int64_t groups = std::min(settings.groups, n);
    const double work = 4.0 * static_cast<double>(groups) * static_cast<double>(settings.directions * n);
    const bool wanted =
        settings.interval == "jackknife" || (settings.interval == "auto" && work <= kUnaskedWork && n >= 4);
    return wanted ? groups : 0;
  }

  static MetricValue described(const FeaturePair& pair, const Settings& settings, const Transports& found, int64_t n,
                               int64_t groups) {
    const double scale = 3.0 * static_cast<double>(pair.real.cols());
    MetricValue value = feature_value(pair, settings.name, scale * mean(found.whole));
    value.identity["estimator"] = fmt::format("sliced W2^2 x 3 D, {} directions, torch's seed {}, {} rows a side",
                                              settings.directions, settings.direction_seed, n);
    value.details["rows_a_side"] = n;
    // What other directions would change, apart from other pictures.
    value.details["standard_error_of_directions"] =
        scale * sample_std(found.whole) / std::sqrt(static_cast<double>(settings.directions));
    if (n < kSmall) value.warnings.emplace_back("small_n");
    if (groups == 0) return value;
    const DistanceInterval interval = jackknife_interval(
        *value.value, {scaled_means(found.without_real, scale), scaled_means(found.without_generated, scale)}, 0);
    value.ci95 = interval.ci95;
    value.details["interval"] = fmt::format("jackknife, {} groups", groups);
    value.details["standard_error"] = interval.standard_error;
    value.details["bias_corrected"] = *interval.corrected;
    return value;
  }
};

EMF_REGISTER(MetricRegistry, "mind", "Monge Inception Distance: two sets of features along 1,000 random lines",
             std::make_unique<Mind>, {.title = "MIND"});

}  // namespace
}  // namespace emf
