// SPDX-License-Identifier: Apache-2.0
// FDr: how many times further generated pictures lie from real ones than other real ones do; 1 = as good as real data.
// Unit-free, so that it may be averaged over backbones (arXiv 2604.28190 does so over six).
//
// Legend: FD = Frechet distance; FDr = FD(generated, real) / FD(held out, real), both biased upwards by about c / N,
// which cancels only where as many are held out as generated.
#include <algorithm>
#include <cmath>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "probes/metrics/frechet_distance.h"

namespace emf {
namespace {

/// Below this many pictures the bias that both distances share draws their quotient to 1.
constexpr int64_t kSmall = 2000;
/// Multiplications, some seconds, that an interval nobody asked for may cost.
constexpr double kUnaskedWork = 5e10;

struct Settings {
  std::string name = "fdr", interval = "auto";
  int64_t groups = 20;
  uint64_t seed = 0;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name =
      reader.text("name", settings.name, "what its value is called; absent: after the network that it reads");
  settings.interval = reader.choice("interval", "auto", {"auto", "none", "jackknife"},
                                    "how the interval is made; auto = by the jackknife where that takes seconds");
  settings.groups = reader.integer("groups", settings.groups, 2, 10'000, "groups of the jackknife [groups]");
  settings.seed = seed;
  reader.finish();
  return settings;
}

/// A set of rows and its statistics.
struct Side {
  RowMatrixMap rows;
  FrechetSide whole;

  explicit Side(const RowMatrixMap& given) : rows(given), whole(statistics_of(given)) {}
  std::vector<FeatureStatistics> without_each(int64_t groups, uint64_t seed, std::string_view stream) const {
    return without_each_group(rows, groups, seed, stream);
  }

 private:
  static FrechetSide statistics_of(const RowMatrixMap& rows) {
    FeatureStatistics statistics;
    statistics.add(rows);
    return FrechetSide(std::move(statistics));
  }
};

double distance_of(const FrechetSide& a, const FrechetSide& b) { return frechet_terms(a, b).distance(); }

/// Options: interval: jackknife (groups = 20 of each of the three sets), none, or auto: jackknife where it takes some
/// seconds at most.
/// @cost  two Frechet distances; the jackknife 4 groups more.
class Fdr : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kFeatures, MetricNeed::kHeldOut}; }
  bool higher_is_better() const override { return false; }
  std::string name_on(const std::string& backbone, bool official) const override {
    const std::string network = official && backbone.empty() ? "inception" : backbone;
    return network.empty() ? "fdr" : "fdr_" + network;
  }
  void check_options(const Options& options) const override { settings_of(options, 0); }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(Options(input.options, "fdr options"), input.seed);
    const FeaturePair pair = checked_pair(input, settings.name, 2);
    const RowMatrixMap held_out = checked_features(input.held_out, "held-out", settings.name, 2);
    MetricInput others = input;
    others.generated = input.held_out;
    checked_pair(others, settings.name + ", held-out features as generated ones", 2);
    const Side real(pair.real), generated(pair.generated), held(held_out);
    const double below = distance_of(held.whole, real.whole), above = distance_of(generated.whole, real.whole);
    // Rounding leaves some of a distance that is zero.
    if (below <= 1e-12 * (held.whole.trace + real.whole.trace)) {
      fail_input(
          "{}: the held-out features are those of the real side, so that nothing can be measured against their "
          "distance of 0; give other real pictures",
          settings.name);
    }
    MetricValue value = feature_value(pair, settings.name, above / below);
    value.details["n_held_out"] = held_out.rows();
    value.details["distance"] = above;
    value.details["distance_of_held_out"] = below;
    value.identity["estimator"] = fmt::format("Frechet distance over that of {} held-out real rows", held_out.rows());
    if (std::min({pair.real.rows(), pair.generated.rows(), held_out.rows()}) < kSmall) {
      value.warnings.emplace_back("small_n");
    }
    if (held_out.rows() != pair.generated.rows()) value.warnings.emplace_back("held_out_of_another_size");
    add_interval(value, settings, real, generated, held);
    return {value};
  }

 private:
  static void add_interval(MetricValue& value, const Settings& settings, const Side& real, const Side& generated,
                           const Side& held) {
    const int64_t n = real.rows.rows(), m = generated.rows.rows(), h = held.rows.rows();
    const int64_t least = std::min({n, m, h}), groups = std::min(settings.groups, least);
    const double work =
        2 * static_cast<double>(groups) * (frechet_work(n, m, real.rows.cols()) + frechet_work(n, h, real.rows.cols()));
    if (settings.interval == "none" || (settings.interval == "auto" && (work > kUnaskedWork || least < 4))) return;
    if (least < 4) fail_input("{}: a jackknife needs at least 4 rows of each set", settings.name);
    const double below = value.details["distance_of_held_out"], above = value.details["distance"];
    std::vector<std::vector<double>> by_set(3);
    for (const FeatureStatistics& less : real.without_each(groups, settings.seed, "fdr/real")) {
      const FrechetSide rest(less);
      by_set[0].push_back(distance_of(generated.whole, rest) / distance_of(held.whole, rest));
    }
    for (const FeatureStatistics& less : generated.without_each(groups, settings.seed, "fdr/generated")) {
      by_set[1].push_back(distance_of(FrechetSide(less), real.whole) / below);
    }
    for (const FeatureStatistics& less : held.without_each(groups, settings.seed, "fdr/held_out")) {
      by_set[2].push_back(above / distance_of(FrechetSide(less), real.whole));
    }
    const DistanceInterval interval = jackknife_interval(*value.value, by_set, 0);
    value.ci95 = interval.ci95;
    value.details["interval"] = fmt::format("jackknife, {} groups", groups);
    value.details["standard_error"] = interval.standard_error;
  }
};

EMF_REGISTER(MetricRegistry, "fdr", "Frechet distance relative to that of held-out real pictures (1 = as good as they)",
             std::make_unique<Fdr>, {.title = "FDr"});

}  // namespace
}  // namespace emf
