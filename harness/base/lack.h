// SPDX-License-Identifier: Apache-2.0
// Lacks of a resource that a library reports in a type of its own, such as a device's memory: lines for the user, known
// to whoever sees the library's headers and asked for by whoever turns errors into lines.
#pragma once

#include <exception>
#include <optional>
#include <string>

namespace emf {

/// One line, what is lacking and what to lower; nothing: the error says something else.
using LackReader = std::optional<std::string> (*)(const std::exception& error);

/// For a static object of the file that sees the library.   @return  true.
bool add_lack_reader(LackReader reader);

/// What a reader says of the error; nothing: none knows it.
std::optional<std::string> lack_of(const std::exception& error);

}  // namespace emf
