// SPDX-License-Identifier: Apache-2.0
// Fields of GenEval's JSON lines, checked as they are read.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// A string.   @param where  names the line.   @throws UserError  absent, or something else.
std::string geneval_text(const Json& object, const char* key, const std::string& where);

/// A whole number of objects, 0 to a million.   @throws UserError  likewise.
int geneval_count(const Json& object, const char* key, const std::string& where);

/// @throws UserError  a key that is none of `known` but was surely meant to be one that is not there (near_name.h,
/// slip_of): nobody would read it.
void refuse_slips(const Json& object, const std::vector<std::string>& known, const std::string& where);

}  // namespace emf
