// SPDX-License-Identifier: Apache-2.0
// Blocks as HTML that reads well without scripts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/api/section.h"

namespace emf {

/// Text with & < > " ' escaped, fit for element content and quoted attributes.
std::string escape_html(std::string_view text);

/// JSON for a <script type="application/json">: `<` as \u003c, so that no text inside can close the element.
std::string script_json(const Json& value);

/// A fragment for the page's <section>. Nothing in it points outside the page.
std::string html_of(const std::vector<Block>& blocks);

}  // namespace emf
