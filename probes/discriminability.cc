// Table 1's probe: do captions that an encoder holds near each other describe pictures that look alike?
//
// Every query retrieves the k captions nearest to its own by cosine of pooled text features, its own
// excluded; the score is the mean cosine of those captions' pictures to the query's picture. Modes:
//   raw             text and visual features as they are (the paper's)
//   visual_centred  raw text; visual features less their mean over the pool, so that chance is about 0
//   centred         both less their mean over the pool
// Captions that tie at the k-th place share it: the order of the pool decides nothing.
#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "harness/api/probe.h"
#include "harness/base/config.h"
#include "harness/base/random.h"
#include "harness/base/statistics.h"
#include "probes/unit_rows.h"

namespace emf {
namespace {

struct Options {
  int64_t k = 2, queries = 1000;
  BootstrapOptions bootstrap;
};

Options options_of(const ProbeInput& input) {
  Config config;
  config.values = input.options;
  config.origin = "discriminability options";
  ConfigReader reader(config, "");
  Options options;
  options.k = reader.integer("k", options.k, 1, 1'000'000);
  options.queries = reader.integer("queries", options.queries, 1, 1'000'000'000);
  options.bootstrap.draws = static_cast<int>(reader.integer("draws", options.bootstrap.draws, 1, 1'000'000));
  options.bootstrap.seed = input.seed;
  options.bootstrap.stream = "probe/discriminability";
  reader.finish();
  return options;
}

/// All of the pool, or `count` of it drawn without replacement, in pool order.
std::vector<int64_t> draw_queries(int64_t pool, int64_t count, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(pool));
  std::iota(order.begin(), order.end(), int64_t{0});
  if (pool <= count) return order;
  Random random(seed, "probe/discriminability/queries", 0);
  for (int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<size_t>(i);
    std::swap(order[place], order[place + random.below(static_cast<uint32_t>(pool - i))]);
  }
  order.resize(static_cast<size_t>(count));
  std::sort(order.begin(), order.end());
  return order;
}

/// Captions retrieved for one query: surely, and sharing the places that are left.
struct Retrieved {
  std::vector<int64_t> sure, tied;
  double shares = 0;  // places of k that the tied ones fill together
};

Retrieved nearest(const Eigen::VectorXd& similarity, int64_t query, int64_t k) {
  std::vector<double> others;
  for (Eigen::Index i = 0; i < similarity.size(); ++i) {
    if (i != query) others.push_back(similarity[i]);
  }
  std::nth_element(others.begin(), others.begin() + (k - 1), others.end(), std::greater<>());
  const double last = others[static_cast<size_t>(k - 1)];
  Retrieved retrieved;
  for (Eigen::Index i = 0; i < similarity.size(); ++i) {
    if (i == query) continue;
    if (similarity[i] > last + kTie) {
      retrieved.sure.push_back(i);
    } else if (similarity[i] >= last - kTie) {
      retrieved.tied.push_back(i);
    }
  }
  retrieved.shares = static_cast<double>(k) - static_cast<double>(retrieved.sure.size());
  return retrieved;
}

/// Mean over the k places of `cosine`, the expectation over how ties would be broken.
double mean_over(const Retrieved& retrieved, const Eigen::VectorXd& cosine, int64_t k) {
  double sure = 0, tied = 0;
  for (const int64_t i : retrieved.sure) sure += cosine[i];
  for (const int64_t i : retrieved.tied) tied += cosine[i];
  return (sure + retrieved.shares * tied / static_cast<double>(retrieved.tied.size())) /
         static_cast<double>(k);
}

/// One mode's scores, with the same score for captions drawn blindly (chance) and for the nearest pictures
/// (oracle).
struct ModeScores {
  std::vector<double> score, chance, oracle;
};

class Discriminability : public Probe {
 public:
  bool needs_pictures() const override { return true; }

  ProbeResult run(const ProbeInput& input) const override {
    const Options options = options_of(input);
    const auto pool = static_cast<int64_t>(input.prompts.size());
    if (pool < options.k + 1) {
      fail_input("discriminability: {} captions, but k = {} needs at least {}", pool, options.k,
                 options.k + 1);
    }
    std::set<std::string> texts;
    for (const Prompt& prompt : input.prompts) {
      if (!texts.insert(prompt.text).second) {
        fail_input("discriminability: caption '{}' stands twice in the pool; give each caption once",
                   prompt.text);
      }
    }
    const Rows text = checked_rows(input.pooled(input.prompts), pool, "discriminability text");
    const Rows visual = checked_rows(input.visual, pool, "discriminability visual");
    const Rows raw_text = unit_rows(text), centred_text = unit_rows(text, text.colwise().mean());
    const Rows raw_visual = unit_rows(visual), centred_visual = unit_rows(visual, visual.colwise().mean());
    const std::vector<int64_t> queries = draw_queries(pool, options.queries, input.seed);

    std::array<ModeScores, 3> scores;  // raw, visual_centred, centred
    ProbeResult result;
    result.n_queries = static_cast<int64_t>(queries.size());
    result.n_candidates = pool - 1;
    for (const int64_t query : queries) {
      const Eigen::VectorXd look = raw_visual * raw_visual.row(query).transpose();
      const Eigen::VectorXd centred_look = centred_visual * centred_visual.row(query).transpose();
      const Retrieved by_text = nearest(raw_text * raw_text.row(query).transpose(), query, options.k);
      const Retrieved by_centred =
          nearest(centred_text * centred_text.row(query).transpose(), query, options.k);
      add(scores[0], by_text, look, query, options.k);
      add(scores[1], by_text, centred_look, query, options.k);
      add(scores[2], by_centred, centred_look, query, options.k);
      result.items.push_back({{"query", query},
                              {"text", input.prompts[static_cast<size_t>(query)].text},
                              {"retrieved", first_names(by_text, input.prompts, options.k)},
                              {"raw", scores[0].score.back()},
                              {"visual_centred", scores[1].score.back()},
                              {"centred", scores[2].score.back()}});
    }
    const std::array<const char*, 3> names = {"raw", "visual_centred", "centred"};
    result.numbers = {{"k", options.k}, {"chance", Json::object()}, {"oracle", Json::object()}};
    for (size_t mode = 0; mode < names.size(); ++mode) {
      const Estimate estimate = estimate_mean({scores[mode].score, {}, {}}, options.bootstrap);
      const Interval point = {estimate.value, estimate.value};
      result.modes.push_back({names[mode], estimate.value, estimate.ci95.value_or(point)});
      result.numbers["chance"][names[mode]] = mean(scores[mode].chance);
      result.numbers["oracle"][names[mode]] = mean(scores[mode].oracle);
    }
    return result;
  }

 private:
  static void add(ModeScores& mode, const Retrieved& retrieved, const Eigen::VectorXd& look, int64_t query,
                  int64_t k) {
    mode.score.push_back(mean_over(retrieved, look, k));
    mode.chance.push_back((look.sum() - look[query]) / static_cast<double>(look.size() - 1));
    mode.oracle.push_back(mean_over(nearest(look, query, k), look, k));
  }

  /// The first k retrieved captions, for people to read; of ties, those that stand first.
  static std::vector<std::string> first_names(const Retrieved& retrieved, const std::vector<Prompt>& prompts,
                                              int64_t k) {
    std::vector<std::string> names;
    for (const auto* group : {&retrieved.sure, &retrieved.tied}) {
      for (const int64_t i : *group) {
        if (static_cast<int64_t>(names.size()) < k) names.push_back(prompts[static_cast<size_t>(i)].text);
      }
    }
    return names;
  }
};

EMF_REGISTER(
    ProbeRegistry, "discriminability",
    "Do captions near each other in text features have pictures that look alike? (the paper's Table 1)",
    std::make_unique<Discriminability>);

}  // namespace
}  // namespace emf
