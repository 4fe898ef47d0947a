// SPDX-License-Identifier: Apache-2.0
// The plots of the report as files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/api/section.h"

namespace emf {

/// Writes each panel of each plot as <folder>/<section>-<panel's title>.svg.
///
/// @param sections  whose plots; empty for every section.
/// @return          the files, in the report's order.
/// @throws UserError  an unknown section (offers the nearest); no plot in any of them; one that svg_of() does not draw;
///                    the folder is not writable.
std::vector<std::filesystem::path> write_plots(const SectionInput& input, const std::vector<std::string>& sections,
                                               const std::filesystem::path& folder);

}  // namespace emf
