// SPDX-License-Identifier: Apache-2.0
// What every registered section of the report must hold to; a new one is tested by being registered.
#include "harness/api/section.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <regex>
#include <set>
#include <variant>

#include "reports/writers/csv.h"
#include "reports/writers/html.h"
#include "reports/writers/latex.h"
#include "reports/writers/markdown.h"
#include "reports/writers/plain_tables.h"
#include "tests/golden/report/audited_suite.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

class SectionContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    store_ = std::filesystem::path(testing::TempDir()) / ("emf_section_" + std::to_string(::getpid()));
    write_sample_store(store_);
    section_ = SectionRegistry::instance().make(GetParam());
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  /// A record of whatever one can be: with facts, without any, with all that a suite can tell, and one that holds
  /// nothing.
  std::vector<SectionInput> records() const {
    Json bare = {{"schema", "emf.result/1"}, {"kind", "suite"}, {"suite", "bare"}, {"question", "?"}};
    bare.update({{"spec_hash", "0"}, {"prompts", Json::array()}, {"rows", Json::array()}});
    const Json factless = factless_result(), audited = audited_result();
    return {{bare, Json::object(), store_},
            {sample_result(), sample_provenance(), store_},
            {sample_result(), Json::object(), store_},
            {factless, sample_provenance(factless), store_},
            {audited, sample_provenance(audited), store_}};
  }

  std::filesystem::path store_;
  std::unique_ptr<Section> section_;
};

/// What harness/api/section.h promises of each kind of block.
struct ExpectValid {
  void operator()(const Paragraph& paragraph) const { EXPECT_FALSE(paragraph.text.empty()); }
  void operator()(const Heading& heading) const { EXPECT_FALSE(heading.text.empty()); }
  void operator()(const FactList& list) const {
    for (const Fact& fact : list.facts) EXPECT_FALSE(fact.name.empty());
  }
  void operator()(const Preformatted& block) const { EXPECT_FALSE(block.text.empty()); }

  void operator()(const BulletList& list) const {
    std::set<bool> badges;
    for (const ListItem& item : list.items) badges.insert(item.badge.empty());
    EXPECT_LE(badges.size(), 1u) << "either all points have a badge or none";
  }

  void operator()(const Table& table) const {
    for (const TableRow& row : table.rows) {
      EXPECT_EQ(row.cells.size(), table.columns.size()) << table.caption;
      for (const TableCell& cell : row.cells) {
        EXPECT_TRUE(cell.text.empty() || cell.why.empty()) << cell.text << " has a value and says why it has none";
        EXPECT_TRUE(std::isfinite(cell.number.value_or(0))) << table.caption;
        const auto ends = cell.ci95.value_or(std::array<double, 2>{0, 0});
        EXPECT_LE(ends[0], ends[1]) << table.caption;
      }
    }
  }

  void operator()(const PlotGroup& plots) const {
    EXPECT_FALSE(plots.values.empty()) << "what is drawn must stand in a table too";
    (*this)(plots.values);
    for (const Plot& plot : plots.panels) {
      EXPECT_FALSE(plot.words.empty()) << plot.title << " has no words for who cannot see it";
      EXPECT_EQ(plot.spec.dump().find("\"url\""), std::string::npos) << plot.title << " fetches its data";
    }
  }

  void operator()(const Pictures& pictures) const {
    for (const PictureFigure& figure : pictures.figures) {
      for (const PictureRow& row : figure.rows) {
        EXPECT_LE(row.tiles.size(), figure.columns.size()) << figure.title;
        for (const std::optional<PictureTile>& tile : row.tiles) {
          if (!tile) continue;
          EXPECT_EQ(tile->uri.rfind("data:image/", 0), 0u) << tile->uri.substr(0, 40);
          EXPECT_FALSE(tile->words.empty()) << figure.title;
        }
      }
    }
  }

  void operator()(const BlockGroup& group) const {
    EXPECT_EQ(group.layout == BlockGroup::Layout::kFolded, !group.summary.empty()) << group.summary;
    for (const Block& block : group.blocks) std::visit(*this, block);
  }
};

/// What people read of the blocks and no writer may lose: prose, heads of columns, the words and numbers of cells.
std::set<std::string> texts_in(const std::vector<Block>& blocks) {
  std::set<std::string> texts;
  const auto add_table = [&](const Table& table) {
    for (const TableColumn& column : table.columns) texts.insert(column.title);
    for (const TableRow& row : table.rows) {
      for (const TableCell& cell : row.cells) texts.insert(cell.text);
    }
  };
  for (const Block& block : blocks) {
    if (const auto* paragraph = std::get_if<Paragraph>(&block)) texts.insert(paragraph->text);
    if (const auto* heading = std::get_if<Heading>(&block)) texts.insert(heading->text);
    if (const auto* table = std::get_if<Table>(&block)) add_table(*table);
    if (const auto* plots = std::get_if<PlotGroup>(&block)) add_table(plots->values);
    if (const auto* list = std::get_if<BulletList>(&block)) {
      for (const ListItem& item : list->items) texts.insert({item.lead, item.text});
    }
    if (const auto* group = std::get_if<BlockGroup>(&block)) texts.merge(texts_in(group->blocks));
  }
  texts.erase("");
  return texts;
}

TEST_P(SectionContract, BlocksAreValidOnEveryRecord) {
  size_t shown = 0;
  for (const SectionInput& record : records()) {
    SCOPED_TRACE(record.result.at("suite").get<std::string>());
    EXPECT_FALSE(section_->title(record).empty());
    const std::vector<Block> blocks = section_->blocks(record);
    for (const Block& block : blocks) std::visit(ExpectValid(), block);
    shown += blocks.size();
  }
  // A section that is on none of them would pass every test here unseen.
  EXPECT_GT(shown, 0u) << GetParam();
}

TEST_P(SectionContract, EveryWriterCanWriteIt) {
  for (const SectionInput& record : records()) {
    SCOPED_TRACE(record.result.at("suite").get<std::string>());
    const std::vector<Block> blocks = section_->blocks(record);
    if (blocks.empty()) continue;
    const std::vector<Chapter> chapters = {{GetParam(), section_->title(record), blocks}};
    const std::string html = html_of(blocks), markdown = markdown_of(chapters), latex = latex_of(chapters);
    const std::string csv = csv_of(chapters);
    for (const std::string& text : texts_in(blocks)) {
      EXPECT_NE(html.find(escape_html(text)), std::string::npos) << text;
      EXPECT_NE(markdown.find(escape_markdown(text)), std::string::npos) << text;
      EXPECT_NE(latex.find(escape_latex(text)), std::string::npos) << text;
    }
    for (const Table& table : tables_in(blocks)) {
      EXPECT_NE(csv.find(csv_of(table)), std::string::npos) << table.caption;
      for (const TableColumn& column : table.columns)
        EXPECT_NE(csv.find(escape_csv(column.title)), std::string::npos) << column.title;
    }
  }
}

TEST_P(SectionContract, EqualRecordsGiveEqualText) {
  for (const SectionInput& record : records()) {
    const auto again = SectionRegistry::instance().make(GetParam());
    EXPECT_EQ(html_of(section_->blocks(record)), html_of(again->blocks(record)));
  }
}

/// A page that asks for nothing reads the same in ten years; links that a reader may follow are no requests.
TEST_P(SectionContract, NothingPointsOutsideThePage) {
  const std::regex fetched(R"re((src|srcset|poster|data|action)\s*=\s*"([^"]*)"|url\(([^)]*)\)|<(link|iframe)\b)re");
  for (const SectionInput& record : records()) {
    const std::string html = html_of(section_->blocks(record));
    for (std::sregex_iterator match(html.begin(), html.end(), fetched), end; match != end; ++match) {
      EXPECT_EQ((*match)[2].str().rfind("data:", 0), 0u) << match->str().substr(0, 100);
    }
    EXPECT_EQ(html.find("href=\"http"), std::string::npos);
  }
}

TEST_P(SectionContract, HostileTextIsEscaped) {
  Json result = sample_result();
  const std::string hostile = "<img src=x onerror=alert(1)>\"'";
  result["suite"] = result["question"] = hostile;
  for (const char* list : {"rows", "probes", "budgets", "curves", "samples"}) {
    for (Json& item : result[list]) item["encoder"] = hostile;
  }
  for (Json& prompt : result["prompts"]) prompt["text"] = prompt["tag"] = hostile;
  EXPECT_EQ(html_of(section_->blocks({result, sample_provenance(), store_})).find("<img src=x"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Registered, SectionContract, testing::ValuesIn(SectionRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
