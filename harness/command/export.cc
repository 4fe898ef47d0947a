// SPDX-License-Identifier: Apache-2.0
// emfbench export SUITE: a suite's newest record for programs and papers, as its rows, as sections of its report, as
// its plots, or as its claims.
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/progress.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/plot_conversion.h"
#include "harness/command/row_folder.h"
#include "harness/command/store_option.h"
#include "harness/command/suite_word.h"
#include "reports/claims_export.h"
#include "reports/export.h"
#include "reports/latex_scores.h"
#include "reports/plot_files.h"
#include "reports/report.h"
#include "reports/tensorboard_export.h"

namespace emf {
namespace {

class Export : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("suite", suite_, kRanSuite).required();
    std::vector<std::string> formats = export_format_names();
    formats.emplace_back(kClaims);
    formats.emplace_back(kTensorboard);
    formats.emplace_back(kHuggingface);
    flags
        .option("--format", format_,
                "csv and md: a row a number; latex: one metric as a paper's table; claims: each claim with what was "
                "measured and reported, its command and commit; tensorboard: trainings and scores as event files; "
                "huggingface: a trained row with its model card")
        .one_of(formats)
        .shows_default();
    const Flag metric = flags.option("--metric", metric_,
                                     "only this metric, such as geneval (default: every one; of latex the main one)");
    flags
        .option(
            "--section", sections_,
            "instead of the rows, this section of the report (emfbench list sections), or 'all'; repeatable; no --json")
        .excludes(metric);
    flags
        .option("--plots", plots_,
                "instead of the rows, write the report's plots (or those of --section) into this folder, as SVG and, "
                "where rsvg-convert is installed, PDF and PNG")
        .excludes(metric);
    flags.option("--out", out_, "folder for what is more than one file: of tensorboard, huggingface");
    flags.option("--row", row_, "the trained row of --format huggingface: ENCODER/OBJECTIVE[/SEED], or its run's hash");
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const bool plots = !plots_.empty();
    require_fitting_options();
    if (plots && format_ != "csv") fail_input("--plots writes plots as files and no {}; leave out --format", format_);
    if (!plots && !sections_.empty() && flags.json) {
      fail_input("export --section writes {}, not JSON; leave out --json, or --section for the rows behind them",
                 format_);
    }
    const std::filesystem::path folder = record_folder(suite_, store_);
    if (format_ == kClaims) return print_claims(read_record(folder, store_), flags);
    if (format_ == kHuggingface) {
      print_files(write_row_folder(read_record(folder, store_), row_, stores_of(folder, store_), out_), flags);
      say(fmt::format("paint with it: emfbench sample --model {} --prompt \"a photo of a red apple\"", out_));
      return ExitCode::kGood;
    }
    if (format_ == kTensorboard) return write_events(read_record(folder, store_), folder, flags);
    if (plots) return write_plot_files(read_record(folder, store_), flags);
    if (!sections_.empty()) {
      print_lines(export_sections(read_record(folder, store_), sections_, export_format(format_)));
      return ExitCode::kGood;
    }
    if (format_ == "latex" && !flags.json) return print_table(read_record(folder, store_));
    const Json document = report_document(folder);
    Json kept = Json::array();
    for (const Json& row : document.at("rows")) {
      if (metric_.empty() || row.at("metric") == metric_) kept.push_back(row);
    }
    if (kept.empty() && metric_.empty()) fail_no_rows();
    if (kept.empty()) fail_input("suite '{}' has no row of metric '{}'", suite_, metric_);
    if (flags.json) {
      print_json({{"suite", suite_}, {"rows", kept}});
    } else {
      print_lines(export_rows(kept, export_format(format_)));
    }
    return ExitCode::kGood;
  }

 private:
  static constexpr const char *kClaims = "claims", *kTensorboard = "tensorboard", *kHuggingface = "huggingface";

  /// @throws UserError  options that would change nothing.
  void require_fitting_options() const {
    const bool folder = format_ == kTensorboard || format_ == kHuggingface, whole = format_ == kClaims || folder;
    if (whole && (!sections_.empty() || !metric_.empty())) {
      fail_input("export --format {} has neither sections nor metrics; leave out {}", format_,
                 sections_.empty() ? "--metric" : "--section");
    }
    if (folder && out_.empty()) fail_input("--format {} writes a folder; name it with --out", format_);
    if (!folder && !out_.empty())
      fail_input("--out is for formats of several files; {} goes to stdout: redirect it, as in > FILE", format_);
    if (format_ == kHuggingface && row_.empty())
      fail_input("--format huggingface writes one trained row; name it with --row ENCODER/OBJECTIVE[/SEED]");
    if (format_ != kHuggingface && !row_.empty()) fail_input("--row says something only to --format huggingface");
  }

  static ExitCode print_claims(const SectionInput& record, const CommonFlags& flags) {
    const Json document = claims_document(record);
    if (flags.json) {
      print_json(document);
    } else {
      print_lines(claims_markdown(document));
    }
    return ExitCode::kGood;
  }

  ExitCode print_table(const SectionInput& record) const {
    if (record.result.at("rows").empty()) fail_no_rows();
    print_lines(latex_scores(record, metric_));
    return ExitCode::kGood;
  }

  void print_files(const std::vector<std::filesystem::path>& files, const CommonFlags& flags) const {
    Json names = Json::array();
    for (const std::filesystem::path& file : files) names.push_back(file.string());
    if (flags.json) {
      print_json({{"suite", suite_}, {"files", names}});
    } else {
      for (const Json& name : names) print_shown("{}\n", name.get<std::string>());
    }
  }

  ExitCode write_plot_files(const SectionInput& record, const CommonFlags& flags) const {
    const bool all = std::find(sections_.begin(), sections_.end(), "all") != sections_.end();
    std::vector<std::filesystem::path> files =
        write_plots(record, all ? std::vector<std::string>() : sections_, plots_);
    for (const std::filesystem::path& file : convert_plots(files)) files.push_back(file);
    print_files(files, flags);
    return ExitCode::kGood;
  }

  ExitCode write_events(const SectionInput& record, const std::filesystem::path& folder,
                        const CommonFlags& flags) const {
    const TensorboardExport done = write_tensorboard(record, stores_of(folder, store_), out_);
    if (!done.without_events.empty()) {
      say(
          fmt::format("note: no store has the events of {} of {} rows, {} the first: their residual stands alone "
                      "(--store names another store)",
                      done.without_events.size(), done.files.size(), done.without_events.front()));
    }
    print_files(done.files, flags);
    say(fmt::format("look at them with: tensorboard --logdir {}", out_));
    return ExitCode::kGood;
  }

  [[noreturn]] void fail_no_rows() const {
    fail_input("suite '{}' scored nothing, so it has no rows; --section all has what else it found", suite_);
  }

  std::string suite_, store_, metric_, plots_, out_, row_, format_ = "csv";
  std::vector<std::string> sections_;
};

EMF_REGISTER(CommandRegistry, "export", "What a suite found as tables, plots, event files, or a row's weights",
             std::make_unique<Export>);

}  // namespace
}  // namespace emf
