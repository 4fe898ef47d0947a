// SPDX-License-Identifier: Apache-2.0
#include "reports/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <tuple>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/near_name.h"
#include "harness/base/progress.h"
#include "reports/record/record.h"
#include "reports/writers/page.h"

namespace emf {
namespace {

Json document_of(const SectionInput& input) {
  return {{"suite", input.result.at("suite")},
          {"rows", report_rows(input)},
          {"claims", input.result.value("claims", Json::array())}};
}

/// Numbers of a store go first: a clock that was ahead once would make an old record the newest for good. Times sort as
/// text: UTC in ISO 8601, then the file's own time for records without a provenance.
using Age = std::tuple<int64_t, std::string, std::filesystem::file_time_type>;

bool is_sealed(const std::filesystem::path& folder) {
  return path_exists(folder / kManifest) || !sealed_mark(folder).empty();
}

/// What is not as it was written; "" = nothing.
std::string damage_of(const std::filesystem::path& folder) {
  if (!is_sealed(folder)) return "";
  const Json about = {{"kind", folder.parent_path().filename().string()}, {"hash", folder.filename().string()}};
  const auto look = [&] { return check_folder(folder, sealed_mark(folder), about); };
  FolderCheck check = look();
  if (!check.damage.empty()) {
    // A run may be writing this very record: its files go before its mark.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (!is_sealed(folder)) return "";
    check = look();
  }
  if (check.damage.empty()) return "";
  return describe_damage("suite/" + folder.filename().string(), check.damage.front());
}

/// A document of a record, or null.
Json document_in(const std::filesystem::path& file) {
  try {
    const Json document = read_json(file);
    return document.is_object() ? document : Json();
  } catch (const UserError&) {
    return nullptr;
  }
}

std::pair<Age, StoredRecord> stored_record(const std::filesystem::path& folder) {
  StoredRecord record{text_under(document_in(folder / "result.json"), "suite"), folder, damage_of(folder), ""};
  if (record.suite.empty()) record.suite = text_under(document_in(folder / "spec.json"), "suite");
  if (record.suite.empty()) record.suite = "?";
  const Json provenance = document_in(folder / "provenance.json");
  record.finished = text_under(provenance, "finished");
  const int64_t number = whole_number_under(provenance, "sequence");
  std::error_code absent;
  const auto written = std::filesystem::last_write_time(folder / "result.json", absent);
  return {{number, record.finished, written}, record};
}

}  // namespace

SectionInput read_record(const std::filesystem::path& suite_folder, const std::filesystem::path& store) {
  if (const std::string damage = damage_of(suite_folder); !damage.empty()) {
    fail_input("{}; run its suite again to gather the record anew", damage);
  }
  if (suite_folder.parent_path().filename() == "suite" && !is_sealed(suite_folder)) {
    say(
        fmt::format("note: record {} carries no digests (older layout, or interrupted while it was written): shown as "
                    "it is",
                    suite_folder.filename().string()));
  }
  SectionInput input;
  input.result = read_json(suite_folder / "result.json");
  validate_result(input.result);
  if (path_exists(suite_folder / "provenance.json")) {
    input.provenance = read_json(suite_folder / "provenance.json");
    validate_provenance(input.provenance);
  }
  input.store = store;
  return input;
}

std::filesystem::path write_report(const std::filesystem::path& suite_folder, const std::filesystem::path& store,
                                   const std::filesystem::path& out_folder) {
  const SectionInput input = read_record(suite_folder, store);
  const std::filesystem::path page = out_folder / "index.html";
  write_atomically(page, render_page(input));
  write_json(out_folder / "report.json", document_of(input));
  // So that the folder can travel: whoever receives it makes the page, the tables and the verdicts of it again.
  for (const char* document : {"result.json", "provenance.json"}) {
    const std::filesystem::path from = suite_folder / document, to = out_folder / document;
    std::error_code other;
    if (path_exists(from) && !std::filesystem::equivalent(from, to, other)) write_atomically(to, read_file(from));
  }
  return page;
}

Json report_document(const std::filesystem::path& suite_folder) { return document_of(read_record(suite_folder, {})); }

std::vector<StoredRecord> records_of(const std::filesystem::path& store) {
  std::vector<std::pair<Age, StoredRecord>> found;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(store / "runs" / "suite", absent)) {
    if (path_exists(entry.path() / "result.json")) found.push_back(stored_record(entry.path()));
  }
  // Records of one age stand in the order of their hashes: the same store gives the same answer.
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second.folder < b.second.folder;
  });
  std::vector<StoredRecord> records;
  for (auto& [age, record] : found) records.push_back(std::move(record));
  return records;
}

std::filesystem::path newest_suite_folder(const std::filesystem::path& store, const std::string& suite) {
  std::vector<std::string> known;
  std::optional<StoredRecord> newest;
  for (const StoredRecord& record : records_of(store)) {
    if (record.suite == "?" && !record.damage.empty()) say("warning: " + record.damage + ": left out");
    if (std::find(known.begin(), known.end(), record.suite) == known.end()) known.push_back(record.suite);
    if (record.suite != suite) continue;
    // Which record is the newest cannot be told where one of them does not say when it was made.
    if (!record.damage.empty()) {
      fail_input("{}; run '{}' again to gather it anew, or move {} away", record.damage, suite, record.folder.string());
    }
    if (!newest) newest = record;
    if (record.finished > newest->finished) {
      say(fmt::format(
          "note: record {} of '{}' was made last and says {}; {} says {}: a clock was wrong, or stores were "
          "merged",
          newest->folder.filename().string(), suite, newest->finished, record.folder.filename().string(),
          record.finished));
    }
  }
  if (newest) return newest->folder;
  std::sort(known.begin(), known.end());
  fail_missing("no finished run of '{}' in {}{}; run it with: emfbench run {}", suite,
               (store / "runs" / "suite").string(), known.empty() ? "" : suggestion(suite, known), suite);
}

}  // namespace emf
