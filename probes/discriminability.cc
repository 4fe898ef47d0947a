// SPDX-License-Identifier: Apache-2.0
// Table 1's probe: do captions that an encoder holds near each other describe pictures that look alike?
//
// Every query retrieves the k captions nearest to its own by cosine of pooled text features, its own
// excluded; the score is the mean cosine of those captions' pictures to the query's picture. Modes:
//   raw             text and visual features as they are (the paper's)
//   visual_centred  raw text; visual features less their mean over the pool, so that chance is about 0
//   centred         both less their mean over the pool
// Captions that tie at the k-th place share it: the order of the pool decides nothing.
//
// Queries may be worded otherwise than the captions they are compared with (names against captions, names against
// tags). Then a query's own caption is worth looking for:
//   own_1, own_5    share of queries whose own caption is among the 1 or 5 nearest of all, raw
//   own_1_centred, own_5_centred   the same, text less its mean; queries and candidates each less their own
#include <algorithm>
#include <numeric>
#include <set>

#include "harness/api/probe.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/base/random.h"
#include "harness/statistics/statistics.h"
#include "probes/unit_rows.h"

namespace emf {
namespace {

constexpr size_t kBlock = 64;  ///< queries a matrix product: their similarities to a thousand captions fit the cache

struct Settings {
  int64_t k = 2, queries = 1000;
  BootstrapOptions bootstrap;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.k = reader.integer("k", settings.k, 1, 1'000'000, "neighbours that a query is compared with [captions]");
  settings.queries = reader.integer("queries", settings.queries, 1, 1'000'000'000, "queries at most [captions]");
  settings.bootstrap.draws = static_cast<int>(reader.integer(
      "draws", settings.bootstrap.draws, 1, 1'000'000, "resamples of the bootstrap behind intervals [resamples]"));
  settings.bootstrap.seed = seed;
  settings.bootstrap.stream = "probe/discriminability";
  reader.finish();
  return settings;
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

/// The share of the `k` first places that falls on the own candidate; those that tie with it share theirs.
double own_share(const Eigen::VectorXd& similarity, int64_t own, int64_t k) {
  const auto above = static_cast<int64_t>((similarity.array() > similarity[own] + kTie).count());
  const auto tied = static_cast<int64_t>((similarity.array() >= similarity[own] - kTie).count()) - above;
  return std::clamp(static_cast<double>(k - above) / static_cast<double>(tied), 0.0, 1.0);
}

/// Mean over the k places of `cosine`, the expectation over how ties would be broken.
double mean_over(const Retrieved& retrieved, const Eigen::VectorXd& cosine, int64_t k) {
  double sure = 0, tied = 0;
  for (const int64_t i : retrieved.sure) sure += cosine[i];
  for (const int64_t i : retrieved.tied) tied += cosine[i];
  return (sure + retrieved.shares * tied / static_cast<double>(retrieved.tied.size())) / static_cast<double>(k);
}

/// Every candidate against some of the queries: a column a query.
Eigen::MatrixXd cosines(const Rows& candidates, const Rows& queries, const std::vector<int64_t>& block) {
  const Rows chosen = queries(block, Eigen::all);
  return candidates * chosen.transpose();
}

/// One mode's scores, a query each, with the same score for captions drawn blindly
/// (chance) and for the nearest pictures (oracle).
struct Mode {
  std::string name;
  std::vector<double> score = {}, chance = {}, oracle = {};
};

/// Text features as directions; queries and candidates are the same rows unless a side is worded otherwise.
struct Texts {
  struct Sides {
    Rows queries, candidates;
  };
  Sides raw, centred;
  bool reworded = false;

  std::string query_of(const ProbeInput& input, int64_t query) const {
    return (input.queries.empty() ? input.prompts : input.queries)[static_cast<size_t>(query)].text;
  }
};

Texts read_texts(const ProbeInput& input, int64_t pool) {
  const auto read = [&](const std::vector<Prompt>& reworded) {
    return checked_rows(input.pooled(reworded.empty() ? input.prompts : reworded), pool, "discriminability text");
  };
  const auto same = [&] {
    for (int64_t i = 0; i < pool; ++i) {
      const auto place = static_cast<size_t>(i);
      const Prompt& query = input.queries.empty() ? input.prompts[place] : input.queries[place];
      const Prompt& candidate = input.candidates.empty() ? input.prompts[place] : input.candidates[place];
      if (query.text != candidate.text) return false;
    }
    return true;
  };
  Texts texts;
  texts.reworded = !same();
  const Rows candidates = read(input.candidates);
  texts.raw.candidates = unit_rows(candidates);
  texts.centred.candidates = unit_rows(candidates, candidates.colwise().mean());
  const Rows queries = texts.reworded ? read(input.queries) : candidates;
  texts.raw.queries = unit_rows(queries);
  texts.centred.queries = unit_rows(queries, queries.colwise().mean());
  return texts;
}

class Discriminability : public Probe {
 public:
  bool needs_pictures() const override { return true; }

  void check_options(const Options& options) const override { settings_of(options, 0); }

  ProbeResult run(const ProbeInput& input) const override {
    const Settings settings = settings_of(Options(input.options, "discriminability options"), input.seed);
    const auto pool = static_cast<int64_t>(input.prompts.size());
    if (pool < settings.k + 1) {
      fail_input("discriminability: {} captions, but k = {} needs at least {}", pool, settings.k, settings.k + 1);
    }
    std::set<std::string> texts;
    for (const Prompt& prompt : input.prompts) {
      if (!texts.insert(prompt.text).second) {
        fail_input("discriminability: caption '{}' stands twice in the pool; give each caption once", prompt.text);
      }
    }
    const Texts words = read_texts(input, pool);
    const Rows visual = checked_rows(input.visual, pool, "discriminability visual");
    const Rows raw_visual = unit_rows(visual), centred_visual = unit_rows(visual, visual.colwise().mean());
    const std::vector<int64_t> queries = draw_queries(pool, settings.queries, input.seed);

    std::vector<Mode> modes = {{"raw"}, {"visual_centred"}, {"centred"}};
    if (words.reworded) {
      for (const char* name : {"own_1", "own_5", "own_1_centred", "own_5_centred"}) modes.push_back({name});
    }
    ProbeResult result;
    result.n_queries = static_cast<int64_t>(queries.size());
    result.n_candidates = pool - 1;
    for (size_t begin = 0; begin < queries.size(); begin += kBlock) {
      const std::vector<int64_t> block(
          queries.begin() + static_cast<std::ptrdiff_t>(begin),
          queries.begin() + static_cast<std::ptrdiff_t>(std::min(queries.size(), begin + kBlock)));
      const Eigen::MatrixXd look = cosines(raw_visual, raw_visual, block);
      const Eigen::MatrixXd centred_look = cosines(centred_visual, centred_visual, block);
      const Eigen::MatrixXd likeness = cosines(words.raw.candidates, words.raw.queries, block);
      const Eigen::MatrixXd centred_likeness = cosines(words.centred.candidates, words.centred.queries, block);
      for (size_t i = 0; i < block.size(); ++i) {
        const auto column = static_cast<Eigen::Index>(i);
        const int64_t query = block[i];
        const Retrieved by_text = nearest(likeness.col(column), query, settings.k);
        const Retrieved by_centred = nearest(centred_likeness.col(column), query, settings.k);
        add(modes[0], by_text, look.col(column), query, settings.k);
        add(modes[1], by_text, centred_look.col(column), query, settings.k);
        add(modes[2], by_centred, centred_look.col(column), query, settings.k);
        if (words.reworded) {
          add_own(modes[3], likeness.col(column), query, 1);
          add_own(modes[4], likeness.col(column), query, 5);
          add_own(modes[5], centred_likeness.col(column), query, 1);
          add_own(modes[6], centred_likeness.col(column), query, 5);
        }
        Json item = {{"query", query},
                     {"text", words.query_of(input, query)},
                     {"retrieved", first_names(by_text, input.prompts, settings.k)}};
        for (const Mode& mode : modes) item[mode.name] = mode.score.back();
        result.items.push_back(std::move(item));
      }
    }
    result.numbers = {{"k", settings.k}, {"chance", Json::object()}, {"oracle", Json::object()}};
    for (const Mode& mode : modes) {
      const Estimate estimate = estimate_mean({mode.score, {}, {}}, settings.bootstrap);
      const Interval point = {estimate.value, estimate.value};
      result.modes.push_back({mode.name, estimate.value, estimate.ci95.value_or(point)});
      result.numbers["chance"][mode.name] = mean(mode.chance);
      result.numbers["oracle"][mode.name] = mean(mode.oracle);
    }
    return result;
  }

 private:
  static void add(Mode& mode, const Retrieved& retrieved, const Eigen::VectorXd& look, int64_t query, int64_t k) {
    mode.score.push_back(mean_over(retrieved, look, k));
    mode.chance.push_back((look.sum() - look[query]) / static_cast<double>(look.size() - 1));
    mode.oracle.push_back(mean_over(nearest(look, query, k), look, k));
  }

  static void add_own(Mode& mode, const Eigen::VectorXd& likeness, int64_t query, int64_t k) {
    mode.score.push_back(own_share(likeness, query, k));
    mode.chance.push_back(std::min(1.0, static_cast<double>(k) / static_cast<double>(likeness.size())));
    mode.oracle.push_back(1);
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

EMF_REGISTER(ProbeRegistry, "discriminability",
             "Do captions near each other in text features have pictures that look alike? (the paper's Table 1)",
             std::make_unique<Discriminability>, {.title = "Discriminability"});

}  // namespace
}  // namespace emf
