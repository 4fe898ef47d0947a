#include "harness/base/registry.h"

namespace emf {

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
