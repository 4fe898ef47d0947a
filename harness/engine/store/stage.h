// SPDX-License-Identifier: Apache-2.0
// One cacheable piece of work, whole: what it is called, what its result depends on, and how it is done.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "harness/engine/store/run_store.h"

namespace emf {

/// A stage as it runs. Its folder's spec holds everything that changes its result, its inputs' hashes included.
struct Stage {
  std::string label;  ///< for people: "train llm mean_flow seed 0"
  std::shared_ptr<RunFolder> folder;
  std::vector<std::shared_ptr<Stage>> inputs;
  std::vector<std::shared_ptr<Stage>> after;  ///< come first if they run at all, and may fail: nothing of them is read
  /// Does the work in one thread and returns the result (no times, no host). Facts of this run go into `provenance`.
  std::function<Json(const RunFolder& folder, Json& provenance)> work;
  /// Files that are kept until the stage is DONE: removed behind the mark, and not where a process dies before it.
  std::set<std::string> passing;

  const std::string& hash() const { return folder->hash(); }
  bool done() const { return folder->state() == StageState::kDone; }
};
using StagePointer = std::shared_ptr<Stage>;

/// What a stage is made of. Kind, version, spec, inputs and work of a kind stand in one file (engine/stages), so that
/// who changes the work sees the version that must rise with it.
struct StageSpec {
  std::string kind;   ///< its folder under <store>/runs
  std::string label;  ///< for people; no part of the hash
  int version = 1;    ///< raised when the same spec and inputs give another result
  Json spec = Json::object();
  std::vector<StagePointer> inputs;  ///< what the work reads, or what decides it
  std::function<Json(const RunFolder& folder, Json& provenance)> work;
  std::vector<StagePointer> after;  ///< only an order, such as who fills a cache first; no part of the hash
  std::set<std::string> passing;    ///< as Stage::passing
};

/// The hash covers kind, version, spec and the inputs' hashes; where the store lies, the label, what only comes before
/// and the work's code are no part.
StagePointer make_stage(const std::filesystem::path& store, StageSpec spec);

/// The stages of a suite, equal ones once, in the order in which they were first added.
class StageList {
 public:
  explicit StageList(std::filesystem::path store) : store_(std::move(store)) {}

  /// Adds a stage, or returns the equal one that is already there. Its inputs and what it comes after are of this list.
  StagePointer add(StageSpec spec);
  const std::filesystem::path& store() const { return store_; }
  const std::vector<StagePointer>& stages() const { return stages_; }

 private:
  std::filesystem::path store_;
  std::vector<StagePointer> stages_;
  std::map<std::string, StagePointer> by_hash_;
};

}  // namespace emf
