// SPDX-License-Identifier: Apache-2.0
// The --store flag of every verb that reads or writes results.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/paths.h"
#include "harness/command/flags.h"

namespace emf {

/// Adds --store DIR; else $EMFBENCH_STORE, else default_store(). The variable holds a whole path, so that what is
/// printed means the same in every folder.
inline void add_store_option(const Flags& flags, std::string& store) {
  store = default_store().string();
  const auto take = [&store](const std::string& given) {
    const std::filesystem::path whole = std::filesystem::absolute(given).lexically_normal();
    store = (whole.has_filename() ? whole : whole.parent_path()).string();
  };
  flags.option<std::string>("--store", take, "folder of all results (default: `store` in emfbench's own folder)")
      .or_environment("EMFBENCH_STORE");
}

}  // namespace emf
