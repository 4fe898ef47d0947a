// SPDX-License-Identifier: Apache-2.0
// Bytes as JSON files write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace emf {

std::string to_base64(std::string_view bytes);

/// @return  nothing for a text with another character.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace emf
