// SPDX-License-Identifier: Apache-2.0
// emfbench config [SUITE]: every key of a suite file, from the code that reads it.
#include <fmt/format.h>

#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/config_schema.h"
#include "harness/command/config_text.h"
#include "harness/engine/suite/suite_file.h"
#include "harness/instruments/instrument_suite.h"

namespace emf {
namespace {

/// Keys of a suite that trains instruments.
std::vector<SuiteKey> keys_of_instruments(const Config& config) {
  const ConfigJournal journal;
  check_instrument_suite(config);
  std::vector<SuiteKey> keys;
  for (const AskedKey& key : journal.keys()) {
    if (key.type != "raw" || !key.meaning.empty()) keys.push_back({key, ""});
  }
  return keys;
}

/// A table of its own with nothing in it, so that every key has its default.
Config empty_instrument_suite() {
  Config config;
  config.origin = "registered keys";
  config.values = {{"suite", {{"name", "any"}}}};
  for (const char* table : {"autoencoder", "detector", "measure"}) config.values[table] = Json::object();
  return config;
}

Json to_json(const SuiteKey& key, bool of_suite) {
  const AskedKey& asked = key.asked;
  Json row = {{"table", asked.table},      {"key", asked.key},   {"type", asked.type},
              {"default", asked.fallback}, {"low", asked.low},   {"high", asked.high},
              {"choices", asked.choices},  {"unit", asked.unit}, {"meaning", asked.meaning},
              {"plugin", key.plugin}};
  if (of_suite) row["value"] = asked.value;
  return row;
}

class ShowConfig : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option(
        "suite", suite_,
        "a name from `emfbench list suites`, or a .toml file: its values, marked where they are not the default");
    flags.option("overrides", overrides_, "key=value, as for run");
    flags.flag("--schema", schema_, "a JSON Schema of suite files (draft 2020-12), for editors");
  }

  ExitCode run(const CommonFlags& flags) override {
    if (schema_ && !suite_.empty()) fail_input("--schema is of all suites; leave {} out", suite_);
    const std::vector<SuiteKey> keys = suite_.empty() ? all() : of_suite();
    if (schema_) {
      print_json(config_schema(keys));
    } else if (flags.json) {
      Json rows = Json::array();
      for (const SuiteKey& key : keys) rows.push_back(to_json(key, !suite_.empty()));
      print_json({{"suite", suite_.empty() ? Json() : Json(suite_)}, {"keys", rows}});
    } else {
      print_lines(config_text(keys, !suite_.empty()));
    }
    return ExitCode::kGood;
  }

 private:
  static std::vector<SuiteKey> all() {
    std::vector<SuiteKey> keys = registered_keys();
    // Of [suite] and [data] some keys are those of every suite.
    for (SuiteKey& key : keys_of_instruments(empty_instrument_suite())) {
      const bool known = std::any_of(keys.begin(), keys.end(), [&](const SuiteKey& other) {
        return other.asked.table == key.asked.table && other.asked.key == key.asked.key;
      });
      key.asked.value = nullptr;
      if (!known) keys.push_back(key);
    }
    return keys;
  }

  std::vector<SuiteKey> of_suite() const {
    const Config config = load_suite_file(suite_, overrides_);
    return is_instrument_suite(config) ? keys_of_instruments(config) : keys_of_suite(config);
  }

  std::string suite_;
  std::vector<std::string> overrides_;
  bool schema_ = false;
};

EMF_REGISTER(CommandRegistry, "config", "Every key of a suite file: default, range, unit and meaning",
             std::make_unique<ShowConfig>);

}  // namespace
}  // namespace emf
