// SPDX-License-Identifier: Apache-2.0
// Plugins are built against the headers of the whole program, so this one takes none and says so.
#include "harness/base/error.h"
#include "harness/plugin/load.h"

namespace emf {

void load_plugin(const std::string& path) {
  fail_input("cannot load {}: emfbench-lite, built without LibTorch, takes no plugins; use the whole program", path);
}

// What the environment names for other programs is no mistake of this one's caller.
std::vector<std::string> plugins_of_environment() { return {}; }

}  // namespace emf
