// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/stage.h"

namespace emf {

StagePointer make_stage(const std::filesystem::path& store, StageSpec spec) {
  Json whole = std::move(spec.spec);
  whole["version"] = spec.version;
  whole["inputs"] = Json::array();
  // Inputs enter by their hashes, which cover their own inputs in turn. So a hash covers everything that a
  // result depends on, and the spec names only what this stage adds.
  for (const StagePointer& input : spec.inputs) whole["inputs"].push_back(input->hash());
  auto stage = std::make_shared<Stage>();
  stage->label = std::move(spec.label);
  stage->folder = std::make_shared<RunFolder>(store, std::move(spec.kind), std::move(whole));
  stage->inputs = std::move(spec.inputs);
  stage->after = std::move(spec.after);
  stage->work = std::move(spec.work);
  stage->passing = std::move(spec.passing);
  return stage;
}

StagePointer StageList::add(StageSpec spec) {
  const StagePointer stage = make_stage(store_, std::move(spec));
  // Equal work is one stage, whoever asks for it: rows that share a beginning share it here, by what they are
  // and not by what a suite calls them.
  const auto [position, fresh] = by_hash_.try_emplace(stage->folder->kind() + "/" + stage->hash(), stage);
  if (fresh) stages_.push_back(stage);
  return position->second;
}

}  // namespace emf
