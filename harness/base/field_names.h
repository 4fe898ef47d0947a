// SPDX-License-Identifier: Apache-2.0
// What other programs call the things that are here: only for hints in error lines, nothing is ever read by these
// names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// 'lr' is learning_rate, 'fid' frechet, 'cls' first: the one of the known names that the field's word means, else "".
std::string field_name(std::string_view word, const std::vector<std::string>& known);

}  // namespace emf
