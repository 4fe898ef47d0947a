// SPDX-License-Identifier: Apache-2.0
// A suite's record, checked and laid out: result.json in front of the first byte 0, provenance.json behind it.
#include "harness/base/json.h"
#include "reports/export.h"
#include "reports/record/record.h"
#include "reports/schema/validate.h"
#include "reports/writers/page.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  using namespace emf;
  const auto [result, provenance] = fuzz::halves(bytes);
  SectionInput input{parse_json(std::string(result), "result.json"), Json::object(), "/nonexistent"};
  validate_result(input.result);
  if (!provenance.empty()) {
    input.provenance = parse_json(std::string(provenance), "provenance.json");
    validate_provenance(input.provenance);
  }
  export_rows(report_rows(input), ExportFormat::kMarkdown);
  render_page(input);
}
