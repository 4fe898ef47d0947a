// SPDX-License-Identifier: Apache-2.0
#include "reports/tensorboard_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <set>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "reports/record/encoder_key.h"
#include "reports/record/names.h"
#include "reports/record/record.h"
#include "reports/writers/tensorboard.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// Seconds since 1970 of "2026-01-31T12:09:30Z"; 0 where there is none.
double seconds_of(const std::string& time) {
  std::tm parts{};
  if (::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr) return 0;
  return static_cast<double>(::timegm(&parts));
}

/// A name as one folder: letters, digits and a few signs pass, others become hyphens.
std::string folder_name(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    const bool kept =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '=';
    plain += kept || (c == '.' && !plain.empty()) ? c : '-';
  }
  return plain;
}

/// The stages of one training in their order: a row goes on from the stage before it.
std::vector<fs::path> segments_of(const fs::path& store, const std::string& run) {
  std::vector<fs::path> segments;
  std::set<std::string> seen;
  for (std::string hash = run; !hash.empty() && seen.insert(hash).second;) {
    const fs::path stage = store / "runs" / "train" / hash;
    segments.insert(segments.begin(), stage);
    hash.clear();
    const Json spec = read_json(stage / "spec.json");
    for (const Json& input : spec.value("inputs", Json::array())) {
      if (input.is_string() && is_plain_name(input) && is_folder(store / "runs" / "train" / input.get<std::string>()))
        hash = input.get<std::string>();
    }
  }
  return segments;
}

void add_events_of(const fs::path& stage, std::vector<ScalarEvent>& events) {
  const std::string hash = stage.filename().string(), mark = sealed_mark(stage);
  if (!mark.empty()) {
    const FolderCheck check = check_folder(stage, mark, {{"kind", "train"}, {"hash", hash}},
                                           [](const std::string& file) { return file == "events.jsonl"; });
    if (!check.damage.empty())
      fail_input("{}; see: emfbench store verify", describe_damage("train/" + hash, check.damage.front()));
  }
  for (const Json& line : read_json_lines(stage / "events.jsonl")) {
    if (!line.contains("pictures") || !line.at("pictures").is_number())
      fail_input("{}: an event does not say after how many pictures", (stage / "events.jsonl").string());
    const auto pictures = line.at("pictures").get<int64_t>();
    for (const auto& [name, value] : line.items()) {
      if (name != "pictures" && value.is_number()) events.push_back({"train/" + name, pictures, value});
    }
  }
}

/// Scores of the row after its whole training, and of its checkpoints.
void add_scores(const Json& rows, const Json& budget, std::vector<ScalarEvent>& events) {
  for (const Json& row : rows) {
    bool same = row.at("value").is_number();
    for (const char* name : {"encoder", "objective", "seed"}) same = same && row.at(name) == budget.at(name);
    if (!same) continue;
    const Json& pictures = is_checkpoint(row) ? row.at("checkpoint") : budget.at("pictures");
    events.push_back({fmt::format("{}/{}", row.at("metric").get<std::string>(), steps_words(row.at("steps"))), pictures,
                      row.at("value")});
  }
}

}  // namespace

TensorboardExport write_tensorboard(const SectionInput& input, const std::vector<fs::path>& stores,
                                    const fs::path& folder) {
  TensorboardExport done;
  std::set<std::string> taken;
  const double seconds = seconds_of(input.provenance.value("finished", ""));
  const Json rows = report_rows(input);
  for (const Json& budget : input.result.value("budgets", Json::array())) {
    if (is_checkpoint(budget)) continue;
    const std::string encoder = budget.at("encoder"), objective = budget.at("objective"), run = budget.at("run");
    const auto seed = budget.at("seed").get<int64_t>();
    std::string name = fmt::format("{}/{}/seed{}", folder_name(encoder), folder_name(objective), seed);
    while (!taken.insert(name).second) name += "-";
    std::vector<ScalarEvent> events;
    const auto store = std::find_if(stores.begin(), stores.end(), [&](const fs::path& one) {
      return is_plain_name(run) && path_exists(one / "runs" / "train" / run / "events.jsonl");
    });
    if (store != stores.end()) {
      for (const fs::path& stage : segments_of(*store, run)) add_events_of(stage, events);
    } else {
      done.without_events.push_back(fmt::format("{}/{}/{}", encoder, objective, seed));
      for (const Json& curve : input.result.value("curves", Json::array())) {
        if (curve.at("run") != run || is_checkpoint(curve)) continue;
        for (const Json& point : curve.at("points"))
          events.push_back({"train/residual", static_cast<int64_t>(point.at(0).get<double>()), point.at(1)});
      }
    }
    add_scores(rows, budget, events);
    done.files.push_back(folder / name / "events.out.tfevents.0.emfbench");
    write_atomically(done.files.back(), tensorboard_file(events, seconds));
  }
  if (done.files.empty()) fail_input("the record has no trained row, so TensorBoard has nothing to show");
  return done;
}

}  // namespace emf
