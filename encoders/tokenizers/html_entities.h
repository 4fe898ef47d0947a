// SPDX-License-Identifier: Apache-2.0
// HTML's named character references, as data.
#pragma once

#include <cstdint>
#include <span>

namespace emf {

struct HtmlEntity {
  const char* name;       ///< without & and ;
  bool may_end_bare;      ///< also read without the semicolon ("&amp" for old pages)
  int32_t first, second;  ///< code points; second 0 = none
};

/// Sorted by name.
std::span<const HtmlEntity> html_entities();

}  // namespace emf
