// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_provenance.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/registry.h"
#include "harness/engine/store/machine.h"
#include "harness/engine/store/store_walk.h"
#include "harness/engine/suite/suite_scores.h"
#include "harness/kernels/bfloat16_products.h"

namespace emf {
namespace {

Json seconds_of_stages(const SuiteGraph& graph) {
  Json seconds = Json::object();
  for (const StagePointer& stage : graph.stages) {
    if (!finished(stage)) continue;
    // Segments of one row bear one label, and what they took is what the row took.
    const double so_far = seconds.value(stage->label, 0.0);
    seconds[stage->label] = so_far + stage->folder->provenance().at("seconds").get<double>();
  }
  return seconds;
}

Json call_of(const Json& provenance) {
  return {
      {"argv", provenance.at("argv")}, {"started", provenance.at("started")}, {"finished", provenance.at("finished")}};
}

Json seconds_per_picture(const SuiteGraph& graph) {
  Json rows = Json::array();
  for (const Cell& cell : graph.cells) {
    if (!finished(cell.pictures)) continue;
    Json row = cell_json(cell);
    row["value"] = cell.pictures->folder->provenance().at("seconds_per_picture");
    rows.push_back(std::move(row));
  }
  return rows;
}

Json training_seconds(const SuiteGraph& graph) {
  Json rows = Json::array();
  for (const Row& row : graph.rows) {
    if (!std::all_of(row.segments.begin(), row.segments.end(), finished)) continue;
    double seconds = 0;
    // A segment that another row shares counts for both: this is what the row would have taken alone.
    for (const StagePointer& segment : row.segments) {
      seconds += segment->folder->provenance().at("seconds").get<double>();
    }
    rows.push_back({{"encoder", row.encoder}, {"objective", row.objective}, {"seed", row.seed}, {"value", seconds}});
  }
  return rows;
}

Json weights_of(const SuiteGraph& graph) {
  Json weights = Json::array();
  for (const auto& [name, source] : graph.encoders) {
    const EncoderInfo info = source.untrained()->info();
    if (info.weights_sha256.empty()) continue;
    weights.push_back({{"name", name}, {"sha256", info.weights_sha256}, {"licence", info.licence}});
  }
  return weights;
}

Json plugins() {
  Json files = Json::array();
  // A file from outside the tree is covered by no commit, so its bytes are named by their hash.
  for (const std::string& file : loaded_plugins()) files.push_back({{"file", file}, {"sha256", sha256_file(file)}});
  return files;
}

/// One more than any record of the store has: in which order records were made, whatever the clock said.
int64_t next_number(const std::filesystem::path& store) {
  int64_t most = 0;
  for (const RecordedSuite& record : recorded_suites(store)) {
    try {
      const Json number = read_json(record.folder / "provenance.json").value("sequence", Json());
      if (number.is_number_integer()) most = std::max(most, number.get<int64_t>());
    } catch (const std::exception&) {  // interrupted or damaged: it says nothing
    }
  }
  return most + 1;
}

/// What the record's stages were made with: [{"simd", "libtorch", "stages"}].
Json machines_of(const SuiteGraph& graph) {
  std::map<std::pair<std::string, std::string>, int64_t> machines;
  for (const StagePointer& stage : graph.stages) {
    if (!finished(stage)) continue;
    const Json made = stage->folder->provenance();
    ++machines[{made.value("simd", "unknown"), made.value("libtorch", "unknown")}];
  }
  Json rows = Json::array();
  for (const auto& [machine, count] : machines) {
    rows.push_back({{"simd", machine.first}, {"libtorch", machine.second}, {"stages", count}});
  }
  return rows;
}

/// In what models and instruments were multiplied: what was asked for, where the device has it.
Json precision_of(const SuiteSpec& spec) {
  const bool has_bfloat16 = has_bfloat16_products(spec.placement.device);
  const auto word = [&](bool asked) { return asked && has_bfloat16 ? "bf16" : "fp32"; };
  Json models = Json::object();
  for (const PluginChoice& choice : spec.models) {
    models[choice.name.empty() ? choice.plugin : choice.name] =
        word(choice.options.values().value("precision", Json("fp32")) == Json("bf16"));
  }
  return {{"models", models}, {"instruments", word(spec.bfloat16_instruments)}};
}

}  // namespace

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  // UTC, so that records of two machines can be put in order.
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

Json gather_provenance(const SuiteGraph& graph, const std::vector<std::string>& words, const std::string& started) {
  Json provenance = describe_machine();
  provenance["schema"] = "emf.provenance/1";
  provenance["argv"] = words;
  provenance["placement"] = graph.spec.placement.to_json();
  provenance["precision"] = precision_of(graph.spec);
  provenance["started"] = started;
  provenance["finished"] = utc_now();
  provenance["sequence"] = next_number(graph.store);
  provenance["made_with"] = machines_of(graph);
  std::set<int64_t> seeds;
  for (const Row& row : graph.rows) seeds.insert(static_cast<int64_t>(row.seed));
  for (const ProbeCell& probe : graph.probes) seeds.insert(graph.spec.seeds_of(probe.encoder).front());
  provenance["seeds"] = seeds;
  provenance["seconds"] = seconds_of_stages(graph);
  provenance["seconds_per_picture"] = seconds_per_picture(graph);
  provenance["training_seconds"] = training_seconds(graph);
  provenance["weights"] = weights_of(graph);
  provenance["plugins"] = plugins();
  return provenance;
}

Json with_earlier_calls(Json provenance, const std::filesystem::path& file, int64_t stages_run, bool succeeded) {
  Json call = call_of(provenance);
  call["stages"] = stages_run;
  Json earlier = path_exists(file) ? read_json(file) : Json();
  if (!earlier.is_object() || !earlier.contains("started") || !earlier.contains("finished")) earlier = Json();
  Json calls = earlier.is_null() ? Json::array() : earlier.value("calls", Json::array({call_of(earlier)}));
  if (!earlier.is_null() && stages_run == 0 && succeeded) provenance = earlier;
  if (!calls.empty()) provenance["started"] = calls.front().at("started");
  calls.push_back(std::move(call));
  provenance["calls"] = std::move(calls);
  return provenance;
}

}  // namespace emf
