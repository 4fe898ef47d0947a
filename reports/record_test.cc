// SPDX-License-Identifier: Apache-2.0
// What a record is asked: seeds, names and styles, which way is better, checkpoints; and the report on a record that
// knows no facts.
#include "reports/record/record.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <regex>
#include <set>

#include "harness/base/file.h"
#include "reports/blocks/metric_table.h"
#include "reports/record/encoder_key.h"
#include "reports/record/format.h"
#include "reports/report.h"
#include "reports/writers/html.h"
#include "reports/writers/plain_tables.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

std::vector<Block> blocks_of(const std::string& section, const Json& result) {
  return SectionRegistry::instance().make(section)->blocks({result, Json::object(), {}});
}

TEST(Format, NumbersAlign) {
  EXPECT_EQ(format_number(-0.125, 2), "\u22120.12");
  EXPECT_EQ(format_number(-0.001, 2), "0.00");
  EXPECT_EQ(format_p(0.0125), "0.013");
  EXPECT_EQ(format_p(0.0004), "< 0.001");
  EXPECT_EQ(format_p(0), "< 0.001");
  EXPECT_EQ(format_count(24576), "24,576");
  EXPECT_EQ(format_count(100), "100");
  EXPECT_EQ(format_count(-1234567), "\u22121,234,567");
  EXPECT_EQ(format_seconds(0.0123), "12.3 ms");
  EXPECT_EQ(format_seconds(190), "3 min 10 s");
  EXPECT_EQ(format_si(1.968e15), "1.97 P");
}

TEST(RecordTest, SeedsAreAveragedAndTheirIntervalsSpanned) {
  Json result = sample_result();
  Json row = result["rows"][0];
  row["seed"] = 1;
  row["value"] = row["value"].get<double>() + 0.25;
  row["ci95"] = {0.25, 0.5};
  const double first = result["rows"][0]["value"], low = result["rows"][0]["ci95"][0];
  result["rows"].push_back(row);
  const Record record({result, Json::object(), {}});
  const Score* score = record.find("class_label", "flow_matching", 1, "geneval");
  ASSERT_NE(score, nullptr);
  EXPECT_DOUBLE_EQ(*score->value, first + 0.125);
  EXPECT_DOUBLE_EQ((*score->ci95)[0], low);
  EXPECT_DOUBLE_EQ((*score->ci95)[1], 0.5);
  EXPECT_EQ(score->seeds, 2);
  EXPECT_EQ(score->n, 400);
}

TEST(RecordTest, AMeanThatLeavesOutSeedsSaysSo) {
  Json result = sample_result();
  const Json first = result["rows"][0];
  for (const int seed : {1, 2}) {
    Json row = first;
    row["seed"] = seed;
    row["value"] = row["ci95"] = nullptr;
    row["why"] = "not run";
    result["rows"].push_back(row);
  }
  const Record record({result, Json::object(), {}});
  const Score* score = record.find("class_label", "flow_matching", 1, "geneval");
  EXPECT_EQ(score->seeds_left_out(), "1 of 3 seeds");
  EXPECT_DOUBLE_EQ(*score->value, first["value"].get<double>());
  EXPECT_EQ(record.max_seeds(), 3);
  EXPECT_EQ(record.find("class_label", "mean_flow", 1, "geneval")->seeds_left_out(), "");
  const std::vector<Table> tables = tables_in(blocks_of("scores", result));
  EXPECT_EQ(tables[0].rows[0].cells[2].warnings, std::vector<std::string>{"1 of 3 seeds"});
  EXPECT_NE(html_of(blocks_of("verdict", result)).find("its cell says of how many"), std::string::npos);
  EXPECT_EQ(html_of(blocks_of("verdict", sample_result())).find("its cell says of how many"), std::string::npos);
}

TEST(NamesTest, TheRecordsOwnComeFirst) {
  Json result = sample_result();
  EXPECT_EQ(Names(result).encoder("hash"), "Hashed words");
  EXPECT_EQ(Names(result).encoder("unheard_of"), "unheard_of");
  EXPECT_EQ(Names(result).metric("geneval/color_attr"), "Colour binding");
  EXPECT_EQ(Names(result).metric("geneval/over_seeds"), "GenEval over training seeds");
  EXPECT_EQ(Names(result).metric("unheard_of/part"), "unheard_of/part");
  EXPECT_EQ(Names(result).tag("counting"), "Counting");
  EXPECT_EQ(Names(result).tag("long_story"), "Long story");
  result["names"]["encoder"]["hash"]["title"] = "";
  EXPECT_EQ(Names(result).encoder("hash"), "Hashed words") << "an empty title is none";
  result["names"]["encoder"]["hash"]["title"] = "Buckets";
  result["metrics"]["geneval"] = {{"title", "Shown right"}, {"parts", {{"color_attr", "Binding"}}}};
  EXPECT_EQ(Names(result).encoder("hash"), "Buckets");
  EXPECT_EQ(Names(result).metric("geneval"), "Shown right");
  EXPECT_EQ(Names(result).metric("geneval/color_attr"), "Binding");
  EXPECT_EQ(Names(result).metric("geneval/counting"), "Counting") << "what the record leaves out is still known";
  EXPECT_EQ(Names(result).metric("geneval/over_seeds"), "Shown right over training seeds");
}

TEST(NamesTest, StylesAreTheRecordsOrOneOfAPalette) {
  Json result = sample_result();
  result["names"]["objective"]["ddpm"] = {{"color", "#123456"}, {"mark", "square"}};
  result["names"]["objective"]["plain"] = {{"title", "Plain"}, {"color", ""}};
  const Names names(result);
  EXPECT_EQ(names.style("ddpm", 0).color, "#123456");
  EXPECT_TRUE(names.style("ddpm", 0).dash.empty());
  EXPECT_EQ(names.style("flow_matching", 0).dash, (std::vector<int>{6, 3}));
  EXPECT_NE(names.style("plain", 0).color, "");
  EXPECT_NE(names.style("plain", 0).color, names.style("other", 1).color);
}

TEST(NamesTest, OnlyAnOfficialFidIsCalledFid) {
  Json result = factless_result();
  EXPECT_EQ(Names(result).metric("fid"), "FID");
  result["metrics"]["fid"]["title"] = "Fr\u00e9chet distance";
  EXPECT_EQ(Names(result).metric("fid"), "Fr\u00e9chet distance (FID)");
  result["metrics"]["fid"]["title"] = "";
  EXPECT_EQ(Names(result).metric("fid"), "FID");
  result["metrics"]["fid"]["official"] = false;
  EXPECT_FALSE(std::regex_search(Names(result).metric("fid"), std::regex("\\bFID\\b")));
  result["metrics"]["fid"].erase("official");
  EXPECT_FALSE(Names(result).official("fid"));
  for (Json& row : result["rows"]) row["official"] = true;
  EXPECT_EQ(Names(result).metric("fid"), "FID") << "rows may say it themselves";
  result["rows"][0]["official"] = false;
  EXPECT_FALSE(Names(result).official("fid")) << "but then all of them";
}

TEST(RecordTest, RealPicturesAreFoundUnderOldAndNewNames) {
  Json result = sample_result();
  EXPECT_DOUBLE_EQ(*Record({result, Json::object(), {}}).reference("ceiling", "geneval")->value, 0.90625);
  result["metrics"]["own_rule"]["metric"] = "geneval";
  EXPECT_NE(Record({result, Json::object(), {}}).reference("ceiling", "own_rule/counting"), nullptr);
  EXPECT_NE(Record({result, Json::object(), {}}).reference("reconstruction", "geneval/counting"), nullptr);
  EXPECT_EQ(Record({result, Json::object(), {}}).reference("ceiling", "kid_lite0"), nullptr);
  // Beside the metric whose rows bear no name, a second one of its plugin.
  Json beside = result;
  for (const Json& row : result["rows"]) {
    if (row["metric"] != "ceiling") continue;
    beside["rows"].push_back(row);
    beside["rows"].back()["metric"] = "ceiling/own_rule";
    beside["rows"].back()["value"] = 0.25;
  }
  const Record two({beside, Json::object(), {}});
  EXPECT_DOUBLE_EQ(*two.reference("ceiling", "geneval")->value, 0.90625);
  EXPECT_DOUBLE_EQ(*two.reference("ceiling", "own_rule")->value, 0.25);
  EXPECT_EQ(two.reference("ceiling", "own_rule/counting"), nullptr) << "that row is geneval's";
  for (Json& row : result["rows"]) {
    if (row["metric"] == "ceiling") row["metric"] = "geneval";
  }
  EXPECT_DOUBLE_EQ(*Record({result, Json::object(), {}}).reference("ceiling", "geneval")->value, 0.90625);
}

TEST(RecordTest, TheMainObjectiveIsTheRecordsOrTheFirst) {
  Json result = factless_result();
  EXPECT_EQ(Record({result, Json::object(), {}}).main_objective(), "leap");
  result["main_objective"] = "crawl";
  EXPECT_EQ(Record({result, Json::object(), {}}).main_objective(), "crawl");
  result.erase("main_objective");
  EXPECT_EQ(Record({result, Json::object(), {}}).main_objective(), "leap") << "the first";
}

TEST(RecordTest, LowerIsBetterTurnsMarksRound) {
  Json result = factless_result();
  const auto best = [&] {
    std::vector<std::string> marked;
    const Table table = steps_table(Record({result, Json::object(), {}}), "fid", "", true);
    for (const TableRow& row : table.rows) {
      for (const TableCell& cell : row.cells) {
        if (cell.best) marked.push_back(row.cells[1].text + " " + cell.text);
      }
    }
    return marked;
  };
  EXPECT_EQ(best(), (std::vector<std::string>{"Leap 22.0", "Leap 16.0"}));
  result["metrics"]["fid"]["higher_is_better"] = true;
  EXPECT_EQ(best(), (std::vector<std::string>{"Crawl 94.00", "Crawl 88.00"}));
  for (Json& row : result["rows"]) row["ci95"] = {0, 100};
  EXPECT_TRUE(best().empty());
}

TEST(RecordTest, DifferencesAreMarkedByTheCorrectedP) {
  Json result = sample_result();
  for (Json& row : result["comparisons"]) row["ci95"] = {0.01, 0.2};
  const auto marked = [&] {
    std::set<std::string> found;
    for (const Block& block : blocks_of("comparisons", result)) {
      const Table* table = std::get_if<Table>(&block);
      for (const TableRow& row : table == nullptr ? std::vector<TableRow>() : table->rows) {
        if (row.cells[2].best) found.insert(row.cells[0].text);
      }
    }
    return found.size();
  };
  for (Json& row : result["comparisons"]) row["p_holm"] = 0.2;
  EXPECT_EQ(marked(), 0u) << "an interval without zero is not enough where there are many rows";
  for (Json& row : result["comparisons"]) row["p_holm"] = 0.01;
  EXPECT_GT(marked(), 0u);
}

TEST(RecordTest, CheckpointsAreNoFinalScores) {
  Json result = factless_result();
  const Record record({result, Json::object(), {}});
  EXPECT_EQ(record.encoders(), std::vector<std::string>{"words"});
  EXPECT_DOUBLE_EQ(*record.find("words", "leap", 1, "fid")->value, 22);
  EXPECT_EQ(record.checkpoints(), std::vector<int64_t>{4096});
  EXPECT_DOUBLE_EQ(*record.find_checkpoint("words", "leap", 1, 4096, "fid")->value, 44);
  const std::vector<Table> tables = tables_in(blocks_of("checkpoints", result));
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].columns[3].title, "4,096");
  EXPECT_EQ(tables[0].columns[4].title, "8,192");
  EXPECT_EQ(tables[0].rows[0].cells[3].text, "44.0");
  EXPECT_EQ(tables[0].rows[0].cells[4].text, "22.0");
  EXPECT_TRUE(blocks_of("checkpoints", sample_result()).empty());
}

TEST(RecordTest, CheckpointsStandForThemselvesWhereThereIsNothingElse) {
  Json result = factless_result(), kept = Json::array();
  for (const Json& row : result["rows"]) {
    if (is_checkpoint(row)) kept.push_back(row);
  }
  result["rows"] = kept;
  const Record record({result, Json::object(), {}});
  ASSERT_EQ(record.encoders().size(), 1u);
  EXPECT_EQ(record.names().encoder(record.encoders()[0]), "Plain words at 4,096 pictures");
  EXPECT_NE(html_of(blocks_of("scores", result)).find("Plain words at 4,096 pictures"), std::string::npos);
}

TEST(RecordTest, FailedClaimsOfDistancesAreToldTheRightWayRound) {
  Json result = factless_result();
  result["claims"] = {{{"name", "Leap is nearer"}, {"metric", "fid"}, {"verdict", "pass"}, {"detail", "-72"}}};
  EXPECT_NE(html_of(blocks_of("verdict", result)).find("lies on the better side of zero"), std::string::npos);
}

TEST(RecordTest, ClaimsSayWhetherTheirSidesArePairedAndKeepSmallDifferences) {
  Json result = sample_result();
  const auto told = [&] { return html_of(blocks_of("verdict", result)); };
  EXPECT_NE(told().find("its paired difference"), std::string::npos);
  EXPECT_EQ(told().find("not paired"), std::string::npos);
  const Json distance = {{"name", "Nearer"}, {"metric", "kid_lite0"},  {"verdict", "pass"},
                         {"detail", "a, b"}, {"difference", -0.00021}, {"ci95", {-0.00034, -0.00012}}};
  result["claims"].push_back(distance);
  EXPECT_NE(told().find("its paired difference"), std::string::npos);
  EXPECT_NE(told().find("not paired"), std::string::npos);
  EXPECT_NE(told().find("\u22120.00021 (95 % interval \u22120.00034 to \u22120.00012)"), std::string::npos);
  result["claims"] = Json::array({distance});
  EXPECT_EQ(told().find("its paired difference"), std::string::npos);
}

TEST(Sections, AnotherMetricOfGenEvalsRuleHasItsJudgeAndItsCaption) {
  Json result = sample_result();
  const Json trials = {{"right", {9, 10}}, {"wrong", {1, 10}}};
  const Json kind = {{"name", "through the autoencoder"},
                     {"boxes", {{"recall", 0.9}, {"precision", 0.9}, {"color_confusion", Json::object()}}},
                     {"count_confusion", Json::object()},
                     {"trials", {{"counting", trials}}}};
  result["judge_calibration"] = {{"generated_like", "through the autoencoder"}, {"kinds", {kind}}};
  result["main_metric"] = "strict";
  result["metrics"]["strict"] = {{"title", "Strict"}, {"metric", "geneval"}, {"higher_is_better", true}};
  Json rows = Json::array();
  for (Json row : result["rows"]) {
    const std::string metric = row["metric"];
    if (metric.rfind("geneval", 0) != 0) continue;
    row["metric"] = "strict" + metric.substr(7);
    rows.push_back(row);
    if (metric != "geneval") continue;
    row["metric"] = "strict/judge_corrected";
    rows.push_back(row);
  }
  Json both = result;
  for (const Json& row : rows) both["rows"].push_back(row);
  result["rows"] = rows;
  const std::string judge = html_of(blocks_of("judge", result));
  EXPECT_NE(judge.find("Strict with the judge"), std::string::npos);
  EXPECT_NE(judge.find("Through the codec"), std::string::npos);
  EXPECT_EQ(judge.find("autoencoder"), std::string::npos) << "whatever the codec was";
  EXPECT_EQ(tables_in(blocks_of("tasks", result))[0].caption, "") << "one metric needs no telling apart";
  const std::vector<Table> tasks = tables_in(blocks_of("tasks", both));
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(tasks[0].caption, "GenEval");
  EXPECT_EQ(tasks[1].caption, "Strict");
}

TEST(Sections, SayWhichEndIsTheGoodOne) {
  const Json distance = factless_result();
  const std::string cost = html_of(blocks_of("cost", distance)), share = html_of(blocks_of("cost", sample_result()));
  EXPECT_NE(cost.find("Lower FID is better."), std::string::npos);
  EXPECT_EQ(share.find("is better."), std::string::npos);
  EXPECT_NE(cost.find("<th scope=\"col\" class=\"number\" data-lower>FID</th>"), std::string::npos);
  EXPECT_NE(share.find("<th scope=\"col\" class=\"number\">GenEval</th>"), std::string::npos);
  Json probed = distance;
  probed["probes"] = {{{"probe", "discriminability"},
                       {"encoder", "words"},
                       {"modes", {{"raw", {{"value", 0.5}, {"ci95", {0.4, 0.6}}}}}},
                       {"n_queries", 10},
                       {"n_candidates", 10}}};
  const std::string probes = html_of(blocks_of("probe_against_quality", probed));
  EXPECT_NE(probes.find("Lower FID is better."), std::string::npos);
  EXPECT_EQ(probes.find("domainMin"), std::string::npos) << "distances far from zero would all lie in a corner";
  EXPECT_NE(html_of(blocks_of("probe_against_quality", sample_result())).find("domainMin"), std::string::npos);
}

TEST(Sections, ProvenanceNamesPluginsAndPlacement) {
  const auto told = [](const Json& provenance) {
    return html_of(SectionRegistry::instance().make("provenance")->blocks({sample_result(), provenance, {}}));
  };
  Json provenance = sample_provenance(sample_result());
  EXPECT_EQ(told(provenance).find("outside the tree"), std::string::npos);
  provenance["plugins"] = {{{"file", "/home/me/mine.so"}, {"sha256", std::string(64, 'c')}}};
  provenance["placement"] = {{"device", "cpu"}, {"peers", 2}};
  provenance["precision"] = {{"models", {{"dit", "bf16"}, {"small", "fp32"}}}, {"instruments", "fp32"}};
  EXPECT_NE(told(provenance).find("/home/me/mine.so"), std::string::npos);
  EXPECT_NE(told(provenance).find(std::string(64, 'c')), std::string::npos);
  EXPECT_NE(told(provenance).find("cpu, 2 processes"), std::string::npos);
  EXPECT_NE(told(provenance).find("dit bf16; small fp32; instruments fp32"), std::string::npos);
}

TEST(Sections, RealPicturesStandUnderNoStepCount) {
  const auto store = std::filesystem::path(testing::TempDir()) / ("emf_real_" + std::to_string(getpid()));
  write_sample_store(store, sample_result());
  const auto blocks = SectionRegistry::instance().make("pictures")->blocks({sample_result(), Json::object(), store});
  std::filesystem::remove_all(store);
  const std::vector<Table> tables = tables_in(blocks);
  ASSERT_FALSE(tables.empty());
  EXPECT_EQ(tables[0].columns[4].title, "real");
  EXPECT_EQ(tables[0].columns[5].title, "1");
  EXPECT_EQ(tables[0].rows[0].cells[2].text, "Real");
  EXPECT_EQ(tables[0].rows[0].cells[5].why, "no picture");
  EXPECT_EQ(tables[0].rows[1].cells[4].why, "no picture");
  EXPECT_NE(tables[0].rows[1].cells[5].text, "");
}

/// The whole page of a suite without facts, and no fetched scripts.
class FactlessReport : public testing::Test {
 protected:
  void SetUp() override {
    store_ = std::filesystem::path(testing::TempDir()) / ("emf_factless_" + std::to_string(getpid()));
    validate_result(factless_result());
    setenv("EMFBENCH_DEPS", (store_ / "nothing").c_str(), 1);
    html_ = read_file(write_report(write_sample_store(store_, factless_result()), store_, store_ / "out"));
  }
  void TearDown() override {
    unsetenv("EMFBENCH_DEPS");
    std::filesystem::remove_all(store_);
  }
  bool holds(const std::string& text) const { return html_.find(text) != std::string::npos; }

  std::filesystem::path store_;
  std::string html_;
};

TEST_F(FactlessReport, HasWhatItCanSayAndNothingElse) {
  for (const char* name : {"verdict", "scores", "quality_against_steps", "cost", "checkpoints", "pictures", "distances",
                           "training_curves", "budgets", "provenance"}) {
    EXPECT_TRUE(holds("<section id=\"" + std::string(name) + "\"")) << name;
  }
  for (const char* name : {"tasks", "judge", "question_graph", "comparisons", "probes", "template_audit"})
    EXPECT_FALSE(holds("<section id=\"" + std::string(name) + "\"")) << name;
}

TEST_F(FactlessReport, SpeaksOfItsOwnMetricAndNames) {
  EXPECT_TRUE(holds("FID by encoder, objective and steps"));
  EXPECT_TRUE(holds("lower is better"));
  EXPECT_TRUE(holds("Plain words") && holds("Leap") && holds("Crawl") && holds("#aa3377"));
  EXPECT_FALSE(holds("GenEval") || holds("geneval") || holds("MeanFlow") || holds("judge"));
  EXPECT_FALSE(holds("judged wrong") || holds("A green frame"));
  EXPECT_TRUE(holds("two people on a beach"));
  EXPECT_FALSE(holds("\"domain\":[0,1]")) << "distances do not end at one";
}

}  // namespace
}  // namespace emf
