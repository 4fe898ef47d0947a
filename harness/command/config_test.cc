// SPDX-License-Identifier: Apache-2.0
// `config` lists every key that suites use, each with a sentence; what it prints is read again; its schema fits.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "harness/base/config.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/engine/suite/suite_file.h"
#include "tests/command_run.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

Json keys_of(std::vector<std::string> words) {
  words.insert(words.begin(), "config");
  words.push_back("--json");
  const CommandOutcome outcome = run_command(words);
  EXPECT_EQ(outcome.code, 0) << words[1] << ": " << outcome.talk;
  return outcome.code == 0 ? parse_json(outcome.out, "config")["keys"] : Json::array();
}

using Listed = std::set<std::pair<std::string, std::string>>;

Listed listed_in(const Json& keys) {
  Listed listed;
  for (const Json& key : keys) listed.emplace(key["table"], key["key"]);
  return listed;
}

/// Expects every key of a table, and of the tables in it that are listed as such.
void expect_listed(const Listed& listed, const std::string& table, const Json& values, const std::string& suite) {
  for (const auto& [key, value] : values.items()) {
    const std::string path = table.empty() ? key : table + "." + key;
    const auto is_in = [&path = path](const auto& one) {
      return one.first == path || one.first.rfind(path + ".", 0) == 0;
    };
    if (value.is_object() && std::any_of(listed.begin(), listed.end(), is_in)) {
      expect_listed(listed, path, value, suite);
    } else if (key == "claims" && value.is_array()) {
      for (const Json& claim : value) expect_listed(listed, "claims", claim, suite);
    } else {
      EXPECT_TRUE(listed.count({table, key}) > 0) << suite << ": " << path;
    }
  }
}

TEST(Config, ListsEveryKeyThatAShippedSuiteUses) {
  for (const std::string& suite : suite_names()) {
    expect_listed(listed_in(keys_of({suite})), "", load_suite_file(suite, {}).values, suite);
  }
}

TEST(Config, EveryKeyHasASentenceAndADefaultInItsRange) {
  const Json keys = keys_of({});
  EXPECT_GT(keys.size(), 150u);
  for (const Json& key : keys) {
    const std::string path = key["table"].get<std::string>() + "." + key["key"].get<std::string>();
    EXPECT_FALSE(key["meaning"].get<std::string>().empty()) << path;
    EXPECT_EQ(key["unit"].get<std::string>().find('.'), std::string::npos) << path << ": a unit that is none";
    if (!key["low"].is_null() && key["default"].is_number()) {
      EXPECT_LE(key["low"].get<double>(), key["default"].get<double>()) << path;
      EXPECT_GE(key["high"].get<double>(), key["default"].get<double>()) << path;
    }
  }
  const Listed listed = listed_in(keys);
  for (const auto& [table, key] : Listed{{"objective.mean_flow", "weight_power"},
                                         {"encoder.hash", "dimension"},
                                         {"encoder.llm", "system"},
                                         {"metric.kid", "subset_size"},
                                         {"probe.discriminability", "k"},
                                         {"model", "width"},
                                         {"data", "held_out_pictures"},
                                         {"pretraining.span_corruption", "share"},
                                         {"detector", "widths"},
                                         {"", "include"}}) {
    EXPECT_TRUE(listed.count({table, key}) > 0) << table << "." << key;
  }
}

TEST(Config, WhatItPrintsIsTomlAndIsReadAgain) {
  parse_config(run_command({"config"}).out, "config");
  const TemporaryFolder folder("config");
  for (const std::string suite : {"smoke", "quick", "fine_tuning"}) {
    folder.write(suite + ".toml", run_command({"config", suite}).out);
    const std::string file = folder / (suite + ".toml");
    const CommandOutcome again = run_command({"config", file, "--json"});
    ASSERT_EQ(again.code, 0) << suite << ": " << again.talk;
    // Defaults that are written out are the values that count anyway.
    std::map<std::string, Json> before;
    const auto name_of = [](const Json& key) {
      return key["table"].get<std::string>() + "." + key["key"].get<std::string>();
    };
    const auto counts = [](const Json& key) { return key["value"].is_null() ? key["default"] : key["value"]; };
    for (const Json& key : keys_of({suite})) before[name_of(key)] = counts(key);
    for (const Json& key : parse_json(again.out, "config")["keys"]) {
      if (before.count(name_of(key)) == 0 || key["table"] == "claims") continue;
      EXPECT_EQ(counts(key), before[name_of(key)]) << name_of(key);
    }
  }
}

TEST(Config, MarksWhatIsNotTheDefault) {
  const std::string text = run_command({"config", "smoke", "train.batch=8"}).out;
  EXPECT_NE(text.find("\nbatch = 8  # default: 128\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nweight_decay = 0"), std::string::npos) << text;
  for (const std::string& line : split_at(text, '\n')) {
    if (line.starts_with("#")) {
      EXPECT_LE(line.size(), 80u) << line;
    }
  }
}

bool fits(const Json& schema_text, const Json& document) {
  valijson::Schema schema;
  valijson::adapters::NlohmannJsonAdapter schema_adapter(schema_text);
  valijson::SchemaParser().populateSchema(schema_adapter, schema);
  valijson::Validator validator;
  valijson::adapters::NlohmannJsonAdapter adapter(document);
  return validator.validate(schema, adapter, nullptr);
}

TEST(Config, TheSchemaTakesShippedSuitesAndRefusesSlips) {
  const CommandOutcome outcome = run_command({"config", "--schema"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json schema = parse_json(outcome.out, "schema");
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  for (const std::string& suite : suite_names()) {
    EXPECT_TRUE(fits(schema, load_suite_file(suite, {}).values)) << suite;
  }
  for (const char* slip : {"train.batsh=8", "train.batch=0", "suite.nmae=x", "objective.mean_flow.schedule=square",
                           "encoder.mine.dimenson=3", "train.learning_rate=2.5", "evaluation.prompts=true"}) {
    EXPECT_FALSE(fits(schema, load_suite_file("smoke", {slip}).values)) << slip;
  }
  for (const char* good : {"train.pictures=100k", "evaluation.guidance_mine=1.5", "encoder_seeds.hash=3",
                           "objective.mine.weight_power=1", "model.wide.width=64"}) {
    EXPECT_TRUE(fits(schema, load_suite_file("smoke", {good}).values)) << good;
  }
}

TEST(Config, TheTreeHasThisSchema) {
  const std::filesystem::path file = project_root() / "experiments" / "suite.schema.json";
  const std::string schema = run_command({"config", "--schema"}).out;
  if (std::getenv("EMF_UPDATE_GOLDEN") != nullptr) write_atomically(file, schema);
  EXPECT_EQ(read_file(file), schema) << "made by: emfbench config --schema >experiments/suite.schema.json";
  for (const std::string& suite : suite_names()) {
    const std::string text = read_file(project_root() / "experiments" / (suite + ".toml"));
    EXPECT_EQ(text.rfind("#:schema ./suite.schema.json\n", 0), 0u)
        << suite << ": editors look for it in the first line";
  }
}

/// Values that a key cannot have: of another type, and beyond either end.
std::vector<std::string> wrong_values(const Json& key) {
  const std::string type = key["type"];
  std::vector<std::string> values;
  if (type == "integer" || type == "number") {
    values = {"wrong", "true"};
    if (key["low"].is_number()) values.push_back(fmt::format("{}", key["low"].get<double>() - 1));
    if (key["high"].is_number()) values.push_back(fmt::format("{:.17g}", key["high"].get<double>() * 2 + 1));
  } else if (type == "flag" || type == "texts") {
    values = {"3"};
  } else if (type == "integers") {
    values = {"wrong"};
  } else if (type == "text" && !key["choices"].empty()) {
    values = {"no_such_word", "3"};
  }
  return values;
}

TEST(Config, NoKeyTakesAWrongValue) {
  const TemporaryFolder store("config_wrong");
  int walked = 0;
  for (const Json& key : keys_of({"smoke"})) {
    const std::string table = key["table"], name = key["key"], path = table.empty() ? name : table + "." + name;
    if (table == "claims" || key["loose"] == true) continue;
    if (key["meaning"].get<std::string>().find("or the first so many") != std::string::npos)
      continue;  // names or a count
    // What the engine reads is asked of it; what a plugin or the data set reads, of a plan, which makes them.
    const bool of_engine = key["plugin"] == "" && table != "data";
    for (const std::string& value : wrong_values(key)) {
      const std::string word = path + "=" + value;
      std::string said = "nothing";
      if (of_engine) {
        try {
          load_suite("smoke", {word});
        } catch (const UserError& error) {
          said = error.what();
        }
      } else {
        const CommandOutcome outcome = run_command({"plan", "smoke", word, "--store", store.path().string()});
        if (outcome.code == 2) said = outcome.talk;
      }
      EXPECT_NE(said.find(name), std::string::npos) << word << ": " << said;
      ++walked;
    }
  }
  EXPECT_GT(walked, 150);
}

TEST(Config, StepsAreABudget) {
  const auto pictures = [](const std::vector<std::string>& words) { return load_suite("smoke", words).train.pictures; };
  const int64_t batch = load_suite("smoke", {}).train.batch;
  EXPECT_EQ(pictures({"train.steps=10"}), 10 * batch);
  EXPECT_EQ(pictures({"train.steps=10", "train.batch=4"}), 40);
  EXPECT_EQ(pictures({"train.steps=1k"}), 1000 * batch);
  EXPECT_THROW(pictures({"train.steps=10", "train.pictures=64"}), UserError) << "which of them?";
}

TEST(Config, WhatIsPrintedOfStepsIsAFileThatRuns) {
  const TemporaryFolder folder("config_printed");
  folder.write("printed.toml", run_command({"config", "smoke", "train.steps=10"}).out);
  const int64_t batch = load_suite("smoke", {}).train.batch;
  EXPECT_EQ(load_suite(folder / "printed.toml", {}).train.pictures, 10 * batch);
}

TEST(Config, AFileMayHoldStepsInsteadOfPictures) {
  const TemporaryFolder folder("config_steps");
  folder.write("a.toml", "[suite]\nname = \"a\"\nquestion = \"?\"\n[train]\nsteps = 100\nbatch = 16\n");
  EXPECT_EQ(load_suite(folder / "a.toml", {}).train.pictures, 1600);
  EXPECT_EQ(load_suite(folder / "a.toml", {"train.pictures=32"}).train.pictures, 32) << "the command line counts";
}

}  // namespace
}  // namespace emf
