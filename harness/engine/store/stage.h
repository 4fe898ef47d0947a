// One cacheable piece of work.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/engine/store/run_store.h"

namespace emf {

/// One cacheable piece of work. Its folder's spec holds everything that changes its result, its inputs' hashes included.
struct Stage {
  std::string label;  ///< for people: "train llm mean_flow seed 0"
  std::shared_ptr<RunFolder> folder;
  std::vector<std::shared_ptr<Stage>> inputs;
  /// Does the work in one thread and returns the result (no times, no host). Facts of this run go into `provenance`.
  std::function<Json(const RunFolder& folder, Json& provenance)> work;

  const std::string& hash() const { return folder->hash(); }
};
using StagePointer = std::shared_ptr<Stage>;

}  // namespace emf
