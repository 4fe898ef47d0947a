// SPDX-License-Identifier: Apache-2.0
// A trained row as a folder that others can paint with.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/api/section.h"

namespace emf {

/// Writes weights, config.json and the model card (README.md) of a record's row.
/// @param wanted  the row: [SUITE/]ENCODER/OBJECTIVE[/SEED], or the start of its run's hash.
/// @param stores  where it may have been trained; the first that has it counts.
/// @return        the files.
/// @throws UserError  no such row; no store has its training; kMissing: a program without LibTorch.
std::vector<std::filesystem::path> write_row_folder(const SectionInput& record, const std::string& wanted,
                                                    const std::vector<std::filesystem::path>& stores,
                                                    const std::filesystem::path& folder);

}  // namespace emf
