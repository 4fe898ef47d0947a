// What a record is asked: seeds, names and styles, which way is better, checkpoints; and the report on a record that
// knows no facts.
#include "reports/record/record.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <regex>

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
