// SPDX-License-Identifier: Apache-2.0
// Blocks as Markdown (CommonMark with GitHub's tables).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/writers/chapters.h"

namespace emf {

/// Text that shows as it is wherever it stands, in table cells too. Line breaks become spaces. An underscore inside a
/// word means nothing in Markdown and stays bare, so that names can be searched for.
std::string escape_markdown(std::string_view text);

std::string markdown_of(const Table& table);

/// A heading for each chapter and its blocks. Plots become the tables of their values, pictures the judge's words on
/// them.
std::string markdown_of(const std::vector<Chapter>& chapters);

}  // namespace emf
