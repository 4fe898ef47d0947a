// SPDX-License-Identifier: Apache-2.0
// Plots as SVG files: what is drawn where, and what is refused.
#include "reports/plot_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "reports/writers/plot_scale.h"
#include "reports/writers/svg.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

Json spec(const char* mark) {
  return {{"data", {{"values", {{{"x", 1}, {"y", 0.25}, {"label", "<a>"}}, {{"x", 4}, {"y", 0.5}, {"label", "b"}}}}}},
          {"mark", mark},
          {"encoding",
           {{"x", {{"field", "x"}, {"title", "Steps"}, {"scale", {{"type", "log"}, {"nice", false}}}}},
            {"y", {{"field", "y"}, {"title", "Score"}, {"scale", {{"domain", {0, 1}}}}}},
            {"text", {{"field", "label"}}}}}};
}

TEST(PlotScales, PlaceValuesAndChooseTicks) {
  const PlotScale linear({{"scale", {{"zero", false}}}, {"axis", {{"tickCount", 5}}}}, {0.13, 0.87}, 0, 100);
  EXPECT_EQ(linear.ticks(), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0}));
  EXPECT_DOUBLE_EQ(linear.place(0.5), 50);
  EXPECT_EQ(linear.label(0.2), "0.2");
  const PlotScale log(
      {{"scale", {{"type", "log"}, {"nice", false}}}, {"axis", {{"values", {1, 4, 64}}, {"format", "d"}}}}, {1, 16}, 0,
      100);
  EXPECT_EQ(log.ticks(), (std::vector<double>{1, 4})) << "64 lies beyond the axis";
  EXPECT_DOUBLE_EQ(log.place(4), 50);
  EXPECT_EQ(log.label(4), "4");
  const PlotScale down({{"axis", {{"format", "~s"}}}}, {-1500, 3000}, 100, 0);
  EXPECT_EQ(down.label(2000), "2k");
  EXPECT_GT(down.place(-1500), down.place(3000));
  EXPECT_THROW(PlotScale({{"scale", {{"type", "log"}}}}, {0, 1}, 0, 1), UserError);
  EXPECT_THROW(PlotScale({{"scale", {{"type", "band"}}}}, {0, 1}, 0, 1), UserError);
  // One value alone still has an axis around it.
  EXPECT_DOUBLE_EQ(PlotScale({{"scale", {{"zero", false}, {"nice", false}}}}, {2}, 0, 100).place(2), 50);
}

TEST(Svg, MarksStandAtTheirValues) {
  const PlotGroup group{{}, {{"Leap & bound", {"#aa3377", {2, 1}, "square"}}}, {}};
  const std::string line = svg_of({"A <title>", "words", spec("line")}, group);
  // From x = 62 to 460, y = 270 (nothing) to 34 (one).
  EXPECT_EQ(count(line, "d=\"M62.0 211.0L460.0 152.0\""), 1u) << line;
  EXPECT_EQ(count(line, "<title>A &lt;title&gt;</title>"), 1u);
  EXPECT_EQ(count(line, "Leap &amp; bound"), 1u);
  EXPECT_EQ(count(line, "stroke-dasharray=\"2 1\""), 1u);
  EXPECT_EQ(count(svg_of({"t", "w", spec("point")}, {}), "<circle"), 2u);
  EXPECT_EQ(count(svg_of({"t", "w", spec("text")}, {}), "&lt;a&gt;"), 1u);
  EXPECT_THROW(svg_of({"t", "w", spec("arc")}, {}), UserError);
  Json remote = spec("line");
  remote["data"] = {{"url", "https://example.org/x.csv"}};
  EXPECT_THROW(svg_of({"t", "w", remote}, {}), UserError);
}

TEST(PlotFiles, EveryPanelIsAFile) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("emf_plots_" + std::to_string(::getpid()));
  const SectionInput input{sample_result(), sample_provenance(), {}};
  const auto files = write_plots(input, {}, folder);
  ASSERT_GE(files.size(), 9u);
  EXPECT_EQ(files.front().filename(), "quality_against_steps-class-labels.svg");
  for (const auto& file : files) {
    const std::string svg = read_file(file);
    EXPECT_EQ(svg.rfind("<svg xmlns=", 0), 0u) << file;
    EXPECT_EQ(count(svg, "nan"), 0u) << file;
    EXPECT_EQ(count(svg, "http"), 1u) << file << " names nothing but its own form";
  }
  // Three objectives: a line, a band and three marks of each, and of the legend a line and a mark of each.
  const std::string first = read_file(files.front());
  EXPECT_EQ(count(first, "fill-opacity"), 3u);
  EXPECT_EQ(count(first, "<path d="), 9u);
  EXPECT_EQ(write_plots(input, {"cost"}, folder).size(), 3u);
  EXPECT_THROW(write_plots(input, {"budgets"}, folder), UserError);
  EXPECT_THROW(write_plots(input, {"csot"}, folder), UserError);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace emf
