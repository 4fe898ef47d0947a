// Scores from features: a set of generated pictures against a set of real ones.
#include <future>

#include "harness/base/file.h"
#include "harness/base/options.h"
#include "harness/base/progress.h"
#include "harness/command/feature_file.h"
#include "harness/command/score_options.h"
#include "harness/engine/pictures/picture_features.h"
#include "harness/pictures/picture_set.h"
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
    fmt::print("{} {:.10g}{}\n", value.name, *value.value, interval_text(value));
  }
  const Json& facts = values.front().details;
  for (const char* fact : {"n_real", "n_generated", "dimension", "std"}) {
    if (facts.contains(fact)) fmt::print("  {} {}\n", fact, facts[fact].is_null() ? "unknown" : facts[fact].dump());
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
  explicit Pictures(const ScoreOptions& options) : options_(options) {}
  const PictureFeatures& features() {
    if (!features_) features_.emplace(options_.backbone, resize_of(options_));
    return *features_;
  }
  bool met() const { return features_.has_value(); }

 private:
  const ScoreOptions& options_;
  std::optional<PictureFeatures> features_;
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
      if (!pictures.features().backbone().classifies()) {
        fail_input("backbone '{}' has no class scores; lite0 has, or give logits as .npy, .npz or .safetensors",
                   options.backbone);
      }
      set.rows = pictures.features().logits(*open.pictures);
    } else {
      set.rows = pictures.features().rows(*open.pictures);
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
  const Backbone& backbone = pictures.features().backbone();
  return metric.name_on(backbone.short_name(), backbone.official());
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
    Pictures pictures(options);
    statistics = pictures.features().statistics(*open.pictures);
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
  const bool alone = metric->needs().count(MetricNeed::kFeatures) == 0;  // class scores of the generated pictures
  if (options.generated.empty() || (options.real.empty() && !alone)) {
    fail_input("score {} needs {}--generated Y", options.metric, alone ? "" : "--real X and ");
  }
  // What the command line says is looked at first, then all that is to be read is opened, and only then is anything
  // computed, which may take long.
  metric->check_options(Options(options.metric_options, "score " + options.metric));
  const std::optional<OpenSide> real_side = alone ? std::nullopt : std::optional(open_side(options.real, options));
  const OpenSide generated_side = open_side(options.generated, options);
  const Json earlier = options.against.empty() ? Json() : earlier_result(options.against);
  const bool rows_alone = needs_rows(options);
  Set real, generated;
  Pictures pictures(options);
  const auto read = [&](const OpenSide& side) { return read_set(side, options, alone, rows_alone, pictures); };
  // Files are read side by side; sets of pictures share a network, which uses every core.
  const bool networks = generated_side.pictures || (real_side && real_side->pictures);
  auto other = std::async(networks ? std::launch::deferred : std::launch::async, [&] { return read(generated_side); });
  if (real_side) real = read(*real_side);
  generated = other.get();
  MetricInput input;
  if (real.rows) input.real = &*real.rows;
  if (generated.rows) input.generated = &*generated.rows;
  if (real.statistics) input.real_statistics = &*real.statistics;
  if (generated.statistics) input.generated_statistics = &*generated.statistics;
  input.options = options.metric_options;
  if (const std::string name = name_of(*metric, pictures); !name.empty()) input.options["name"] = name;
  input.seed = options.seed;
  // The hash fills what scoring leaves idle.
  auto hash = std::async(alone ? std::launch::deferred : std::launch::async, [&] { return real_side->sha256(); });
  std::vector<MetricValue> values = scored(*metric, input, options);
  if (!alone) values.front().identity["real_sha256"] = hash.get();
  tell_of(generated_side, values.front());
  if (real_side) tell_of(*real_side, values.front());
  Json result = json_of(values, options.metric);
  if (!options.against.empty()) result["against"] = difference_from(options.against, earlier, result, options.metric);
  if (!flags.json) {
    print_values(values);
    if (result.contains("against"))
      fmt::print("  difference from {} {:.10g}\n", options.against, result["against"]["difference"].get<double>());
    return ExitCode::kGood;
  }
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
