// SPDX-License-Identifier: Apache-2.0
// Long JSON lists, read one element at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "harness/base/json.h"

namespace emf {

/// Calls take(element, place) for every element of the list that `text` is, in order; the place counts from 0. Only one
/// element is in memory at a time.
///
/// @param origin  names the text in errors.
/// @param levels  of lists and objects that an element may hold inside each other: 1 for flat objects.
/// @throws UserError  no list, malformed (names the byte), or an element nested deeper (names its place); and what
///                    take throws.
void for_each_element(std::string_view text, const std::string& origin, int levels,
                      const std::function<void(Json&& element, size_t place)>& take);

}  // namespace emf
