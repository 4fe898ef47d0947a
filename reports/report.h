// SPDX-License-Identifier: Apache-2.0
// The report of a suite: one HTML file that needs neither network nor server, made from the suite's record alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/api/section.h"
#include "harness/base/json.h"
#include "reports/schema/validate.h"

namespace emf {

/// A suite's record with both documents checked, and held against its manifest. A record that carries no digests (older
/// layout, or interrupted while it was written) is read, and said to be so where it lies in a store.
/// @param suite_folder, store  as write_report.   @throws UserError  as write_report.
SectionInput read_record(const std::filesystem::path& suite_folder, const std::filesystem::path& store);

/// Writes <out_folder>/index.html, one self-contained page, and beside it report.json (see report_document) and copies
/// of result.json and provenance.json, so that the folder can travel.
///
/// The scripts it needs (Vega, Tabulator) are inlined from <dependencies>/report-assets; without them the page holds
/// the same numbers in plain tables and says so.
///
/// @param suite_folder  <store>/runs/suite/<hash>: result.json and, unless lost, provenance.json.
/// @param store         what the record's file names are relative to.
/// @return              path of index.html.
/// @throws UserError    record absent (kMissing) or not fitting its schema (names the JSON pointer); out_folder not
/// writable.
/// @cost                under a second; the page has a few MB, most of it scripts and sample pictures.
std::filesystem::path write_report(const std::filesystem::path& suite_folder, const std::filesystem::path& store,
                                   const std::filesystem::path& out_folder);

/// {"suite", "rows": [{"encoder","objective","steps","seed","metric","value","ci95","n","run"}], "claims"} of a suite's
/// record.
/// @throws UserError  as write_report.
Json report_document(const std::filesystem::path& suite_folder);

/// A suite's record in a store.
struct StoredRecord {
  std::string suite;             ///< "?" where that cannot be read any more
  std::filesystem::path folder;  ///< as write_report's suite_folder
  std::string damage;            ///< what is not as it was written; "" = nothing
  std::string finished;          ///< by the clock of its machine
};

/// Every record of a store, the newest first: by the number that its provenance has in the store, which no clock can
/// mislead; of equal numbers, or none, by "finished", then by the file's own time. None where there is no store.
std::vector<StoredRecord> records_of(const std::filesystem::path& store);

/// The first of records_of() of a suite. Says so where another one's clock is ahead of it.
/// @throws UserError  one of the suite's records is damaged; none (kMissing): offers the suites that are there.
std::filesystem::path newest_suite_folder(const std::filesystem::path& store, const std::string& suite);

}  // namespace emf
