#include "reports/report.h"

#include <fmt/format.h>

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
std::pair<std::string, std::filesystem::file_time_type> age_of(const std::filesystem::path& folder) {
  const auto provenance = folder / "provenance.json";
  std::string finished;
  if (std::filesystem::exists(provenance)) finished = read_json(provenance).value("finished", "");
  return {finished, std::filesystem::last_write_time(folder / "result.json")};
}

}  // namespace

SectionInput read_record(const std::filesystem::path& suite_folder, const std::filesystem::path& store) {
  SectionInput input;
  input.result = read_json(suite_folder / "result.json");
  validate_result(input.result);
  if (std::filesystem::exists(suite_folder / "provenance.json")) {
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

std::filesystem::path newest_suite_folder(const std::filesystem::path& store, const std::string& suite) {
  const std::filesystem::path runs = store / "runs" / "suite";
  std::vector<std::string> known;
  std::filesystem::path newest;
  std::pair<std::string, std::filesystem::file_time_type> newest_age;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(runs, absent)) {
    if (!std::filesystem::exists(entry.path() / "result.json")) continue;
    const std::string name = read_json(entry.path() / "result.json").value("suite", "");
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    if (name != suite) continue;
    const auto age = age_of(entry.path());
    if (newest.empty() || age > newest_age) {
      newest = entry.path();
      newest_age = age;
    }
  }
  if (newest.empty()) {
    std::sort(known.begin(), known.end());
    fail_missing("no finished run of '{}' in {}{}; run it with: emfbench run {}", suite, runs.string(),
                 known.empty() ? "" : suggestion(suite, known), suite);
  }
  return newest;
}

}  // namespace emf
