// A suite, read and checked: which encoders, objectives, steps and seeds, on what data, with what budget.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/config.h"
#include "harness/engine/text/encoder_source.h"
#include "harness/engine/text/prompt_table.h"
#include "harness/engine/training/options.h"

namespace emf {

/// [pretraining]: how encoders that come without values are trained, all alike.
struct PretrainingOptions {
  TrainOptions train;       ///< `pictures` counts captions
  double paraphrase = 0.5;  ///< share of captions said in other words than the dataset's first
  std::vector<Json> data;   ///< [data] tables of the datasets whose captions are shown in turn
};

struct EvaluationOptions {
  JudgingOptions judging;                                   ///< its seed picks the prompts and the real pictures
  double guidance = 2;                                      ///< of every objective without a value of its own
  std::vector<std::pair<std::string, double>> guidance_of;  ///< by objective
  int64_t reference_pictures = 500;                         ///< real pictures behind kid_lite0 and fd_lite0
  std::vector<int64_t> feature_steps;  ///< step counts whose pictures get a Frechet and a kernel distance

  double guidance_for(const std::string& objective) const {
    for (const auto& [name, value] : guidance_of) {
      if (name == objective) return value;
    }
    return guidance;
  }
};

/// One sentence the suite must show: left > factor * right on a metric, outside the 95 % interval of a paired bootstrap.
struct Claim {
  std::string name, metric;
  std::string left, right;  ///< "encoder/objective/steps", or "ceiling"
  double factor = 1;
};

/// A registered probe, asked in one way. A suite lists it under the probe's own name, or under a name that its table
/// [probe.NAME] explains: `probe`, the keys below, and the probe's own options.
struct ProbeSpec {
  std::string name, probe;
  std::string title;                         ///< for people, behind the probe's name; may be empty
  std::string query_words, candidate_words;  ///< wordings of the dataset (Dataset::wordings); "" = the captions
  int64_t captions = 1000;                   ///< the pool at most (the paper has 1,000 queries)
  Json data =
      Json::object();  ///< where this probe's data differ from [data]; with a `name`, another dataset's whole table
  Json options = Json::object();
};

struct SuiteSpec {
  std::string name, question;
  Config config;  ///< the tables that plugins read themselves: [data], [model], [objective.*]
  std::vector<std::string> encoders, objectives, metrics;
  std::map<std::string, EncoderChoice> encoder_choices;  ///< of every name in `encoders`
  std::vector<ProbeSpec> probes;
  std::vector<int64_t> steps, seeds;
  std::map<std::string, std::vector<int64_t>> encoder_seeds;  ///< of encoders whose seeds are not `seeds`
  std::string latent;                                         ///< "autoencoder" or "none"
  TrainOptions train;
  PretrainingOptions pretraining;
  EvaluationOptions evaluation;
  std::vector<Claim> claims;
  uint64_t data_seed = 0;

  /// Without objectives nothing is trained, sampled or judged: the suite probes encoders, and needs no instruments.
  bool only_probes() const { return objectives.empty(); }

  const std::vector<int64_t>& seeds_of(const std::string& encoder) const {
    const auto own = encoder_seeds.find(encoder);
    return own == encoder_seeds.end() ? seeds : own->second;
  }
};

/// Reads and checks a suite.
/// @param name_or_path  "quick" (experiments/quick.toml) or a path ending in .toml.
/// @param overrides     `key=value` words.
/// @throws UserError  no such suite (nearest name), unknown key or plugin, wrong type or range: file and line.
SuiteSpec load_suite(const std::string& name_or_path, const std::vector<std::string>& overrides);

/// The two halves of load_suite: the file with its overrides, and its meaning.
Config load_suite_file(const std::string& name_or_path, const std::vector<std::string>& overrides);
SuiteSpec read_suite(Config config);

/// Names of the suites under experiments/.
std::vector<std::string> suite_names();

}  // namespace emf
