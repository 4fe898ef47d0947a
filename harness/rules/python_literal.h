// SPDX-License-Identifier: Apache-2.0
// Lists and texts as Python's repr() writes them and ast.literal_eval() reads them: cells of other scripts' CSV files.
#pragma once

#include <string>
#include <string_view>

#include "harness/base/json.h"

namespace emf {

/// A list, tuple, dict with text keys, text, whole or decimal number, True, False or None, as JSON.
///
/// @throws UserError  anything else, JSON's true, false and null among it (names the byte); nested deeper than 20.
Json parse_python_literal(std::string_view text, const std::string& origin);

}  // namespace emf
