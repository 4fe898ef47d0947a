// SPDX-License-Identifier: Apache-2.0
// The report in another form: its numbers as CSV or Markdown, or its sections as either or as LaTeX.
#pragma once

#include <string>
#include <vector>

#include "harness/api/section.h"

namespace emf {

enum class ExportFormat { kCsv, kMarkdown, kLatex };

/// "csv", "md", "latex".  @throws UserError  another word (offers the nearest).
ExportFormat export_format(const std::string& name);

/// The names that export_format() takes.
const std::vector<std::string>& export_format_names();

/// A table of a record's rows (report_document's): encoder, objective, steps, seed, metric, value, ci95_low, ci95_high,
/// n; then checkpoint (the pictures after which an unfinished row was scored; empty of a finished one), official (true
/// or false), warnings (several with "; " between) and why (there is no value). Numbers stand in full precision, what
/// is absent is empty. LaTeX holds no dump of rows: see latex_scores.h.
std::string export_rows(const Json& rows, ExportFormat format);

/// Sections of the report in its order.
/// @param names  of sections; "all" anywhere in it, or nothing, means every one.
/// @throws UserError  an unknown section (offers the nearest), or none of them has anything to say of this record.
std::string export_sections(const SectionInput& input, const std::vector<std::string>& names, ExportFormat format);

}  // namespace emf
