// SPDX-License-Identifier: Apache-2.0
// What a suite lists by name - encoders, objectives, models, codecs, metrics, probes -
// and the tables that explain the names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/base/options.h"
#include "harness/engine/text/encoder_source.h"

namespace emf {

/// A plugin under a name of the suite's: a registered name, or one that its table explains by the key `objective`,
/// `model` or `codec`. A registered plugin may so stand in one suite several times, each time with options of its own.
struct PluginChoice {
  std::string name;    ///< as the suite and its report call it; no part of any hash
  std::string plugin;  ///< registered
  std::string title;   ///< for people; "" = the registered one
  Options options;     ///< the plugin's own
};

/// A metric of a suite.
struct MetricChoice {
  std::string name;             ///< as the suite lists it
  std::string metric;           ///< registered
  std::string title;            ///< for people; "" = the registered one
  std::string judge;            ///< what looks at pictures for it; of make_judge()
  std::string backbone;         ///< of make_backbone()
  std::string prompts = "all";  ///< which it scores, of prompt_kinds()
  Options options;              ///< the metric's own
};

/// A registered probe, asked in one way. A suite lists it under the probe's own name, or under a name that its table
/// [probe.NAME] explains: `probe`, the keys below, and the probe's own options.
struct ProbeSpec {
  std::string name, probe;
  std::string title;                         ///< for people, behind the probe's name; may be empty
  std::string query_words, candidate_words;  ///< wordings of the dataset (Dataset::wordings); "" = the captions
  int64_t captions = 1000;                   ///< the pool at most (the paper has 1,000 queries)
  /// Where this probe's data differ from [data]; with a `name`, another dataset's whole table.
  Json data = Json::object();
  std::string backbone;  ///< of make_backbone(), for probes that look at pictures
  Options options;       ///< the probe's own
};

/// [encoder.NAME]: `encoder`, `title`, `pretrain`, `values_of`, `pooling`,
/// `learning_rate`, and the encoder's own options.
/// @param suite  the reader of the whole document, for the place of `encoders`.
/// @throws UserError  unknown encoder (nearest name, file and line), wrong type, unknown pooling; so do all below.
EncoderChoice read_encoder_choice(const Config& config, ConfigReader& suite, const std::string& name);

/// [objective.NAME]: `objective`, `title`, and the objective's own options.
PluginChoice read_objective_choice(const Config& config, ConfigReader& suite, const std::string& name);

/// [model]: `name`, `title`, and the model's own options; [model.NAME] the same by `model`, keys it does not
/// have being [model]'s where both are of one plugin.
/// @param name  "" = [model] itself.   @param names  of all tables inside [model].
/// A name without a table is a registered model with its defaults.
PluginChoice read_model_choice(const Config& config, ConfigReader& suite, const std::string& name,
                               const std::vector<std::string>& names);

/// [codec.NAME]: `codec`, `title`, and the codec's own options; or "NAME:PATH".
PluginChoice read_codec_choice(const Config& config, ConfigReader& suite, const std::string& name);

/// [metric.NAME]: `metric`, `title`, `judge`, `backbone`, `prompts`, and the metric's own options. fd_NAME and kid_NAME
/// without a table are the Frechet and the kernel distance on the backbone NAME.
/// @param judge, backbone  the suite's, where the table has none.
MetricChoice read_metric_choice(const Config& config, ConfigReader& suite, const std::string& name,
                                const std::string& judge, const std::string& backbone);

/// [probe.NAME]: `probe`, `title`, the keys of ProbeSpec, and the probe's own options.
/// @param backbone  the suite's, where the table has none.
ProbeSpec read_probe_choice(const Config& config, ConfigReader& suite, const std::string& name,
                            const std::string& backbone);

/// Refuses tables [kind.X] that no list names: they would be silently ignored.
void refuse_unlisted(const Config& config, const std::string& kind, const std::vector<std::string>& listed,
                     const std::vector<std::string>& also = {});

}  // namespace emf
