// SPDX-License-Identifier: Apache-2.0
// emfbench verify SUITE: do the claims of a suite's newest record hold?
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/command/suite_word.h"
#include "reports/report.h"

namespace emf {
namespace {

class Verify : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("suite", suite_, kRanSuite).required();
    add_store_option(flags, store_);
  }

  /// Exit code 4 unless every claim passes: what is undecided has not been shown either.
  ExitCode run(const CommonFlags& flags) override {
    const Json claims = report_document(record_folder(suite_, store_)).at("claims");
    // Nothing shown of nothing claimed would read as if all were well.
    if (claims.empty()) fail_input("suite '{}' makes no claims, so there is nothing to verify", suite_);
    const auto passes = [](const Json& claim) { return claim.at("verdict") == "pass"; };
    const auto shown = std::count_if(claims.begin(), claims.end(), passes);
    if (flags.json) {
      print_json({{"suite", suite_}, {"claims", claims}, {"shown", shown}});
    } else {
      for (const Json& claim : claims) {
        print_shown("{:<10} {} ({})\n", claim.at("verdict").get<std::string>(), claim.at("name").get<std::string>(),
                    claim.value("detail", ""));
      }
    }
    const auto total = static_cast<std::ptrdiff_t>(claims.size());
    say(fmt::format("{} of {} claims shown", shown, total));
    return shown == total ? ExitCode::kGood : ExitCode::kClaimFailed;
  }

 private:
  std::string suite_, store_;
};

EMF_REGISTER(CommandRegistry, "verify", "Check the claims of a suite that ran; exit code 4 unless all hold",
             std::make_unique<Verify>);

}  // namespace
}  // namespace emf
