#include "harness/plugin/load.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/registry.h"
#include "harness/plugin/abi.h"
#include "harness/plugin/elf_section.h"

namespace emf {
namespace {

constexpr const char* kHowToBuild = "build it with: ./emfbench build-plugin FILE.cc";

/// @throws UserError  unless the file says that it was built as this program was.
void require_equal_abi(const std::string& path) {
  std::optional<std::string> abi = elf_section(read_file(path), kPluginAbiSection);
  if (!abi) fail_input("{} is no emfbench plugin (it holds no ABI string); {}", path, kHowToBuild);
  abi->resize(std::min(abi->size(), abi->find('\0')));
  if (*abi != emfbench_plugin_abi) {
    fail_input("{} was built for [{}], this program is [{}]; {}", path, *abi, emfbench_plugin_abi, kHowToBuild);
  }
}

}  // namespace

void load_plugin(const std::string& path) {
  if (!std::filesystem::exists(path)) fail_missing("there is no plugin {}; {}", path, kHowToBuild);
  const std::string file = std::filesystem::canonical(path).string();
  if (std::find(loaded_plugins().begin(), loaded_plugins().end(), file) != loaded_plugins().end()) return;
  require_equal_abi(file);
  registering_plugin() = file;
  const void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  registering_plugin().clear();
  if (handle == nullptr) fail_input("cannot load the plugin: {}", ::dlerror());
  if (!registration_conflicts().empty()) fail_input("{}; rename one of them", registration_conflicts().front());
  loaded_plugins().push_back(file);
}

std::vector<std::string> plugins_of_environment() {
  std::vector<std::string> files;
  const char* listed = std::getenv("EMFBENCH_PLUGINS");
  std::istringstream words(listed == nullptr ? "" : listed);
  for (std::string file; std::getline(words, file, ':');) {
    if (!file.empty()) files.push_back(file);
  }
  return files;
}

}  // namespace emf
