// emfbench report SUITE: writes the page of a suite's newest record again, from the record alone.
#include <fmt/format.h>

#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/command/suite_word.h"
#include "reports/report.h"

namespace emf {
namespace {

class Report : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("suite", suite_, kRanSuite)->required();
    app.add_option("--out", out_,
                   "folder of index.html and report.json (default: STORE/reports/SUITE; with --json none is written)");
    add_store_option(app, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const std::string name = recorded_name(suite_);
    const std::filesystem::path folder = newest_suite_folder(store_, name);
    // A record is data: what it is called must not say where files are written.
    if (out_.empty() && !flags.json && !is_plain_name(name)) {
      fail_input("a report of '{}' would lie outside {}/reports; say where it goes with --out", name, store_);
    }
    if (flags.json && out_.empty()) {  // data only: nothing is written
      print_json(report_document(folder));
      return ExitCode::kGood;
    }
    const std::filesystem::path out =
        out_.empty() ? std::filesystem::path(store_) / "reports" / name : std::filesystem::path(out_);
    const std::filesystem::path page = write_report(folder, store_, out);
    if (flags.json) {
      print_json(report_document(folder));
    } else {
      print_shown("{}\n", page.string());
    }
    return ExitCode::kGood;
  }

 private:
  std::string suite_, out_, store_;
};

EMF_REGISTER(CommandRegistry, "report", "Write the report of a suite that ran", std::make_unique<Report>);

}  // namespace
}  // namespace emf
