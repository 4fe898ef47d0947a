// SPDX-License-Identifier: Apache-2.0
// emfbench merge STORE: brings the runs of another store in, by hash.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/merge.h"

namespace emf {
namespace {

class Merge : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("other", other_, "the store whose finished stages are copied; it is only read").required();
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const MergedStores merged = merge_stores(other_, store_);
    for (const std::string& name : merged.foreign) {
      say(fmt::format("warning: {} left out: its spec.json does not hash to its name", name));
    }
    for (const std::string& what : merged.damaged) {
      say(fmt::format("warning: {}: left out, it is not what was written there", what));
    }
    // Another processor's last digits, or something that was changed by hand: either way somebody should look.
    for (const std::string& name : merged.different) {
      say(fmt::format("warning: {} has another result there than here; the one here stays", name));
    }
    if (flags.json) {
      print_json({{"store", store_},
                  {"other", other_},
                  {"merged", merged.merged},
                  {"known", merged.known},
                  {"unfinished", merged.unfinished},
                  {"bytes", merged.bytes},
                  {"suites", merged.suites},
                  {"different", merged.different},
                  {"damaged", merged.damaged},
                  {"foreign", merged.foreign}});
      return ExitCode::kGood;
    }
    print_shown("{} stages merged from {} ({:.1f} MB), {} known here, {} unfinished left there\n", merged.merged,
                other_, static_cast<double>(merged.bytes) / 1e6, merged.known, merged.unfinished);
    if (!merged.suites.empty()) {
      print_shown("suites that came in: {}; next: emfbench report {}\n", fmt::join(merged.suites, ", "),
                  merged.suites.front());
    }
    return ExitCode::kGood;
  }

 private:
  std::string other_, store_;
};

EMF_REGISTER(CommandRegistry, "merge", "Bring the finished runs of another store in", std::make_unique<Merge>);

}  // namespace
}  // namespace emf
