// SPDX-License-Identifier: Apache-2.0
// emfbench report SUITE: writes the page of a suite's newest record again, from the record alone.
#include <fmt/format.h>

#include "harness/base/run_name.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/command/suite_word.h"
#include "reports/report.h"

namespace emf {
namespace {

class Report : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("suite", suite_, kRanSuite).required();
    flags.option("--out", out_,
                 "folder of index.html, report.json and the record (default: STORE/reports/NAME, or a given record's "
                 "own folder; with --json none is written)");
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const std::filesystem::path folder = record_folder(suite_, store_);
    if (flags.json && out_.empty()) {  // data only: nothing is written
      print_json(report_document(folder));
      return ExitCode::kGood;
    }
    const std::filesystem::path out = out_.empty() ? usual_folder(folder) : std::filesystem::path(out_);
    const std::filesystem::path page = write_report(folder, store_, out);
    if (flags.json) {
      print_json(report_document(folder));
    } else {
      print_shown("{}\n", page.string());
    }
    return ExitCode::kGood;
  }

 private:
  /// The page of a stage in a store lies among the store's reports, that of a record elsewhere beside the record.
  std::filesystem::path usual_folder(const std::filesystem::path& record) const {
    if (is_record_path(suite_) && record.parent_path().filename() != "suite") return record;
    const std::string name = report_document(record).at("suite");
    // A record is data: what it is called must not say where files are written.
    if (!is_run_name(name))
      fail_input("a report of '{}' would lie outside {}/reports; say where it goes with --out", name, store_);
    return std::filesystem::path(store_) / "reports" / name;
  }

  std::string suite_, out_, store_;
};

EMF_REGISTER(CommandRegistry, "report", "Write the report of a suite that ran", std::make_unique<Report>);

}  // namespace
}  // namespace emf
