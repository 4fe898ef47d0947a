// SPDX-License-Identifier: Apache-2.0
#include "harness/base/paths.h"

#include <sys/auxv.h>

#include <cstdlib>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

std::filesystem::path manifest() { return project_root() / "data" / "packages.json"; }

/// <folder of the program>/share/emfbench where it is a bundle's; else "". The kernel says how the program was started,
/// also where /proc is not mounted.
std::filesystem::path bundle_root() {
  const auto* name = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  if (name == nullptr) return {};
  std::error_code error;
  const std::filesystem::path program = std::filesystem::canonical(name, error);
  std::filesystem::path root = program.parent_path() / "share" / "emfbench";
  return !error && std::filesystem::is_directory(root / "data", error) ? root : std::filesystem::path();
}

}  // namespace

std::filesystem::path project_root() {
  // The variable goes first: a program that was copied elsewhere would look for the tree it was built in.
  if (const char* root = std::getenv("EMFBENCH_ROOT")) return root;
  static const std::filesystem::path bundle = bundle_root();
  return bundle.empty() ? EMF_PROJECT_ROOT : bundle;
}

std::filesystem::path default_store() {
  const std::filesystem::path root = std::filesystem::absolute(project_root()).lexically_normal();
  // A bundle's own files lie in its share/emfbench, and no sources among them.
  std::error_code error;
  const bool bundled = root.filename() == "emfbench" && root.parent_path().filename() == "share" &&
                       !std::filesystem::exists(root / "CMakeLists.txt", error);
  return (bundled ? root.parent_path().parent_path() : root) / "store";
}

std::filesystem::path dependencies_root() {
  if (const char* root = std::getenv("EMFBENCH_DEPS")) return root;
  return project_root() / ".deps";
}

std::vector<PackageFile> package_files() {
  std::vector<PackageFile> files;
  const Json list = read_json(manifest());  // named: the loop keeps references into it
  for (const Json& package : list.at("packages")) {
    const std::string title =
        fmt::format("{} {} ({})", package.at("name").get<std::string>(), package.at("version").get<std::string>(),
                    package.at("registry").get<std::string>());
    for (const Json& file : package.at("files")) {
      files.push_back({file.at("id"), title, package.at("licence"), file.at("sha256"), package.value("default", true),
                       package.value("set", ""), dependencies_root() / file.at("to").get<std::string>(),
                       package.value("acceptance", "")});
    }
  }
  return files;
}

PackageFile package_file(const std::string& id) {
  for (const PackageFile& file : package_files()) {
    if (file.id == id) return file;
  }
  fail_input("{} has no file '{}'", manifest().string(), id);
}

PackageFile require_package_file(const std::string& id) {
  const PackageFile file = package_file(id);
  if (!path_exists(file.path)) {
    fail_missing("{} is missing at {}: it comes with {}, sha256 {}; fetch it with: {}", id, file.path.string(),
                 file.package, file.sha256, file.how_to_get());
  }
  return file;
}

}  // namespace emf
