// SPDX-License-Identifier: Apache-2.0
// A world of scenes by the text of its [data] table, for tests.
#pragma once

#include <memory>
#include <string>

#include "harness/api/dataset.h"
#include "harness/base/config.h"

namespace emf {

/// @throws UserError  as the dataset's factory does.
inline std::unique_ptr<Dataset> scenes_world(const std::string& table, uint64_t seed = 0) {
  const Config config = parse_config("[data]\nname = \"scenes\"\n" + table, "test.toml");
  return DatasetRegistry::instance().make("scenes", Options(config, {"data"}, {"name"}), {seed});
}

}  // namespace emf
