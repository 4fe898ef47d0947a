// SPDX-License-Identifier: Apache-2.0
// What the contract tests ask of any plugin's options: each counts in the fingerprint, and a mistyped one is refused.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace emf {

/// Options as a fingerprint names them, each moved a little: where the factory takes one, the fingerprint must tell.
/// All that can be asked of a stranger's plugin; of a shipped one expect_each_in_fingerprint() names the options.
/// @param fingerprint     of the plugin as it is made without options.
/// @param fingerprint_of  makes it with options.
inline void expect_options_in_fingerprint(const Json& fingerprint,
                                          const std::function<Json(const Json& options)>& fingerprint_of) {
  for (const auto& [key, value] : fingerprint.items()) {
    Json moved;
    if (value.is_number_integer()) moved = value.get<int64_t>() * 2;
    if (value.is_number_float()) moved = value.get<double>() * 0.5;
    if (value.is_boolean()) moved = !value.get<bool>();
    if (moved.is_null() || moved == value) continue;
    Json told;
    try {
      told = fingerprint_of({{key, moved}});
    } catch (const UserError&) {
      continue;  // no option of this name, or not of this value
    }
    EXPECT_NE(told, fingerprint) << "with " << key << " = " << moved;
  }
}

/// Options moved one by one: the fingerprint must tell each of them.
inline void expect_each_in_fingerprint(const Json& fingerprint, const Json& moves,
                                       const std::function<Json(const Json& options)>& fingerprint_of) {
  for (const auto& [key, value] : moves.items()) {
    EXPECT_NE(fingerprint_of({{key, value}}), fingerprint) << "with " << key << " = " << value;
  }
}

inline void expect_unknown_option_named(const std::function<void(const Json& options)>& make) {
  try {
    make({{"no_such_option", 1}});
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("no_such_option"), std::string::npos) << error.what();
  }
}

}  // namespace emf
