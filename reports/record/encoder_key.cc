// SPDX-License-Identifier: Apache-2.0
#include "reports/record/encoder_key.h"

namespace emf {

// A line break can stand in no name of a suite file's table, so no encoder's own name is mistaken for a key.
constexpr char kBetween = '\n';

bool is_checkpoint(const Json& row) { return row.contains("checkpoint") && !row.at("checkpoint").is_null(); }

std::string encoder_key(const Json& row) {
  const std::string name = row.at("encoder");
  return is_checkpoint(row) ? name + kBetween + std::to_string(row.at("checkpoint").get<int64_t>()) : name;
}

std::pair<std::string, std::optional<int64_t>> split_encoder_key(const std::string& key) {
  const size_t place = key.find(kBetween);
  if (place == std::string::npos) return {key, std::nullopt};
  return {key.substr(0, place), std::stoll(key.substr(place + 1))};
}

}  // namespace emf
