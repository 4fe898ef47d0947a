// SPDX-License-Identifier: Apache-2.0
// Suites: unknown keys, plugins and types are refused with file, line and the nearest name; overrides apply.
#include "harness/engine/suite/suite_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/instruments/instrument_suite.h"

namespace emf {
namespace {

constexpr const char* kSuite = R"(encoders = ["hash"]
objectives = ["flow_matching", "mean_flow"]
[suite]
name = "t"
question = "?"
[train]
pictures = 256
batch = 32
)";

class SuiteSpecTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("emf_suite_" + std::to_string(::getpid()) + ".toml");
  }
  void TearDown() override { std::filesystem::remove(path_); }

  SuiteSpec load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    write_atomically(path_, text);
    return load_suite(path_.string(), overrides);
  }
  std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      load(text, overrides);
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kBadInput);
      std::string message = error.what();
      const size_t at = message.find(path_.string());
      return at == std::string::npos ? message : message.replace(at, path_.string().size(), "t.toml");
    }
    return "no error";
  }

  std::filesystem::path path_;
};

TEST_F(SuiteSpecTest, ReadsAndOverrides) {
  const SuiteSpec spec = load(kSuite, {"train.pictures=512", "seeds=0..2", "encoders=hash,random"});
  EXPECT_EQ(spec.train.pictures, 512);
  EXPECT_EQ(spec.train.pool, 512);
  EXPECT_EQ(spec.seeds, (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(spec.encoder_names(), (std::vector<std::string>{"hash", "random"}));
  EXPECT_EQ(spec.evaluation.feature_steps, (std::vector<int64_t>{1, 25}));
}

TEST_F(SuiteSpecTest, RefusesTyposWithLineAndNearestName) {
  EXPECT_EQ(error_of(std::string("stepz = [1]\n") + kSuite), "t.toml:1: unknown key 'stepz'; did you mean 'steps'?");
  EXPECT_EQ(error_of(std::string(kSuite) + "bach = 2\n"), "t.toml:9: unknown key 'train.bach'; did you mean 'batch'?");
  EXPECT_EQ(error_of(kSuite, {"encoders=hsh"}),
            "command line: 'encoders' names 'hsh', which is not registered; did you mean 'hash'?");
  EXPECT_EQ(error_of(std::string(kSuite) + "[objective.meanflow]\n"),
            "t.toml:9: [objective.meanflow] explains a name that no list of this suite has; did you mean 'mean_flow'?");
  EXPECT_EQ(error_of(kSuite, {"train.pictures=\"many\""}),
            "command line: 'train.pictures' must be an integer, not a string (\"many\")");
}

TEST_F(SuiteSpecTest, RefusesABudgetOfBrokenSteps) {
  EXPECT_EQ(error_of(kSuite, {"train.pictures=170"}),
            "command line: pictures 170 is no whole number of steps of 32 (batch)");
}

TEST_F(SuiteSpecTest, ListsOfNumbersHoldEachOnceAndStepsRise) {
  const std::string suite = std::string("steps = [4, 1, 2]\n") + kSuite;
  const SuiteSpec spec = load(suite);
  EXPECT_EQ(spec.steps, (std::vector<int64_t>{1, 2, 4}));
  EXPECT_EQ(spec.evaluation.feature_steps, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(load(suite, {"steps=8"}).evaluation.feature_steps, (std::vector<int64_t>{8}));
  EXPECT_EQ(error_of(std::string("steps = [1, 4, 1]\n") + kSuite), "t.toml:1: 'steps' holds 1 twice; give each once");
  EXPECT_EQ(error_of(suite, {"seeds=0..2,1"}), "command line: 'seeds' holds 1 twice; give each once");
  EXPECT_EQ(error_of(suite, {"checkpoints=64,64"}), "command line: 'checkpoints' holds 64 twice; give each once");
  EXPECT_EQ(error_of(suite + "[encoder_seeds]\nhash = [3, 3]\n"),
            "t.toml:11: 'encoder_seeds.hash' holds 3 twice; give each once");
}

TEST_F(SuiteSpecTest, DistancesAreOfStepsThatArePainted) {
  const std::string suite = std::string("steps = [1, 2, 4]\n") + kSuite + "[evaluation]\nfeature_steps = [1, 4]\n";
  EXPECT_EQ(load(suite).evaluation.feature_steps, (std::vector<int64_t>{1, 4}));
  // A command line that paints less takes distances of less.
  const EvaluationOptions narrowed = load(suite, {"steps=1,2"}).evaluation;
  EXPECT_EQ(narrowed.feature_steps, (std::vector<int64_t>{1}));
  EXPECT_EQ(narrowed.dropped_feature_steps, (std::vector<int64_t>{4}));
  EXPECT_EQ(
      error_of(suite, {"evaluation.feature_steps=1,8"}),
      "command line: 'evaluation.feature_steps' holds 8, and 'steps' does not: 1, 2, 4; distances are of pictures "
      "that are painted");
  EXPECT_NE(error_of(std::string("steps = [1, 2]\n") + kSuite + "[evaluation]\nfeature_steps = [1, 4]\n")
                .find("t.toml:11: 'evaluation.feature_steps' holds 4"),
            std::string::npos);
}

TEST_F(SuiteSpecTest, ModelsAreTablesOrRegistered) {
  const std::string tables = std::string(kSuite) + "[model]\nwidth = 32\n[model.dit]\nwidth = 64\n";
  const SuiteSpec spec = load(tables, {"models=dit"});
  ASSERT_EQ(spec.models.size(), 2u) << "a table is a model, whatever it is called";
  EXPECT_EQ(spec.models[1].name, "dit");
  EXPECT_EQ(spec.models[1].options.values(), Json({{"width", 64}}));
  EXPECT_EQ(load(kSuite, {"models=dit"}).models.size(), 1u) << "[model] itself";
  EXPECT_EQ(error_of(kSuite, {"models=dti"}),
            "command line: 'models' names 'dti', which no table [model.dti] explains and which is not registered; did "
            "you mean 'dit'?");
  EXPECT_EQ(error_of(tables), "t.toml:11: [model.dit] explains a model that 'models' does not list");
}

TEST_F(SuiteSpecTest, UnknownSuiteNamesTheNearest) {
  try {
    load_suite("quik", {});
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("no suite 'quik'; did you mean 'quick'?"), std::string::npos);
  }
}

constexpr const char* kProbesOnly = R"(encoders = ["hash"]
objectives = []
probes = ["names", "disentanglement"]
[suite]
name = "t"
question = "?"
[probe.names]
probe = "discriminability"
query_words = "label"
k = 1
data = { subset = "all" }
)";

TEST_F(SuiteSpecTest, RefusesANameThatIsNoFolder) {
  for (const char* name : {"../../escaped", "a b", "", "caf\u00e9"}) {
    std::string suite = kProbesOnly;
    suite.replace(suite.find("name = \"t\""), 10, fmt::format("name = \"{}\"", name));
    EXPECT_NE(error_of(suite).find("letters, digits"), std::string::npos) << name;
  }
}

TEST_F(SuiteSpecTest, ReadsASuiteThatOnlyProbes) {
  const SuiteSpec spec = load(kProbesOnly);
  EXPECT_TRUE(spec.only_probes());
  ASSERT_EQ(spec.probes.size(), 2u);
  EXPECT_EQ(spec.probes[0].name, "names");
  EXPECT_EQ(spec.probes[0].probe, "discriminability");
  EXPECT_EQ(spec.probes[0].query_words, "label");
  EXPECT_EQ(spec.probes[0].options.values(), Json({{"k", 1}}));
  EXPECT_EQ(spec.probes[0].data, Json({{"subset", "all"}}));
  EXPECT_EQ(spec.probes[1].probe, "disentanglement");
  EXPECT_EQ(spec.probes[1].options.values(), Json::object());
  EXPECT_EQ(spec.probes[0].backbone, "lite0");
  EXPECT_EQ(load(kProbesOnly, {"backbone=torchscript:/b.pt"}).probes[0].backbone, "torchscript:/b.pt");
  const SuiteSpec own = load(kProbesOnly, {"backbone=torchscript:/b.pt", "probe.names.backbone=lite0"});
  EXPECT_EQ(own.probes[0].backbone, "lite0") << "the probe's own";
  EXPECT_EQ(own.probes[1].backbone, "torchscript:/b.pt");
  EXPECT_NE(error_of(kProbesOnly, {"probe.names.backbone=lite"}).find("did you mean 'lite0'?"), std::string::npos);
}

TEST_F(SuiteSpecTest, RefusesWhatASuiteThatOnlyProbesCannotMean) {
  EXPECT_EQ(error_of(std::string(kProbesOnly) + "[train]\npictures = 256\n"),
            "t.toml:12: a suite with 'objectives = []' only probes, so 'train' has no meaning; leave it out");
  for (const char* word : {"steps=1", "checkpoints=64", "latent=pixels", "metrics=geneval", "judge=detector"}) {
    const std::string key = std::string(word).substr(0, std::string(word).find('='));
    EXPECT_EQ(error_of(kProbesOnly, {word}), "command line: a suite with 'objectives = []' only probes, so '" + key +
                                                 "' has no meaning; leave it out");
  }
  EXPECT_EQ(error_of(kProbesOnly, {"probes=[]"}), "t.toml:2: neither 'objectives' nor 'probes' names anything to do");
  EXPECT_EQ(error_of(kProbesOnly, {"probes=disentangelment"}),
            "command line: 'probes' names 'disentangelment', which is not registered; did you mean 'disentanglement'?");
  EXPECT_EQ(error_of(kProbesOnly, {"probe.names.probe=few"}).substr(0, 55),
            "command line: 'probes' names 'few', which is not regist");
}

TEST_F(SuiteSpecTest, ReadsEncodersWithOptions) {
  const std::string suite = std::string(kSuite) + R"([encoder.wide]
encoder = "hash"
dimension = 256
pooling = "last"
[encoder.after]
encoder = "minilm"
values_of = "wide/flow_matching"
)";
  const SuiteSpec spec = load(suite, {"encoders=hash,wide,after"});
  ASSERT_EQ(spec.encoders.size(), 3u);
  EXPECT_EQ(spec.encoders[0].encoder, "hash");
  EXPECT_EQ(spec.encoders[1].encoder, "hash");
  EXPECT_EQ(spec.encoders[1].options.values(), Json({{"dimension", 256}}));
  EXPECT_EQ(spec.encoders[0].pooling, "") << "whatever the encoder's files ask for";
  EXPECT_EQ(spec.encoders[1].pooling, "last");
  EXPECT_EQ(load(suite, {"encoders=wide,after", "encoder.wide.pooling=own"}).encoders[0].pooling, "own");
  EXPECT_EQ(spec.encoders[2].values_of, "wide/flow_matching");
  EXPECT_EQ(error_of(suite, {"encoders=hash,wide"}),
            "t.toml:13: [encoder.after] explains a name that no list of this suite has; known: hash, wide");
  EXPECT_EQ(error_of(suite, {"encoders=wide,after", "encoder.wide.encoder=hsh"}),
            "command line: 'encoders' names 'hsh', which is not registered; did you mean 'hash'?");
  EXPECT_EQ(error_of(suite, {"encoders=wide,after", "encoder.wide.pooling=lst"}),
            "command line: 'encoder.wide.pooling' is 'lst'; did you mean 'last'?");
}

TEST_F(SuiteSpecTest, ReadsPretraining) {
  const std::string suite = std::string(kSuite) + R"([pretraining]
captions = 640
batch = 64
data = [{ name = "scenes" }, { name = "emoji", side = 32 }]
[pretraining.span_corruption]
share = 0.5
)";
  const SuiteSpec spec = load(suite);
  EXPECT_EQ(spec.pretraining.train.pictures, 640);
  ASSERT_EQ(spec.pretraining.data.size(), 2u);
  EXPECT_EQ(spec.pretraining.data[1].at("side"), 32);
  EXPECT_EQ(error_of(suite, {"pretraining.captions=650"}),
            "command line: captions 650 is no whole number of steps of 64 (batch)");
  EXPECT_EQ(error_of(suite, {"pretraining.captoins=640"}),
            "command line: unknown key 'pretraining.captoins'; did you mean 'captions'?");
  EXPECT_EQ(error_of(suite, {"pretraining.data=scenes"}),
            "command line: 'data' is a list of tables, each as [data] is");
}

TEST_F(SuiteSpecTest, ReadsOneObjectiveUnderSeveralNames) {
  const std::string suite = std::string(kSuite) + R"([objective.mf_p1]
objective = "mean_flow"
title = "MeanFlow, p = 1"
weight_power = 1
[model]
width = 32
[model.wide]
width = 64
[evaluation]
guidance_mean_flow = 1.5
guidance_mf_p1 = 1.25
)";
  const SuiteSpec spec = load(suite, {"objectives=flow_matching,mean_flow,mf_p1", "models=wide"});
  ASSERT_EQ(spec.objectives.size(), 3u);
  EXPECT_EQ(spec.objectives[2].plugin, "mean_flow");
  EXPECT_EQ(spec.objectives[2].title, "MeanFlow, p = 1");
  EXPECT_EQ(spec.objectives[2].options.values(), Json({{"weight_power", 1}}));
  EXPECT_EQ(spec.main_objective, "mean_flow") << "the first that goes on from another";
  EXPECT_EQ(spec.evaluation.guidance_of.at("mean_flow"), 1.5);
  EXPECT_EQ(spec.evaluation.guidance_of.at("mf_p1"), 1.25);
  ASSERT_EQ(spec.models.size(), 2u);
  EXPECT_EQ(spec.models[0].options.values(), Json({{"width", 32}}));
  EXPECT_EQ(spec.models[1].name, "wide");
  EXPECT_EQ(spec.models[1].options.values(), Json({{"width", 64}}));
  EXPECT_EQ(
      error_of(suite, {"objectives=flow_matching,mean_flow", "models=wide"}),
      "t.toml:9: [objective.mf_p1] explains a name that no list of this suite has; known: flow_matching, mean_flow");
}

TEST_F(SuiteSpecTest, GridsReachOptions) {
  const SuiteSpec spec =
      load(kSuite, {"objective.mean_flow.weight_power=0.5,1", "encoder.hash.dimension=64,128", "model.width=32,64"});
  ASSERT_EQ(spec.objectives.size(), 3u);
  EXPECT_EQ(spec.objectives[1].name, "mean_flow[weight_power=0.5]");
  EXPECT_EQ(spec.objectives[2].options.values(), Json({{"weight_power", 1}}));
  EXPECT_EQ(spec.encoder_names(), (std::vector<std::string>{"hash[dimension=64]", "hash[dimension=128]"}));
  EXPECT_EQ(spec.encoders[1].options.values(), Json({{"dimension", 128}}));
  ASSERT_EQ(spec.models.size(), 2u);
  EXPECT_EQ(spec.models[1].name, "width=64");
  EXPECT_EQ(spec.models[1].options.values(), Json({{"width", 64}}));
}

TEST_F(SuiteSpecTest, GridsOfModelsMakeEveryCombination) {
  const SuiteSpec spec = load(kSuite, {"model.width=32,64", "model.depth=2,3"});
  std::vector<std::string> names;
  for (const PluginChoice& choice : spec.models) names.push_back(choice.name);
  EXPECT_EQ(names, (std::vector<std::string>{"", "depth=3", "width=64", "depth=3,width=64"}));
  EXPECT_EQ(spec.models[1].options.values(), Json({{"depth", 3}, {"width", 32}}));
  EXPECT_EQ(spec.models[3].options.values(), Json({{"depth", 3}, {"width", 64}}));
}

TEST_F(SuiteSpecTest, GridsWhoseTableIsOverwrittenAreRefused) {
  EXPECT_EQ(error_of(kSuite, {"objective.mean_flow.weight_power=1,2", "objective.mean_flow=3"}),
            "command line: 'objective.mean_flow.weight_power' is overwritten by what is given for a part of its name; "
            "leave one of both out");
}

TEST_F(SuiteSpecTest, NamesOfGridsHoldNoSignThatRowsAreCutAt) {
  const SuiteSpec spec = load(kSuite, {"objective.mean_flow.weight_power=1e+0,0.5"});
  EXPECT_EQ(spec.objectives[1].name, "mean_flow[weight_power=1e0]");
}

TEST_F(SuiteSpecTest, RefusesASingleTableOfClaims) {
  Config config = parse_config(kSuite, "t.toml");
  config.values["claims"] = {{"name", "one"}};
  EXPECT_THROW(read_suite(config), UserError);
}

TEST_F(SuiteSpecTest, ReadsMetricsWithBackboneAndJudge) {
  const std::string suite = std::string(kSuite) + R"([metric.fd_mine]
metric = "frechet"
backbone = "torchscript:/mine.pt"
)";
  const SuiteSpec spec = load(suite, {"metrics=fd_mine,kid_lite0,geneval", "judge=torchscript:/judge.pt"});
  ASSERT_EQ(spec.metrics.size(), 3u);
  EXPECT_EQ(spec.main_metric, "fd_mine");
  EXPECT_EQ(spec.metrics[0].metric, "frechet");
  EXPECT_EQ(spec.metrics[0].backbone, "torchscript:/mine.pt");
  EXPECT_EQ(spec.metrics[1].metric, "kid");
  EXPECT_EQ(spec.metrics[1].backbone, "lite0");
  EXPECT_EQ(spec.metrics[2].judge, "torchscript:/judge.pt");
  EXPECT_NE(error_of(kSuite, {"metrics=fid"}).find("the metric 'frechet' on the 2015 Inception"), std::string::npos);
  EXPECT_NE(error_of(kSuite, {"metrics=genval"}).find("did you mean 'geneval'?"), std::string::npos);
}

TEST_F(SuiteSpecTest, IncludesAnotherFileBelowItself) {
  const auto base = path_.parent_path() / ("emf_base_" + std::to_string(::getpid()) + ".toml");
  write_atomically(base, std::string(kSuite) + "learning_rate = 0.5\n");
  const std::string own = "include = \"" + base.filename().string() +
                          "\"\nencoders = [\"random\"]\n[suite]\nname = \"own\"\n[train]\npictures = 64\n";
  const SuiteSpec spec = load(own);
  EXPECT_EQ(spec.name, "own");
  EXPECT_EQ(spec.question, "?");
  EXPECT_EQ(spec.encoder_names(), (std::vector<std::string>{"random"}));
  EXPECT_EQ(spec.train.pictures, 64);
  EXPECT_EQ(spec.train.learning_rate, 0.5);
  EXPECT_EQ(spec.config.place("train.learning_rate"), base.string() + ":9");
  EXPECT_EQ(spec.config.place("train.pictures"), path_.string() + ":6");
  EXPECT_NE(error_of("include = \"" + path_.filename().string() + "\"\n").find("includes itself"), std::string::npos);
  std::filesystem::remove(base);
}

// A record made on a device is read where there is none.
TEST_F(SuiteSpecTest, TakesADeviceThatIsNotThereUntilItIsAskedFor) {
  const SuiteSpec spec = load(kSuite, {"device=cuda:1", "tf32=true"});
  EXPECT_EQ(spec.placement.device.str(), "cuda:1");
  EXPECT_TRUE(spec.placement.tf32);
  if (!at::globalContext().hasCUDA()) {
    try {
      require_device(spec.placement, "suite.toml:3");
      FAIL() << "no error";
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kMissing);
      EXPECT_EQ(std::string(error.what()).find("suite.toml:3: device 'cuda:1': "), 0u) << error.what();
    }
  }
  EXPECT_NE(error_of(kSuite, {"device=cpuu"}).find("did you mean 'cpu'?"), std::string::npos);
  EXPECT_NE(error_of(kSuite, {"device=cuda:x"}).find("write cuda, or cuda:0, cuda:1"), std::string::npos);
}

TEST_F(SuiteSpecTest, EverySuiteInTheTreeLoads) {
  for (const std::string& name : suite_names()) {
    const Config config = load_suite_file(name, {});
    EXPECT_NO_THROW(is_instrument_suite(config) ? check_instrument_suite(config) : void(read_suite(config))) << name;
  }
}

}  // namespace
}  // namespace emf
