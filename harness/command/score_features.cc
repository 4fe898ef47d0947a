// SPDX-License-Identifier: Apache-2.0
// Scores from features: a set of generated pictures against a set of real ones.
#include <algorithm>
#include <future>
#include <set>

#include "harness/base/file.h"
#include "harness/base/options.h"
#include "harness/base/progress.h"
#include "harness/base/terminal.h"
#include "harness/command/feature_file.h"
#include "harness/command/picture_network.h"
#include "harness/command/score_options.h"
#include "harness/pictures/picture_set.h"
#include "harness/statistics/statistics.h"
#include "probes/metrics/feature_pair.h"

namespace emf {

namespace {

/// What a further value is of, whatever network the first is named for: "recall" of "precision_recall/recall" and of
/// "recall_lite0", where the first value is "precision_recall_lite0".
std::string part_of(const std::string& name, const std::string& first, const std::string& metric) {
  if (name.rfind(first + "/", 0) == 0) return name.substr(first.size() + 1);
  const std::string network = first.rfind(metric, 0) == 0 ? first.substr(metric.size()) : "";
  return name.ends_with(network) ? name.substr(0, name.size() - network.size()) : name;
}

void print_values(const std::vector<MetricValue>& values) {
  for (const MetricValue& value : values) {
    print_shown("{} {:.10g}{}\n", value.name, *value.value, interval_text(value));
  }
  const Json& facts = values.front().details;
  for (const char* fact : {"n_real", "n_generated", "n_held_out", "dimension", "std"}) {
    if (facts.contains(fact)) print_shown("  {} {}\n", fact, facts[fact].is_null() ? "unknown" : facts[fact].dump());
  }
  print_warnings(values.front());
}

/// The first value, and any further ones under their own names.
Json json_of(const std::vector<MetricValue>& values, const std::string& metric) {
  const MetricValue& first = values.front();
  Json result = first.details;
  result["value"] = *first.value;
  if (first.ci95) result["ci95"] = *first.ci95;
  for (size_t i = 1; i < values.size(); ++i) {
    const std::string name = part_of(values[i].name, first.name, metric);
    result[name] = *values[i].value;
    if (values[i].ci95) result["ci95"][name] = *values[i].ci95;
  }
  result["identity"] = first.identity;
  result["warnings"] = first.warnings;
  return result;
}

/// A word among the metric's options. The metric itself reads them later and refuses what it does not know; until then
/// one of another type is refused here.
/// @throws UserError  not a word.
std::string word_of(const ScoreOptions& options, const std::string& key, const std::string& fallback) {
  const Options given(options.metric_options, "score " + options.metric);
  return ConfigReader(given).text(key, fallback);
}

/// Likewise for true and false.
bool flag_of(const ScoreOptions& options, const std::string& key) {
  const Options given(options.metric_options, "score " + options.metric);
  return ConfigReader(given).flag(key, false);
}

/// One side as it was read: rows, or statistics alone.
struct Set {
  std::optional<FeatureMatrix> rows;
  std::optional<FeatureStatistics> statistics;
};

/// How the peers of --compat resize pictures.
std::string resize_of(const ScoreOptions& options) {
  static const std::map<std::string, std::string> peers = {{"pytorch-fid", "bilinear"},
                                                           {"clean-fid", "clean-fid"},
                                                           {"torch-fidelity", "tf1"},
                                                           {"torch-fidelity-float32", "tf1"},
                                                           {"torchmetrics", "bilinear-antialias"},
                                                           {"edm2", "bicubic-antialias"}};
  if (!options.resize.empty()) return options.resize;
  const auto peer = peers.find(word_of(options, "compat", ""));
  return peer == peers.end() ? "" : peer->second;
}

/// The network that looks at pictures, loaded when the first are met.
class Pictures {
 public:
  Pictures(const ScoreOptions& options, std::string backbone) : options_(options), backbone_(std::move(backbone)) {}
  const std::string& backbone() const { return backbone_; }
  const PictureNetwork& network() {
    if (!network_) network_ = load_picture_network(backbone_, resize_of(options_), options_.device);
    return *network_;
  }
  bool met() const { return network_ != nullptr; }

 private:
  const ScoreOptions& options_;
  std::string backbone_;
  std::unique_ptr<const PictureNetwork> network_;
};

/// The Frechet distance is the one that statistics are enough for: MetricNeed does not say so.
bool takes_statistics(const ScoreOptions& options) { return options.metric == "frechet"; }

/// The peers of --compat that look into folders within do so without being asked.
bool reads_subfolders(const ScoreOptions& options) {
  const std::string peer = word_of(options, "compat", "");
  return options.subfolders || peer == "clean-fid" || peer == "edm2";
}

/// One side, opened, and where it holds pictures their set.
struct OpenSide {
  FeatureSide side;
  std::optional<pictures::PictureSet> pictures;

  std::string sha256() const { return pictures ? pictures->sha256() : feature_file_sha256(side); }
};

OpenSide open_side(const std::string& text, const ScoreOptions& options) {
  OpenSide open{open_features(text, takes_statistics(options)), std::nullopt};
  if (open.side.holds == FeatureSide::Holds::kPictures) {
    open.pictures.emplace(open.side.file, pictures::PictureSetOptions{open.side.array, reads_subfolders(options)});
  }
  return open;
}

/// Rows only where the metric needs them: statistics files have none, and large files need not fit in memory.
/// @param of_classes  class scores, not features.
Set read_set(const OpenSide& open, const ScoreOptions& options, bool of_classes, bool rows_alone, Pictures& pictures) {
  Set set;
  if (open.pictures) {
    if (of_classes) {
      if (const std::string kind = word_of(options, "kind", "logits"); kind != "logits") {
        fail_input("score {}: of pictures it takes logits, not --kind {}", options.metric, kind);
      }
      if (!pictures.network().classifies()) {
        fail_input("backbone '{}' has no class scores; lite0 has, or give logits as .npy, .npz or .safetensors",
                   pictures.backbone());
      }
      set.rows = pictures.network().logits(*open.pictures);
    } else {
      set.rows = pictures.network().rows(*open.pictures);
    }
    return set;
  }
  if (!rows_alone || open.side.holds == FeatureSide::Holds::kStatistics) {
    set.statistics = read_feature_statistics(open.side, word_of(options, "interval", "") == "none");
  }
  if (!set.statistics) set.rows = read_features(open.side);
  return set;
}

/// Values of pictures are named for the network that looked: fd_lite0 is no FID. "" = the metric's own name.
std::string name_of(const Metric& metric, Pictures& pictures) {
  if (!pictures.met()) return "";
  return metric.name_on(pictures.network().short_name(), pictures.network().official());
}

/// Whether rows that are there are wanted, however large their file: with some options of the Frechet distance.
bool needs_rows(const ScoreOptions& options) {
  if (!takes_statistics(options)) return true;
  const std::string interval = word_of(options, "interval", "auto");
  return flag_of(options, "infinity") || interval == "jackknife" || interval == "bootstrap" ||
         word_of(options, "compat", "none") == "torch-fidelity-float32";
}

/// What was passed over or is odd about a side.
void tell_of(const OpenSide& open, MetricValue& value) {
  if (!open.side.warning.empty()) value.warnings.push_back(open.side.warning);
  if (!open.pictures) return;
  for (const std::string& warning : open.pictures->warnings()) value.warnings.push_back(warning);
}

/// Metrics speak of sides; the command line adds which files those are.
std::vector<MetricValue> scored(const Metric& metric, const MetricInput& input, const ScoreOptions& options) {
  try {
    return metric.score(input);
  } catch (const UserError& error) {
    throw UserError(fmt::format("{} (real: {}; generated: {})", error.what(),
                                options.real.empty() ? "none" : options.real, options.generated),
                    error.code());
  }
}

/// Writes the statistics of --real (the reference, as a rule), or of --generated when that is alone.
Json save_statistics(const ScoreOptions& options) {
  const std::string& source = options.real.empty() ? options.generated : options.real;
  if (source.empty()) fail_input("--save-statistics needs --real X (or --generated Y)");
  const OpenSide open = open_side(source, options);
  require_writable(options.save_statistics);
  std::optional<FeatureStatistics> statistics = read_feature_statistics(open.side, true);
  if (open.pictures) {
    statistics = Pictures(options, options.backbones.front()).network().statistics(*open.pictures);
    for (const std::string& warning : open.pictures->warnings()) say("warning: " + warning);
  } else if (!statistics) {
    const FeatureMatrix rows = read_features(open.side);
    statistics.emplace();
    statistics->add(checked_features(&rows, options.real.empty() ? "generated" : "real", "save-statistics", 2));
  }
  write_statistics(options.save_statistics, *statistics);
  return {{"statistics", options.save_statistics}, {"n", statistics->rows()}, {"dimension", statistics->dimension()}};
}

/// @throws UserError  no result of score.
Json earlier_result(const std::string& path) {
  Json other = read_json(path);
  if (!other.is_object() || !other.contains("value") || !other["value"].is_number() || !other.contains("identity")) {
    fail_input("{} is no result of score: it has no value and identity", path);
  }
  return other;
}

/// The difference from an earlier result of the same kind.
/// @throws UserError  results whose identity differs (says in what): their difference would mean nothing.
Json difference_from(const std::string& path, const Json& other, const Json& result, const std::string& metric) {
  if (other["identity"] != result["identity"]) {
    fail_input("{}: {} and this {} are not comparable ({})", path, path, metric,
               first_difference(other["identity"], result["identity"]));
  }
  return {{"file", path},
          {"value", other["value"]},
          {"difference", result["value"].get<double>() - other["value"].get<double>()}};
}

/// Every side that is to be scored, opened before anything is computed, which may take long.
struct OpenSides {
  std::optional<OpenSide> real, held_out;
  OpenSide generated;

  bool any_pictures() const {
    return generated.pictures || (real && real->pictures) || (held_out && held_out->pictures);
  }
};

/// What one network's features say, or features that files hold.
std::vector<MetricValue> values_on(const std::string& backbone, const Metric& metric, const OpenSides& sides,
                                   const ScoreOptions& options) {
  const bool of_classes = metric.needs().count(MetricNeed::kFeatures) == 0;
  const bool rows_alone = needs_rows(options);
  Set real, generated, held_out;
  Pictures pictures(options, backbone);
  const auto read = [&](const OpenSide& side) { return read_set(side, options, of_classes, rows_alone, pictures); };
  // Files are read side by side; sets of pictures share a network, which uses every core.
  const auto when = sides.any_pictures() ? std::launch::deferred : std::launch::async;
  auto other = std::async(when, [&] { return read(sides.generated); });
  if (sides.real) real = read(*sides.real);
  generated = other.get();
  if (sides.held_out) held_out = read(*sides.held_out);
  MetricInput input;
  if (real.rows) input.real = &*real.rows;
  if (generated.rows) input.generated = &*generated.rows;
  if (held_out.rows) input.held_out = &*held_out.rows;
  if (real.statistics) input.real_statistics = &*real.statistics;
  if (generated.statistics) input.generated_statistics = &*generated.statistics;
  input.options = options.metric_options;
  if (const std::string name = name_of(metric, pictures); !name.empty()) input.options["name"] = name;
  input.seed = options.seed;
  // The hash fills what scoring leaves idle.
  auto hash = std::async(sides.real ? std::launch::async : std::launch::deferred, [&] { return sides.real->sha256(); });
  std::vector<MetricValue> values = scored(metric, input, options);
  if (sides.real) values.front().identity["real_sha256"] = hash.get();
  return values;
}

/// The mean of a value over networks, and the values themselves behind it. The pictures are the same, so the errors are
/// not independent: the interval is as wide as if they moved together, which is the most.
std::vector<MetricValue> averaged(std::vector<MetricValue> values, const std::string& metric) {
  const auto count = static_cast<double>(values.size());
  MetricValue average = values.front();
  average.name = fmt::format("{}_mean_of_{}", metric, values.size());
  average.value = 0;
  average.details = Json::object();
  average.identity = Json::object();
  average.warnings.clear();
  Interval ends{};
  bool known = true;
  for (const MetricValue& value : values) {
    *average.value += *value.value / count;
    average.identity["of"].push_back(value.identity);
    for (const std::string& warning : value.warnings) {
      if (std::count(average.warnings.begin(), average.warnings.end(), warning) == 0) {
        average.warnings.push_back(warning);
      }
    }
    known = known && value.ci95;
    for (size_t end = 0; known && end < 2; ++end) ends[end] += (*value.ci95)[end] / count;
  }
  average.ci95 = known ? std::optional(ends) : std::nullopt;
  values.insert(values.begin(), average);
  return values;
}

/// @throws UserError  a side is missing or no picture, or several networks that no mean can be taken over.
OpenSides open_sides(const Metric& metric, const ScoreOptions& options) {
  const bool alone = metric.needs().count(MetricNeed::kFeatures) == 0;  // class scores of the generated pictures
  const bool holds_out = metric.needs().count(MetricNeed::kHeldOut) > 0;
  if (options.generated.empty() || (options.real.empty() && !alone) || (options.held_out.empty() && holds_out)) {
    fail_input("score {} needs {}{}--generated Y", options.metric, alone ? "" : "--real X and ",
               holds_out ? "--held-out Z and " : "");
  }
  const auto opened = [&](bool wanted, const std::string& text) {
    return wanted ? std::optional(open_side(text, options)) : std::nullopt;
  };
  OpenSides sides{opened(!alone, options.real), opened(holds_out, options.held_out),
                  open_side(options.generated, options)};
  if (options.backbones.size() < 2) return sides;
  if (!holds_out) {
    fail_input("score {} takes one --backbone: distances on two networks have no common unit (fdr has none at all)",
               options.metric);
  }
  const std::set<std::string> different(options.backbones.begin(), options.backbones.end());
  if (different.size() < options.backbones.size()) {
    fail_input("--backbone names one network twice, which would count twice in the mean");
  }
  for (const OpenSide* side : {&*sides.real, &sides.generated, &*sides.held_out}) {
    if (!side->pictures) {
      fail_input("{}: several backbones look at pictures, and this is a file of features", side->side.file.string());
    }
  }
  return sides;
}

/// Too few pictures are refused before a network looks at any.
void require_rows(const Metric& metric, const OpenSides& sides, const ScoreOptions& options) {
  const int64_t least = metric.least_rows(Options(options.metric_options, "score " + options.metric));
  const auto require = [&](const OpenSide& side, const char* what) {
    if (!side.pictures || static_cast<int64_t>(side.pictures->size()) >= least) return;
    fail_input("score {}: needs at least {} {} pictures with these options, and {} holds {}", options.metric, least,
               what, side.side.file.string(), side.pictures->size());
  };
  require(sides.generated, "generated");
  if (sides.real) require(*sides.real, "real");
}

}  // namespace

ExitCode score_features(const ScoreOptions& options, const CommonFlags& flags) {
  if (!options.save_statistics.empty()) {
    if (options.metric != "frechet") fail_input("score {} has no statistics to save; frechet has", options.metric);
    const Json saved = save_statistics(options);
    if (options.real.empty() || options.generated.empty()) {
      if (flags.json) print_json(saved);
      return ExitCode::kGood;
    }
  }
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  // What the command line says is looked at first, then all that is to be read is opened, and only then is anything
  // computed, which may take long.
  metric->check_options(Options(options.metric_options, "score " + options.metric));
  const OpenSides sides = open_sides(*metric, options);
  require_rows(*metric, sides, options);
  const Json earlier = options.against.empty() ? Json() : earlier_result(options.against);
  std::vector<MetricValue> values;
  for (const std::string& backbone : options.backbones) {
    std::vector<MetricValue> own = values_on(backbone, *metric, sides, options);
    values.insert(values.end(), own.begin(), own.end());
  }
  if (options.backbones.size() > 1) values = averaged(std::move(values), options.metric);
  tell_of(sides.generated, values.front());
  if (sides.real) tell_of(*sides.real, values.front());
  if (sides.held_out) tell_of(*sides.held_out, values.front());
  Json result = json_of(values, options.metric);
  if (!options.against.empty()) result["against"] = difference_from(options.against, earlier, result, options.metric);
  write_score_page(options, result);
  if (!flags.json) {
    print_values(values);
    if (result.contains("against"))
      print_shown("  difference from {} {:.10g}\n", options.against, result["against"]["difference"].get<double>());
    return ExitCode::kGood;
  }
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
