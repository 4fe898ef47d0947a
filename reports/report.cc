#include "reports/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/near_name.h"
#include "reports/record/record.h"
#include "reports/writers/page.h"

namespace emf {
namespace {

Json document_of(const SectionInput& input) {
  return {{"suite", input.result.at("suite")},
          {"rows", report_rows(input)},
          {"claims", input.result.value("claims", Json::array())}};
}

/// Times sort as text: UTC in ISO 8601 first, then the file's own time for records without a provenance.
using Age = std::pair<std::string, std::filesystem::file_time_type>;

Age age_of(const std::filesystem::path& folder) {
  const auto provenance = folder / "provenance.json";
  std::string finished;
  if (path_exists(provenance)) finished = text_under(read_json(provenance), "finished");
  return {finished, std::filesystem::last_write_time(folder / "result.json")};
}

}  // namespace

SectionInput read_record(const std::filesystem::path& suite_folder, const std::filesystem::path& store) {
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
  return page;
}

Json report_document(const std::filesystem::path& suite_folder) { return document_of(read_record(suite_folder, {})); }

std::vector<StoredRecord> records_of(const std::filesystem::path& store) {
  std::vector<std::pair<Age, StoredRecord>> found;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(store / "runs" / "suite", absent)) {
    if (!path_exists(entry.path() / "result.json")) continue;
    const std::string suite = text_under(read_json(entry.path() / "result.json"), "suite");
    found.push_back({age_of(entry.path()), {suite, entry.path()}});
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
  for (const StoredRecord& record : records_of(store)) {
    if (record.suite == suite) return record.folder;
    if (std::find(known.begin(), known.end(), record.suite) == known.end()) known.push_back(record.suite);
  }
  std::sort(known.begin(), known.end());
  fail_missing("no finished run of '{}' in {}{}; run it with: emfbench run {}", suite,
               (store / "runs" / "suite").string(), known.empty() ? "" : suggestion(suite, known), suite);
}

}  // namespace emf
