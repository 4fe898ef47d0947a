// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/vocabulary.h"

#include <algorithm>
#include <limits>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace emf {

Vocabulary::Vocabulary(const std::vector<std::string_view>& pieces, std::string origin) : origin_(std::move(origin)) {
  reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) add(pieces[id], static_cast<int64_t>(id));
}

void Vocabulary::add(std::string_view piece, int64_t id) {
  if (id < 0 || id > std::numeric_limits<int32_t>::max()) {
    fail_input("{}: piece {} has the id {}, which is no 32-bit index", origin_, quoted_name(piece), id);
  }
  const auto [position, is_new] = ids_.try_emplace(std::string(piece), static_cast<int32_t>(id));
  if (!is_new) {
    fail_input("{}: piece {} is there twice, as {} and {}", origin_, quoted_name(piece), position->second, id);
  }
  size_ = std::max(size_, id + 1);
}

void Vocabulary::check_distinct_ids() const {
  std::vector<int32_t> all;
  all.reserve(ids_.size());
  for (const auto& [piece, id] : ids_) all.push_back(id);
  std::sort(all.begin(), all.end());
  const auto twin = std::adjacent_find(all.begin(), all.end());
  if (twin != all.end()) fail_input("{}: two pieces have the id {}", origin_, *twin);
}

int32_t Vocabulary::require(std::string_view piece, const char* role) const {
  const int32_t id = find(piece);
  if (id < 0) fail_input("{}: {} {} is not in the vocabulary", origin_, role, quoted_name(piece));
  return id;
}

std::string quoted_name(std::string_view name) {
  return Json(std::string(name.substr(0, 60))).dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace emf
