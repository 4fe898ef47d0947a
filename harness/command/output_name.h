// SPDX-License-Identifier: Apache-2.0
// Files that a verb writes are called what they are.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

#include "harness/base/error.h"

namespace emf {

/// @param ending  ".png".   @param what  "a PNG".
/// @throws UserError  another ending, or none: other programs would take the file for what it is not.
inline void require_ending(const std::string& path, const std::string& ending, const char* what) {
  std::string end = path.substr(path.size() - std::min(path.size(), ending.size()));
  std::transform(end.begin(), end.end(), end.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (end != ending || path.size() == ending.size() || path[path.size() - ending.size() - 1] == '/')
    fail_input("--out {}: {} is written; give a file's name that ends in {}", path, what, ending);
}

}  // namespace emf
