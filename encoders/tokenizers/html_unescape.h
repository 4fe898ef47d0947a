// SPDX-License-Identifier: Apache-2.0
// HTML character references in a text, replaced by what they stand for.
#pragma once

#include <string>
#include <string_view>

namespace emf {

/// Replaces &name; &#1; and &#x1; once; a name without its semicolon is read where HTML reads it. What is no
/// reference stays.   @source  Python's html.unescape, which CLIP's tokenizer calls; equal to it.
std::string html_unescape(std::string_view text);

}  // namespace emf
