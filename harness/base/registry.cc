// SPDX-License-Identifier: Apache-2.0
#include "harness/base/registry.h"

namespace emf {

// Statics of functions and not globals: registrations run before main() in an order that nobody fixes between
// files.
std::string& registering_plugin() {
  static std::string file;
  return file;
}

std::vector<std::string>& loaded_plugins() {
  static std::vector<std::string> files;
  return files;
}

std::vector<std::string>& registration_conflicts() {
  static std::vector<std::string> conflicts;
  return conflicts;
}

}  // namespace emf
