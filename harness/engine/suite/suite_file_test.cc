// Suites: unknown keys, plugins and types are refused with file, line and the nearest name; overrides apply.
#include "harness/engine/suite/suite_file.h"

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
  EXPECT_EQ(spec.encoders, (std::vector<std::string>{"hash", "random"}));
  EXPECT_EQ(spec.evaluation.feature_steps, (std::vector<int64_t>{1, 25}));
}

TEST_F(SuiteSpecTest, RefusesTyposWithLineAndNearestName) {
  EXPECT_EQ(error_of(std::string("stepz = [1]\n") + kSuite), "t.toml:1: unknown key 'stepz'; did you mean 'steps'?");
  EXPECT_EQ(error_of(std::string(kSuite) + "bach = 2\n"), "t.toml:9: unknown key 'train.bach'; did you mean 'batch'?");
  EXPECT_EQ(error_of(kSuite, {"encoders=hsh"}),
            "command line: 'encoders' names 'hsh', which is not registered; did you mean 'hash'?");
  EXPECT_EQ(error_of(std::string(kSuite) + "[objective.meanflow]\n"),
            "t.toml:9: unknown key 'objective.meanflow'; did you mean 'mean_flow'?");
  EXPECT_EQ(error_of(kSuite, {"train.pictures=\"many\""}),
            "command line: 'train.pictures' must be an integer, not a string (\"many\")");
}

TEST_F(SuiteSpecTest, RefusesABudgetThatCannotBeHalved) {
  EXPECT_EQ(error_of(kSuite, {"train.pictures=160"}),
            "command line: train.pictures 160 must be a multiple of twice train.batch (64)");
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

TEST_F(SuiteSpecTest, ReadsASuiteThatOnlyProbes) {
  const SuiteSpec spec = load(kProbesOnly);
  EXPECT_TRUE(spec.only_probes());
  ASSERT_EQ(spec.probes.size(), 2u);
  EXPECT_EQ(spec.probes[0].name, "names");
  EXPECT_EQ(spec.probes[0].probe, "discriminability");
  EXPECT_EQ(spec.probes[0].query_words, "label");
  EXPECT_EQ(spec.probes[0].options, Json({{"k", 1}}));
  EXPECT_EQ(spec.probes[0].data, Json({{"subset", "all"}}));
  EXPECT_EQ(spec.probes[1].probe, "disentanglement");
  EXPECT_EQ(spec.probes[1].options, Json::object());
}

TEST_F(SuiteSpecTest, RefusesWhatASuiteThatOnlyProbesCannotMean) {
  EXPECT_EQ(error_of(std::string(kProbesOnly) + "[train]\npictures = 256\n"),
            "t.toml:12: a suite with 'objectives = []' only probes, so 'train' has no meaning; leave it out");
  EXPECT_EQ(error_of(kProbesOnly, {"probes=[]"}), "t.toml:2: neither 'objectives' nor 'probes' names anything to do");
  EXPECT_EQ(error_of(kProbesOnly, {"probes=disentangelment"}),
            "command line: 'probes' names 'disentangelment', which is not registered; did you mean 'disentanglement'?");
  EXPECT_EQ(error_of(kProbesOnly, {"probe.names.probe=few"}).substr(0, 64),
            "command line: 'probe.names.probe' names 'few', which is not regi");
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
  EXPECT_EQ(spec.encoder_choices.at("hash").encoder, "hash");
  EXPECT_EQ(spec.encoder_choices.at("wide").encoder, "hash");
  EXPECT_EQ(spec.encoder_choices.at("wide").options, Json({{"dimension", 256}}));
  EXPECT_EQ(spec.encoder_choices.at("wide").pooling, "last");
  EXPECT_EQ(spec.encoder_choices.at("after").values_of, "wide/flow_matching");
  EXPECT_EQ(error_of(suite, {"encoders=hash,wide"}),
            "t.toml:13: [encoder.after] explains an encoder that 'encoders' does not list; known: hash, wide");
  EXPECT_EQ(error_of(suite, {"encoders=wide,after", "encoder.wide.encoder=hsh"}),
            "command line: 'encoder' names 'hsh', which is not registered; did you mean 'hash'?");
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
            "command line: pretraining.captions 650 must be a multiple of pretraining.batch (64)");
  EXPECT_EQ(error_of(suite, {"pretraining.captoins=640"}),
            "command line: unknown key 'pretraining.captoins'; did you mean 'captions'?");
  EXPECT_EQ(error_of(suite, {"pretraining.data=scenes"}),
            "command line: 'data' is a list of tables, each as [data] is");
}

TEST_F(SuiteSpecTest, EverySuiteInTheTreeLoads) {
  for (const std::string& name : suite_names()) {
    const Config config = load_suite_file(name, {});
    EXPECT_NO_THROW(is_instrument_suite(config) ? check_instrument_suite(config) : void(read_suite(config))) << name;
  }
}

}  // namespace
}  // namespace emf
