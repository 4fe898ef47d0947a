// SPDX-License-Identifier: Apache-2.0
// How many of a prompt's facts a picture shows, and how that falls with their number: GenEval 2's two means
// (arXiv 2512.16853), of answers that are yes or no.
//
// Legend: a picture's arithmetic mean is the share of its questions that were answered "yes", its geometric mean 1
// where all were and else 0. TIFA is the mean of the first over pictures; both stand again for every number of facts.
//
// Unlike `question_graph`, no question depends on another, so the curve shows facts alone.
#include <algorithm>
#include <map>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/rules/question_graph.h"
#include "harness/statistics/statistics.h"

namespace emf {
namespace {

struct Settings {
  std::string name = "tifa", origin = "judged";
  BootstrapOptions bootstrap;
};

/// One judged row.
struct Picture {
  std::string item_id;
  int64_t facts = 0, shown = 0;

  double share() const { return static_cast<double>(shown) / static_cast<double>(facts); }
  double all() const { return shown == facts ? 1 : 0; }
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name = reader.text("name", settings.name, "what its value is called");
  settings.origin = reader.text("origin", settings.origin, "where its rows come from, for messages");
  settings.bootstrap.draws = static_cast<int>(reader.integer(
      "draws", settings.bootstrap.draws, 1, 1'000'000, "resamples of the bootstrap behind intervals [resamples]"));
  settings.bootstrap.seed = seed;
  settings.bootstrap.stream = "tifa";
  settings.bootstrap.shares = true;
  reader.finish();
  return settings;
}

Settings settings_of(const MetricInput& input) {
  return settings_of(Options(input.options, "tifa options"), input.seed);
}

/// Rows of one item may stand apart, and any of them may hold its questions.
std::vector<Picture> pictures_of(const MetricInput& input, const Settings& settings) {
  if (input.judged == nullptr || input.judged->empty()) {
    fail_input("{}: tifa needs judge outputs, but there is not one row", settings.origin);
  }
  const auto where = [&](size_t row) { return fmt::format("{} row {}", settings.origin, row + 1); };
  std::vector<QuestionGraph> graphs;
  std::map<std::string, size_t> asked;  // of an item the row with its questions
  for (size_t i = 0; i < input.judged->size(); ++i) {
    graphs.push_back(question_graph((*input.judged)[i], where(i)));
    if (!graphs.back().questions.empty()) asked.try_emplace(graphs.back().item_id, i);
  }
  std::vector<Picture> pictures;
  for (size_t i = 0; i < graphs.size(); ++i) {
    const auto place = asked.find(graphs[i].item_id);
    if (place == asked.end()) fail_input("{}: item '{}' has no questions", where(i), graphs[i].item_id);
    const PictureAnswers answers = picture_answers((*input.judged)[i], where(i));
    Picture picture{graphs[i].item_id, 0, 0};
    for (const GraphQuestion& question : graphs[place->second].questions) {
      const auto answer = answers.find(question.id);
      ++picture.facts;
      picture.shown += answer != answers.end() && answer->second == "yes" ? 1 : 0;
    }
    pictures.push_back(picture);
  }
  return pictures;
}

/// @param facts  0: pictures of any number.
template <typename Score>
MetricValue mean_of(const std::vector<Picture>& pictures, int64_t facts, const std::string& name,
                    const Settings& settings, const Score& score) {
  Scores scores;
  for (const Picture& picture : pictures) {
    if (facts != 0 && picture.facts != facts) continue;
    scores.values.push_back(score(picture));
    scores.clusters.push_back(picture.item_id);
  }
  const Estimate estimate = estimate_mean(scores, settings.bootstrap);
  MetricValue value;
  value.name = name;
  value.value = estimate.value;
  value.ci95 = estimate.ci95;
  value.n = estimate.n;
  return value;
}

/// Options: draws of the bootstrap over prompts.
class Tifa : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kQuestions}; }
  bool higher_is_better() const override { return true; }
  void check_options(const Options& options) const override { settings_of(options, 0); }

  /// The mean share of facts; "/all": the share of pictures that show every one; "/facts_N" and "/all_facts_N": of
  /// prompts with N facts.
  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    const std::vector<Picture> pictures = pictures_of(input, settings);
    const auto share = [](const Picture& picture) { return picture.share(); };
    const auto all = [](const Picture& picture) { return picture.all(); };
    std::vector<MetricValue> values = {mean_of(pictures, 0, settings.name, settings, share),
                                       mean_of(pictures, 0, settings.name + "/all", settings, all)};
    std::set<int64_t> counts;
    for (const Picture& picture : pictures) counts.insert(picture.facts);
    for (const int64_t facts : counts) {
      values.push_back(mean_of(pictures, facts, fmt::format("{}/facts_{:02}", settings.name, facts), settings, share));
      values.push_back(
          mean_of(pictures, facts, fmt::format("{}/all_facts_{:02}", settings.name, facts), settings, all));
    }
    return values;
  }

  std::vector<double> item_scores(const MetricInput& input) const override {
    std::vector<double> scores;
    for (const Picture& picture : pictures_of(input, settings_of(input))) scores.push_back(picture.share());
    return scores;
  }

  std::vector<Json> items(const MetricInput& input) const override {
    std::vector<Json> rows;
    for (const Picture& picture : pictures_of(input, settings_of(input))) {
      rows.push_back({{"item_id", picture.item_id},
                      {"facts", picture.facts},
                      {"shown", picture.shown},
                      {"score", picture.share()},
                      {"all", picture.all()}});
    }
    return rows;
  }
};

EMF_REGISTER(MetricRegistry, "tifa", "Share of a prompt's facts that a picture shows, by their number (as GenEval 2)",
             std::make_unique<Tifa>, {.title = "Facts shown (TIFA)", .parts = {{"all", "All facts shown"}}});

}  // namespace
}  // namespace emf
