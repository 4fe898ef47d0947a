// SPDX-License-Identifier: Apache-2.0
#include "harness/plugin/load.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/registry.h"
#include "harness/plugin/abi.h"
#include "harness/plugin/elf_section.h"

namespace emf {
namespace {

constexpr const char* kHowToBuild = "build it with: ./emfbench build-plugin FILE.cc";

/// Holds the file against FILE.sha256 beside it, as build-plugin and sha256sum write it, where there is one: the loader
/// follows addresses in the file, and a flipped bit among them ends the process.
void require_digest(const std::string& path, const std::string& bytes) {
  const std::string beside = path + ".sha256";
  if (!path_exists(beside)) return;
  const std::string wanted = read_file(beside).substr(0, 64);
  if (wanted != sha256_hex(bytes)) {
    fail_input("{} is not the file that {} was written for; {}, or remove the digest", path, beside, kHowToBuild);
  }
}

/// @throws UserError  unless the file says that it was built as this program was.
void require_equal_abi(const std::string& path) {
  const std::string bytes = read_file(path);
  if (const std::string damage = elf_damage(bytes); !damage.empty()) {
    fail_input("{} is no shared object of this machine, or damaged ({}); {}", path, damage, kHowToBuild);
  }
  require_digest(path, bytes);
  std::optional<std::string> abi = elf_section(bytes, kPluginAbiSection);
  if (!abi) fail_input("{} is no emfbench plugin (it holds no ABI string); {}", path, kHowToBuild);
  abi->resize(std::min(abi->size(), abi->find('\0')));
  if (*abi != emfbench_plugin_abi) {
    fail_input("{} was built for [{}], this program is [{}]; {}", path, *abi, emfbench_plugin_abi, kHowToBuild);
  }
}

}  // namespace

void load_plugin(const std::string& path) {
  if (!path_exists(path)) fail_missing("there is no plugin {}; {}", path, kHowToBuild);
  require_input(path);
  std::error_code unreachable;
  const std::string file = std::filesystem::canonical(path, unreachable).string();
  if (unreachable) fail_input("cannot reach the plugin {} ({})", path, unreachable.message());
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
