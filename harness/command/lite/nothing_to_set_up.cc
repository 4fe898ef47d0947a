// SPDX-License-Identifier: Apache-2.0
// `setup` fetches networks and instruments, of which this program has none.
#include "harness/base/progress.h"
#include "harness/command/command.h"

namespace emf {
namespace {

class SetUp : public Command {
 public:
  void declare(const Flags&) override {}
  ExitCode run(const CommonFlags&) override {
    say("this program scores and reports as it stands; there is nothing to set up");
    return ExitCode::kGood;
  }
};

EMF_REGISTER(CommandRegistry, "setup", "Nothing: this program is complete as it stands", std::make_unique<SetUp>);

}  // namespace
}  // namespace emf
