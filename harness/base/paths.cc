#include "harness/base/paths.h"

#include <cstdlib>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {

std::filesystem::path project_root() {
  if (const char* root = std::getenv("EMFBENCH_ROOT")) return root;
  return EMF_PROJECT_ROOT;
}

std::filesystem::path dependencies_root() {
  if (const char* root = std::getenv("EMFBENCH_DEPS")) return root;
  return project_root() / ".deps";
}

PackageFile package_file(const std::string& id) {
  const std::filesystem::path manifest = project_root() / "data" / "packages.json";
  for (const Json& package : read_json(manifest).at("packages")) {
    for (const Json& file : package.at("files")) {
      if (file.at("id") != id) continue;
      return {id,
              fmt::format("{} {} ({})", package.at("name").get<std::string>(), package.at("version").get<std::string>(),
                          package.at("registry").get<std::string>()),
              package.at("licence"), file.at("sha256"), package.value("default", true),
              dependencies_root() / file.at("to").get<std::string>()};
    }
  }
  fail_input("{} has no file '{}'", manifest.string(), id);
}

PackageFile require_package_file(const std::string& id) {
  const PackageFile file = package_file(id);
  if (!std::filesystem::exists(file.path)) {
    fail_missing("{} is missing at {}: it comes with {}, sha256 {}; fetch it with: ./emfbench setup", id,
                 file.path.string(), file.package, file.sha256);
  }
  return file;
}

}  // namespace emf
