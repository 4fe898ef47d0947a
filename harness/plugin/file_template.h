// SPDX-License-Identifier: Apache-2.0
// The files that `emfbench new` starts plugins from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace emf {

/// One kind of plugin and where its files live.
struct TemplateKind {
  std::string kind;       ///< "encoder"
  std::string folder;     ///< of the tree: "encoders"
  std::string extension;  ///< ".cc", or ".toml" for suites
};

/// encoder, dataset, objective, probe, metric, codec, judge, backbone, section, suite.
const std::vector<TemplateKind>& template_kinds();

/// A working plugin of this name: templates/<kind><extension>.in with @name@ and @Name@ filled in, as CMake's
/// configure_file would.
/// @throws UserError(kMissing)  the source tree's template is gone.
std::string fill_template(const TemplateKind& kind, const std::string& name);

/// @throws UserError  a name that cannot be a file of the tree and a registered name; offers the nearest that can.
void require_plugin_name(const std::string& name);

}  // namespace emf
