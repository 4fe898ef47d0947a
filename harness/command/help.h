// SPDX-License-Identifier: Apache-2.0
// The help of the program and of its verbs, for a terminal of 80 columns.
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace emf {

/// What `emfbench VERB --help` prints: purpose, usage, arguments, options by group, verbs; no line over 80
/// columns where words can be parted.
std::string help_text(const CLI::App& app);

/// "a text of any length" in lines of at most `width` columns, each after the first begun with `indent` blanks. A word
/// longer than a line stands alone on it. Line ends of the text stay.
std::string wrapped(const std::string& text, size_t width, size_t indent);

}  // namespace emf
