// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_choices.h"

#include <algorithm>

#include "harness/api/backbone.h"
#include "harness/api/codec.h"
#include "harness/api/judge.h"
#include "harness/api/metric.h"
#include "harness/api/objective.h"
#include "harness/api/pooling.h"
#include "harness/api/probe.h"
#include "harness/base/error.h"
#include "harness/engine/text/judged_prompts.h"

namespace emf {
namespace {

bool has_table(const Config& config, const std::string& kind, const std::string& name) {
  const auto tables = config.values.find(kind);
  return tables != config.values.end() && tables->is_object() && tables->contains(name) && tables->at(name).is_object();
}

/// What every named table says of itself, and the options that are left for the plugin.
PluginChoice read_choice(const Config& config, const std::string& kind, const std::string& name) {
  PluginChoice choice;
  choice.name = choice.plugin = name;
  choice.options = Options(config, {kind, name}, {kind, "title"});
  // A name without a table is the registered plugin with its defaults.
  if (!has_table(config, kind, name)) return choice;
  const Options whole(config, {kind, name});
  ConfigReader reader(whole);
  choice.plugin = reader.text(kind, name, "the registered plugin that this name stands for; absent: its own");
  choice.title = reader.text("title", "", "what people call it in reports; absent: its registered title");
  return choice;
}

/// Where a name stands, for the message that it is none: in its table's key, or in the suite's list.
std::string place_of(const Config& config, ConfigReader& suite, const std::string& kind, const std::string& list,
                     const std::string& name) {
  const std::string key = kind + "." + name + "." + kind;
  return has_table(config, kind, name) && config.places.count(key) > 0 ? config.place(key) : suite.place(list);
}

template <typename RegistryType>
void require_registered(const std::string& plugin, const std::string& place, const std::string& list) {
  if (RegistryType::instance().contains(plugin)) return;
  fail_input("{}: '{}' names '{}', which is not registered{}", place, list, plugin,
             suggestion(plugin, RegistryType::instance().names()));
}

/// A judge or a backbone, of a table's own key or of the suite's.
template <typename RegistryType>
void require_network(const Config& config, ConfigReader& suite, const std::string& text, const std::string& table,
                     const std::string& key) {
  const std::string plugin = named_options(text).name, own = table + "." + key;
  if (RegistryType::instance().contains(plugin)) return;
  fail_input("{}: '{}' names '{}', which is not registered{}",
             config.places.count(own) > 0 ? config.place(own) : suite.place(key), key, plugin,
             suggestion(plugin, RegistryType::instance().names()));
}

/// "kid_lite0": a distance on a backbone, written in one word.
bool read_short_name(MetricChoice& choice) {
  const std::vector<std::pair<std::string, std::string>> prefixes = {
      {"fd_", "frechet"}, {"kid_", "kid"}, {"mind_", "mind"}, {"cmmd_", "cmmd"}, {"fdr_", "fdr"}};
  for (const auto& [prefix, metric] : prefixes) {
    // Only where the rest is a registered backbone: a metric of somebody's own may well begin with these
    // letters.
    const std::string backbone = choice.name.substr(std::min(choice.name.size(), prefix.size()));
    if (choice.name.rfind(prefix, 0) != 0 || !BackboneRegistry::instance().contains(backbone)) continue;
    choice.metric = metric;
    choice.backbone = backbone;
    return true;
  }
  return false;
}

}  // namespace

EncoderChoice read_encoder_choice(const Config& config, ConfigReader& suite, const std::string& name) {
  EncoderChoice choice;
  choice.name = choice.encoder = name;
  if (has_table(config, "encoder", name)) {
    const Options whole(config, {"encoder", name});
    ConfigReader reader(whole);
    // The reader is never finished here: what it leaves over are the encoder's own options, which the encoder
    // checks when it is made.
    choice.encoder =
        reader.text("encoder", name, "the encoder that this name stands for: a registered one, or name:argument");
    choice.title = reader.text("title", "", "what people call it in reports; absent: its registered title");
    choice.pretrain = reader.flag("pretrain", true, "an encoder that comes without values is pretrained first");
    choice.values_of =
        reader.text("values_of", "", "the row whose trained encoder this one takes over, as encoder/objective/seed");
    const std::string pooling = reader.choice("pooling", "mean", poolings_without_file(),
                                              "how token features become one vector; absent: the encoder's own way");
    if (reader.has("pooling")) choice.pooling = pooling;
    choice.learning_rate = reader.number("learning_rate", 0, 0, 1,
                                         "of this encoder where it is trained with the generator; 0 = the generator's");
    choice.options =
        Options(config, {"encoder", name}, {"encoder", "title", "pretrain", "values_of", "pooling", "learning_rate"});
  }
  if (!parse_encoder_spec(choice.encoder)) {
    fail_input("{}: 'encoders' names '{}', which is not registered{}",
               place_of(config, suite, "encoder", "encoders", name), choice.encoder,
               suggestion(choice.encoder, EncoderRegistry::instance().names()));
  }
  return choice;
}

PluginChoice read_objective_choice(const Config& config, ConfigReader& suite, const std::string& name) {
  PluginChoice choice = read_choice(config, "objective", name);
  require_registered<ObjectiveRegistry>(choice.plugin, place_of(config, suite, "objective", "objectives", name),
                                        "objectives");
  return choice;
}

PluginChoice read_model_choice(const Config& config, ConfigReader& suite, const std::string& name,
                               const std::vector<std::string>& names) {
  // Tables inside [model] are models of their own, not options of the first.
  std::vector<std::string> taken = {"name", "title"};
  taken.insert(taken.end(), names.begin(), names.end());
  PluginChoice choice;
  {
    const Options whole(config, {"model"}, names);
    ConfigReader reader(whole);
    choice.plugin = reader.text("name", "dit", "the registered model");
    choice.title = reader.text("title", "", "what people call it in reports; absent: its registered title");
    choice.options = Options(config, {"model"}, taken);
  }
  require_registered<ModelRegistry>(choice.plugin, config.place("model.name"), "model.name");
  if (name.empty()) return choice;
  if (!has_table(config, "model", name) && !ModelRegistry::instance().contains(name)) {
    std::vector<std::string> known = names;
    for (const std::string& registered : ModelRegistry::instance().names()) known.push_back(registered);
    fail_input("{}: 'models' names '{}', which no table [model.{}] explains and which is not registered{}",
               suite.place("models"), name, name, suggestion(name, known));
  }
  const Options whole(config, {"model", name});
  ConfigReader reader(whole);
  PluginChoice own;
  own.name = name;
  own.plugin = reader.text("model", has_table(config, "model", name) ? choice.plugin : name,
                           "the model that this name stands for; absent: that of [model]");
  own.title = reader.text("title", "", "what people call it in reports; absent: its registered title");
  own.options = Options(config, {"model", name}, {"model", "title"});
  require_registered<ModelRegistry>(own.plugin, config.place("model." + name + ".model"), "model");
  if (own.plugin == choice.plugin) {
    for (const auto& [key, value] : choice.options.values().items()) {
      // [model] is the point that the others vary, so their tables say only what differs.
      if (!own.options.values().contains(key)) own.options = own.options.with(key, value);
    }
  }
  return own;
}

PluginChoice read_codec_choice(const Config& config, ConfigReader& suite, const std::string& name) {
  PluginChoice choice = read_choice(config, "codec", name);
  const std::string place = place_of(config, suite, "codec", "latent", name);
  // "none" was the name of pixels before codecs were plugins.
  if (choice.plugin == "none") fail_input("{}: 'latent' is 'none'; pixels are called 'pixels'", place);
  require_registered<CodecRegistry>(named_options(choice.plugin).name, place, "latent");
  return choice;
}

MetricChoice read_metric_choice(const Config& config, ConfigReader& suite, const std::string& name,
                                const std::string& judge, const std::string& backbone) {
  MetricChoice choice;
  choice.name = choice.metric = name;
  choice.judge = judge;
  choice.backbone = backbone;
  if (!MetricRegistry::instance().contains(name)) read_short_name(choice);
  if (has_table(config, "metric", name)) {
    const Options whole(config, {"metric", name});
    ConfigReader reader(whole);
    // What it names stands for itself, whatever the table is called.
    if (reader.has("metric")) choice.backbone = backbone;
    choice.metric = reader.text("metric", choice.metric, "the metric that this name stands for");
    choice.title = reader.text("title", "", "what people call it in reports; absent: its registered title");
    choice.judge = reader.text("judge", judge, "what looks at pictures for it, or name:path; absent: the suite's");
    choice.backbone = reader.text("backbone", choice.backbone,
                                  "the network whose features it reads, or name:path; absent: the suite's");
    choice.prompts =
        reader.choice("prompts", "all", prompt_kinds(),
                      "which judged prompts it scores: known, those that training may have said; new, or of "
                      "one novelty");
    choice.options = Options(config, {"metric", name}, {"metric", "title", "judge", "backbone", "prompts"});
  }
  if (!MetricRegistry::instance().contains(choice.metric)) {
    std::vector<std::string> known = MetricRegistry::instance().names();
    known.insert(known.end(), {"fd_lite0", "kid_lite0", "mind_lite0", "cmmd_lite0", "fdr_lite0"});
    // FID is what people call a Frechet distance, whatever network is behind it.
    const std::string hint =
        choice.metric == "fid"
            ? "; it is the metric 'frechet' on the 2015 Inception: backbone = \"torchscript:/path/to/inception.pt\""
            : suggestion(choice.metric, known);
    fail_input("{}: 'metrics' names '{}', which is not registered{}",
               place_of(config, suite, "metric", "metrics", name), choice.metric, hint);
  }
  require_network<JudgeRegistry>(config, suite, choice.judge, "metric." + name, "judge");
  require_network<BackboneRegistry>(config, suite, choice.backbone, "metric." + name, "backbone");
  return choice;
}

ProbeSpec read_probe_choice(const Config& config, ConfigReader& suite, const std::string& name,
                            const std::string& backbone) {
  const Options whole(config, {"probe", name});
  ConfigReader reader(whole);
  ProbeSpec spec;
  spec.name = name;
  spec.probe = reader.text("probe", name, "the probe that this name stands for");
  require_registered<ProbeRegistry>(spec.probe, place_of(config, suite, "probe", "probes", name), "probes");
  spec.title = reader.text("title", "", "what people call it in reports; absent: its registered title");
  spec.query_words = reader.text("query_words", "", "wording of the queries, of the data set's; \"\" = its captions");
  spec.candidate_words =
      reader.text("candidate_words", "", "wording of the candidates, of the data set's; \"\" = its captions");
  spec.captions = reader.integer("captions", spec.captions, 2, 1 << 20, "captions of the pool at most [captions]");
  spec.backbone =
      reader.text("backbone", backbone, "the network whose features it reads, or name:path; absent: the suite's");
  require_network<BackboneRegistry>(config, suite, spec.backbone, "probe." + name, "backbone");
  const Json data =
      reader.raw("data", "where its data differ from [data]; with a name, another data set's whole table");
  if (data.is_object()) spec.data = data;
  // What is left is the probe's own to check: a typo is refused when the probe reads its options.
  spec.options = Options(config, {"probe", name},
                         {"probe", "title", "query_words", "candidate_words", "captions", "data", "backbone"});
  return spec;
}

void refuse_unlisted(const Config& config, const std::string& kind, const std::vector<std::string>& listed,
                     const std::vector<std::string>& also) {
  const Json tables = config.values.value(kind, Json::object());
  if (!tables.is_object()) fail_input("{}: '{}' must be tables [{}.NAME]", config.place(kind), kind, kind);
  for (const auto& [name, table] : tables.items()) {
    if (!table.is_object()) continue;
    const auto is = [&name = name](const std::string& known) { return known == name; };
    // A table that no list names would be ignored in silence, and somebody would believe that it was measured.
    if (std::any_of(listed.begin(), listed.end(), is) || std::any_of(also.begin(), also.end(), is)) continue;
    fail_input("{}: [{}.{}] explains a name that no list of this suite has{}", config.place(kind + "." + name), kind,
               name, suggestion(name, listed));
  }
}

}  // namespace emf
