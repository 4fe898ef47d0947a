// emfbench export SUITE: a suite's newest record for programs and papers, as its rows, as sections of its report, or as
// its claims.
#include <fmt/format.h>

#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/command/suite_word.h"
#include "reports/claims_export.h"
#include "reports/export.h"
#include "reports/report.h"

namespace emf {
namespace {

class Export : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("suite", suite_, kRanSuite).required();
    std::vector<std::string> formats = export_format_names();
    formats.emplace_back(kClaims);
    flags
        .option("--format", format_,
                "csv, md or latex; or claims: each claim with what was measured and reported, its command and commit")
        .one_of(formats)
        .shows_default();
    const Flag metric = flags.option("--metric", metric_, "only this metric, such as geneval (default: every one)");
    flags
        .option(
            "--section", sections_,
            "instead of the rows, this section of the report (emfbench list sections), or 'all'; repeatable; no --json")
        .excludes(metric);
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    if (!sections_.empty() && flags.json) {
      fail_input("export --section writes {}, not JSON; leave out --json, or --section for the rows behind them",
                 format_);
    }
    if (format_ == kClaims && (!sections_.empty() || !metric_.empty())) {
      fail_input("export --format claims has neither sections nor metrics; leave out {}",
                 sections_.empty() ? "--metric" : "--section");
    }
    const std::filesystem::path folder = record_folder(suite_, store_);
    if (format_ == kClaims) return print_claims(read_record(folder, store_), flags);
    if (!sections_.empty()) {
      print_lines(export_sections(read_record(folder, store_), sections_, export_format(format_)));
      return ExitCode::kGood;
    }
    const Json document = report_document(folder);
    Json kept = Json::array();
    for (const Json& row : document.at("rows")) {
      if (metric_.empty() || row.at("metric") == metric_) kept.push_back(row);
    }
    if (kept.empty() && metric_.empty()) {
      fail_input("suite '{}' scored nothing, so it has no rows; --section all has what else it found", suite_);
    }
    if (kept.empty()) fail_input("suite '{}' has no row of metric '{}'", suite_, metric_);
    if (flags.json) {
      print_json({{"suite", suite_}, {"rows", kept}});
    } else {
      print_lines(export_rows(kept, export_format(format_)));
    }
    return ExitCode::kGood;
  }

 private:
  static constexpr const char* kClaims = "claims";

  static ExitCode print_claims(const SectionInput& record, const CommonFlags& flags) {
    const Json document = claims_document(record);
    if (flags.json) {
      print_json(document);
    } else {
      print_lines(claims_markdown(document));
    }
    return ExitCode::kGood;
  }

  std::string suite_, store_, metric_, format_ = "csv";
  std::vector<std::string> sections_;
};

EMF_REGISTER(CommandRegistry, "export", "The rows or sections of a suite that ran as CSV, Markdown or LaTeX",
             std::make_unique<Export>);

}  // namespace
}  // namespace emf
