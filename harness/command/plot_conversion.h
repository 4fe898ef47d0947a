// SPDX-License-Identifier: Apache-2.0
// SVG files as PDF and PNG, by a converter of the system.
#pragma once

#include <filesystem>
#include <vector>

namespace emf {

/// Writes a PDF and a PNG (at twice the size) beside each file by rsvg-convert; where that is not installed, says what
/// to install and writes nothing.
/// @return  the files written.   @throws UserError  the converter failed (names the file).
std::vector<std::filesystem::path> convert_plots(const std::vector<std::filesystem::path>& drawings);

}  // namespace emf
