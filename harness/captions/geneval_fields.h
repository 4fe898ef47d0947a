// Fields of GenEval's JSON lines, checked as they are read.
#pragma once

#include <string>

#include "harness/base/json.h"

namespace emf {

/// A string.   @param where  names the line.   @throws UserError  absent, or something else.
std::string geneval_text(const Json& object, const char* key, const std::string& where);

/// A whole number of objects, 0 to a million.   @throws UserError  likewise.
int geneval_count(const Json& object, const char* key, const std::string& where);

}  // namespace emf
