// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_keys.h"

#include <algorithm>

#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/api/metric.h"
#include "harness/api/model.h"
#include "harness/api/objective.h"
#include "harness/api/pretraining.h"
#include "harness/api/probe.h"
#include "harness/engine/suite/suite_file.h"

namespace emf {
namespace {

constexpr int kSide = 32;  // of pictures, pixels, for codecs and models that are made to be asked

class Collector {
 public:
  explicit Collector(const Config& config) : config_(config) {}

  /// What `read` asks for in any table.
  template <typename Read>
  void engine(const Read& read) {
    const ConfigJournal journal;
    read();
    for (const AskedKey& key : journal.keys()) add(key, "");
  }

  /// What making a plugin asks for in its own table. That it cannot be made, because a file is absent or another table
  /// is missing, is no matter here: a run says so.
  template <typename Make>
  void plugin(const std::string& name, const std::vector<std::string>& table, const std::vector<std::string>& taken,
              const Make& make) {
    const ConfigJournal journal;
    const Options options(config_, table, taken);
    try {
      make(options);
    } catch (const std::exception&) {
    }
    for (const AskedKey& key : journal.keys()) {
      // An encoder that wraps another reads options of that one, too.
      if (key.table == options.path()) add(key, name);
    }
  }

  std::vector<SuiteKey> take() { return std::move(keys_); }

 private:
  void add(AskedKey key, const std::string& plugin) {
    if (key.type == "raw" && key.meaning.empty()) return;  // a table that others read
    if (key.table.rfind("claims.", 0) == 0) {
      // What stands in a claim's own tables is said where these are: claims.0.at.
      if (key.table.find('.', std::string("claims.").size()) != std::string::npos) return;
      key.table = "claims";
      key.value = nullptr;  // each claim has its own
    }
    for (SuiteKey& known : keys_) {
      if (known.asked.table != key.table || known.asked.key != key.key) continue;
      // Data sets and models share a table: a key of one is another key of the next.
      if (!plugin.empty() && !known.plugin.empty() && known.plugin != plugin) continue;
      // What was asked for on the way, while the suite was read, is the plugin's own all the same.
      if (known.plugin.empty() && known.asked.meaning == key.meaning) known.plugin = plugin;
      return;
    }
    keys_.push_back({std::move(key), plugin});
  }

  const Config& config_;
  std::vector<SuiteKey> keys_;
};

void add_encoder(Collector& keys, const std::string& encoder, const std::string& name, bool chats) {
  keys.plugin(encoder, {"encoder", name}, {"encoder", "title", "pretrain", "values_of", "pooling", "learning_rate"},
              [&](const Options& options) {
                make_encoder(encoder, chats ? options.with("template", "chat") : options, EncoderContext{});
              });
}

void add_dataset(Collector& keys, const std::string& name) {
  keys.plugin(name, {"data"}, {"name"}, [&](const Options& options) {
    // Those of files ask for the path first.
    const bool has_path = options.values().contains("path");
    DatasetRegistry::instance().make(name, has_path ? options : options.with("path", "?"), DatasetContext{});
  });
}

void add_codec(Collector& keys, const std::string& codec, const std::string& name) {
  keys.plugin(named_options(codec).name, {"codec", name}, {"codec", "title"}, [&](const Options& options) {
    make_codec(codec, CodecContext{kSide, kSide, {}}, options);
  });
}

void add_model(Collector& keys, const std::string& plugin, const std::vector<std::string>& table,
               const std::vector<std::string>& taken) {
  keys.plugin(plugin, table, taken, [&](const Options& options) {
    ModelContext context;
    context.shape = {4, kSide, kSide, 8};
    ModelRegistry::instance().make(plugin, options, context);
  });
}

void add_pretraining(Collector& keys, const std::string& name) {
  keys.plugin(name, {"pretraining", name}, {}, [&](const Options& options) {
    PretrainingRegistry::instance().make(name, options, PretrainingContext{});
  });
}

/// What every plugin that a read suite lists asks for.
void add_plugins(Collector& keys, const SuiteSpec& spec) {
  std::vector<std::string> models = {"name", "title"};
  for (const PluginChoice& choice : spec.models) models.push_back(choice.name);
  if (!spec.only_probes()) {
    add_model(keys, spec.models.front().plugin, {"model"}, models);
    for (size_t i = 1; i < spec.models.size(); ++i) {
      add_model(keys, spec.models[i].plugin, {"model", spec.models[i].name}, {"model", "title"});
    }
    for (const PluginChoice& choice : spec.codecs) add_codec(keys, choice.plugin, choice.name);
  }
  for (const EncoderChoice& choice : spec.encoders) {
    add_encoder(keys, choice.encoder, choice.name, false);
    add_encoder(keys, choice.encoder, choice.name, true);
  }
  for (const PluginChoice& choice : spec.objectives) {
    keys.plugin(choice.plugin, {"objective", choice.name}, {"objective", "title"}, [&](const Options& options) {
      ObjectiveRegistry::instance().make(choice.plugin, options, ObjectiveContext{});
    });
  }
  for (const MetricChoice& choice : spec.metrics) {
    keys.plugin(
        choice.metric, {"metric", choice.name}, {"metric", "title", "judge", "backbone", "prompts"},
        [&](const Options& options) { MetricRegistry::instance().make(choice.metric)->check_options(options); });
  }
  for (const ProbeSpec& probe : spec.probes) {
    keys.plugin(probe.probe, {"probe", probe.name},
                {"probe", "title", "query_words", "candidate_words", "captions", "data", "backbone"},
                [&](const Options& options) { ProbeRegistry::instance().make(probe.probe)->check_options(options); });
  }
}

/// A suite that lists every registered plugin, each with a table.
Config suite_of_everything() {
  Config config;
  config.origin = "registered keys";
  Json& values = config.values;
  values["suite"] = {{"name", "any"}, {"question", "?"}};
  values["train"] = {{"pictures", 1 << 20}};  // of whole steps
  const auto list = [&](const char* key, const char* kind, const std::vector<std::string>& names) {
    values[key] = names;
    for (const std::string& name : names) values[kind][name] = Json::object();
  };
  list("encoders", "encoder", EncoderRegistry::instance().names());
  list("objectives", "objective", ObjectiveRegistry::instance().names());
  list("latent", "codec", CodecRegistry::instance().names());
  list("metrics", "metric", MetricRegistry::instance().names());
  list("probes", "probe", ProbeRegistry::instance().names());
  values["claims"] = {{{"name", "?"}, {"claim", "a > b"}}};
  return config;
}

/// One of the two says a budget, so that what is printed of a suite is a file that can be run: steps, where they were
/// given, become what is shown in them.
void settle_budget(std::vector<SuiteKey>& keys, const std::string& table, const std::string& budget, int64_t shown) {
  const auto find = [&](const std::string& key) {
    return std::find_if(keys.begin(), keys.end(),
                        [&](const SuiteKey& of) { return of.asked.table == table && of.asked.key == key; });
  };
  const auto steps = find("steps"), pictures = find(budget);
  if (steps == keys.end() || pictures == keys.end() || steps->asked.value.is_null()) return;
  steps->asked.value = nullptr;
  pictures->asked.value = shown;
}

}  // namespace

std::vector<SuiteKey> keys_of_suite(const Config& config) {
  SuiteSpec spec;
  Collector keys(config);
  keys.engine([&] { spec = read_suite(config); });
  std::string dataset;
  keys.engine([&] { dataset = ConfigReader(config, "data").text("name", "scenes", "the registered data set"); });
  add_dataset(keys, dataset);
  add_plugins(keys, spec);
  for (const std::string& name : PretrainingRegistry::instance().names()) {
    if (config.values.value("pretraining", Json::object()).contains(name)) add_pretraining(keys, name);
  }
  std::vector<SuiteKey> all = keys.take();
  settle_budget(all, "train", "pictures", spec.train.pictures);
  settle_budget(all, "pretraining", "captions", spec.pretraining.train.pictures);
  return all;
}

std::vector<SuiteKey> registered_keys() {
  const Config config = suite_of_everything();
  SuiteSpec spec;
  Collector keys(config);
  keys.engine([&] {
    ConfigReader(config, "").texts("include", {}, "files whose keys count where this one has none, seen from it");
    spec = read_suite(config);
    ConfigReader(config, "data").text("name", "scenes", "the registered data set");
  });
  add_plugins(keys, spec);
  for (const std::string& name : DatasetRegistry::instance().names()) add_dataset(keys, name);
  for (const std::string& name : ModelRegistry::instance().names()) add_model(keys, name, {"model"}, {"name", "title"});
  for (const std::string& name : PretrainingRegistry::instance().names()) add_pretraining(keys, name);
  std::vector<SuiteKey> all = keys.take();
  for (SuiteKey& key : all) {
    key.asked.value = nullptr;  // what stood there was ours
    if (key.asked.table.empty() && key.asked.key.rfind("main_", 0) == 0) key.asked.choices.clear();
  }
  return all;
}

}  // namespace emf
