// emfbench export SUITE: the rows of a suite's newest record as a table for other programs.
#include <fmt/format.h>

#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "reports/report.h"

namespace emf {
namespace {

constexpr std::array<const char*, 9> kColumns = {"encoder", "objective", "steps",     "seed", "metric",
                                                 "value",   "ci95_low",  "ci95_high", "n"};

/// One row's cells as text; numbers in full precision, absent ones empty.
std::vector<std::string> cells_of(const Json& row) {
  const Json interval = row.at("ci95");
  const auto number = [](const Json& value) { return value.is_null() ? std::string() : value.dump(); };
  return {row.at("encoder"),
          row.at("objective"),
          number(row.at("steps")),
          number(row.at("seed")),
          row.at("metric"),
          number(row.at("value")),
          interval.is_null() ? "" : number(interval[0]),
          interval.is_null() ? "" : number(interval[1]),
          number(row.at("n"))};
}

std::string join(const std::vector<std::string>& cells, const std::string& between) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : between) + cell;
  return line;
}

std::string latex_escaped(const std::string& text) {
  std::string escaped;
  for (const char letter : text) escaped += letter == '_' ? std::string("\\_") : std::string(1, letter);
  return escaped;
}

class Export : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("suite", suite_, "name of a suite that ran")->required();
    app.add_option("--format", format_, "csv, md or latex")
        ->check(CLI::IsMember({"csv", "md", "latex"}))
        ->capture_default_str();
    app.add_option("--metric", metric_, "only this metric, such as geneval (default: every one)");
    add_store_option(app, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const Json document = report_document(newest_suite_folder(store_, suite_));
    Json kept = Json::array();
    for (const Json& row : document.at("rows")) {
      if (metric_.empty() || row.at("metric") == metric_) kept.push_back(row);
    }
    if (kept.empty()) fail_input("suite '{}' has no row of metric '{}'", suite_, metric_);
    if (flags.json) {
      print_json({{"suite", suite_}, {"rows", kept}});
      return ExitCode::kGood;
    }
    const std::vector<std::string> head(kColumns.begin(), kColumns.end());
    if (format_ == "csv") {
      fmt::print("{}\n", join(head, ","));
      for (const Json& row : kept) fmt::print("{}\n", join(cells_of(row), ","));
    } else if (format_ == "md") {
      fmt::print("| {} |\n|{}\n", join(head, " | "), join(std::vector<std::string>(head.size(), " --- |"), ""));
      for (const Json& row : kept) fmt::print("| {} |\n", join(cells_of(row), " | "));
    } else {
      fmt::print("\\begin{{tabular}}{{llrrlrrrr}}\n{} \\\\ \\hline\n", latex_escaped(join(head, " & ")));
      for (const Json& row : kept) fmt::print("{} \\\\\n", latex_escaped(join(cells_of(row), " & ")));
      fmt::print("\\end{{tabular}}\n");
    }
    return ExitCode::kGood;
  }

 private:
  std::string suite_, store_, metric_, format_ = "csv";
};

EMF_REGISTER(CommandRegistry, "export", "The rows of a suite that ran as CSV, Markdown or LaTeX",
             std::make_unique<Export>);

}  // namespace
}  // namespace emf
