// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/stage_times.h"

#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

/// The spec of the training that a `sample` stage of a store painted with.
Json train_of(const std::filesystem::path& store, const Json& spec) {
  for (const Json& input : spec.value("inputs", Json::array())) {
    const auto file = store / "runs" / "train" / input.get<std::string>() / "spec.json";
    if (path_exists(file)) return read_json(file);
  }
  return nullptr;
}

Json parts_of(const Json& spec, const std::vector<const char*>& keys) {
  Json parts = Json::object();
  if (!spec.is_object()) return parts;
  for (const char* key : keys) {
    if (spec.contains(key)) parts[key] = spec.at(key);
  }
  return parts;
}

}  // namespace

StageSize size_of_stage(const std::string& kind, const Json& spec, int64_t pictures, const Json& train) {
  // Stages of an older layout hold less; an amount of nothing leaves them out.
  const auto length = [&](const char* key) {
    return spec.contains(key) ? spec.at(key).at(1).get<double>() - spec.at(key).at(0).get<double>() : 0;
  };
  if (kind == "train") return {kind, parts_of(spec, {"objective", "model", "shape"}).dump(), length("segment")};
  if (kind == "latents") return {kind, parts_of(spec, {"codec", "dataset"}).dump(), length("range")};
  if (kind == "sample") {
    Json like = parts_of(train, {"model", "shape"});
    like.update(parts_of(spec, {"objective", "codec"}));
    return {kind, like.dump(), static_cast<double>(pictures) * spec.value("steps", 0.0)};
  }
  return {kind, "", 1};
}

StageSize size_of_stage(const Stage& stage, int64_t pictures) {
  const auto train = std::find_if(stage.inputs.begin(), stage.inputs.end(),
                                  [](const StagePointer& input) { return input->folder->kind() == "train"; });
  return size_of_stage(stage.folder->kind(), stage.folder->spec(), pictures,
                       train == stage.inputs.end() ? Json() : (*train)->folder->spec());
}

void StageTimes::read(const std::string& kind) {
  sums_[kind];
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(store_ / "runs" / kind, absent)) {
    const auto folder = entry.path();
    bool whole = true;
    for (const char* name : {"DONE", "spec.json", "result.json", "provenance.json"})
      whole = whole && path_exists(folder / name);
    if (!whole) continue;
    try {
      read_stage(kind, folder);
    } catch (const UserError&) {
      // Damaged: whoever reads the stage for its results says so, and mends it.
    } catch (const Json::exception&) {
    }
  }
}

void StageTimes::read_stage(const std::string& kind, const std::filesystem::path& folder) {
  const Json spec = read_json(folder / "spec.json");
  const bool paints = kind == "sample";
  const StageSize size =
      size_of_stage(kind, spec, paints ? read_json(folder / "result.json").value("pictures", int64_t{0}) : 0,
                    paints ? train_of(store_, spec) : Json());
  const double seconds = read_json(folder / "provenance.json").value("seconds", 0.0);
  add(size, seconds);
}

std::map<std::string, StageTimes::Sum>& StageTimes::sums_of(const std::string& kind) {
  if (sums_.count(kind) == 0) read(kind);
  return sums_.at(kind);
}

std::optional<double> StageTimes::seconds(const StageSize& size) {
  const auto& sums = sums_of(size.kind);
  const auto found = sums.find(size.like);
  if (found == sums.end()) return std::nullopt;
  return found->second.seconds / found->second.amount * size.amount;
}

std::optional<double> StageTimes::rough_seconds(const StageSize& size) {
  if (const auto known = seconds(size)) return known;
  Sum all;
  for (const auto& [like, sum] : sums_of(size.kind)) {
    all.seconds += sum.seconds;
    all.amount += sum.amount;
  }
  if (all.amount <= 0) return std::nullopt;
  return all.seconds / all.amount * size.amount;
}

void StageTimes::add(const StageSize& size, double seconds) {
  if (size.amount <= 0) return;
  Sum& sum = sums_of(size.kind)[size.like];
  sum.seconds += seconds;
  sum.amount += size.amount;
}

}  // namespace emf
