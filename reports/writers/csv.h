// SPDX-License-Identifier: Apache-2.0
// Tables as CSV for programs: numbers in full precision, no prose.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/writers/chapters.h"

namespace emf {

/// A field by RFC 4180: in double quotes, those inside doubled, where it holds a comma, a quote or a line break.
std::string escape_csv(std::string_view text);

/// Head and rows. A column whose cells have intervals is followed by two more, "<title> low" and "<title> high"; one
/// whose cells have warnings by "<title> note". Lines end in a line feed alone, as the tools of this platform write
/// them.
std::string csv_of(const Table& table);

/// All tables of the chapters. One alone is plain CSV; several stand under a line with their title, an empty line
/// between them.
std::string csv_of(const std::vector<Chapter>& chapters);

}  // namespace emf
