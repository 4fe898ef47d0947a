// SPDX-License-Identifier: Apache-2.0
// Plugins from outside the tree: shared objects whose files register as the program's own do.
#pragma once

#include <string>
#include <vector>

namespace emf {

/// Loads a shared object; what it registers is then there under its name. Its ABI string is compared before any of its
/// code runs. A file that is loaded already is left alone.
///
/// @throws UserError  kMissing: no such file. kBadInput: no plugin, damaged, another file than FILE.sha256 beside it
///   was written for, built for another emfbench, compiler or LibTorch, not loadable, or a name that is registered
///   already (names both files).
void load_plugin(const std::string& path);

/// The files in $EMFBENCH_PLUGINS, parted by colons.
std::vector<std::string> plugins_of_environment();

}  // namespace emf
