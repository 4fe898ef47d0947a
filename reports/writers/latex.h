// SPDX-License-Identifier: Apache-2.0
// Blocks as LaTeX to \input into a paper; tables want \usepackage{booktabs}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/writers/chapters.h"

namespace emf {

/// Text with LaTeX's ten special characters escaped (\ { } $ & # ^ _ ~ %), and the few signs of reports that its
/// default fonts lack. Line breaks become spaces.
std::string escape_latex(std::string_view text);

/// A tabular environment alone, for a table environment of one's own.
std::string latex_of(const Table& table);

/// A section for each chapter with its blocks. Plots become the tables of their values, pictures the judge's words on
/// them.
std::string latex_of(const std::vector<Chapter>& chapters);

}  // namespace emf
