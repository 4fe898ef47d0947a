// SPDX-License-Identifier: Apache-2.0
// The encoded pictures of decoded_pictures.json.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {

inline std::string bytes_of_base64(const std::string& text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t group = 0;
  int bits = 0;
  for (const char digit : text) {
    if (digit == '=') break;
    group = group << 6 | static_cast<uint32_t>(kDigits.find(digit));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(group >> bits & 0xff);
  }
  return bytes;
}

/// Name and bytes of each.
inline std::vector<std::pair<std::string, std::string>> encoded_cases() {
  std::vector<std::pair<std::string, std::string>> cases;
  const Json all = read_json(project_root() / "tests/oracle/decoded_pictures.json");
  for (const Json& one : all["cases"]) {
    cases.emplace_back(one["name"], bytes_of_base64(one["encoded"]));
  }
  return cases;
}

}  // namespace emf
