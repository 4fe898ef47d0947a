// SPDX-License-Identifier: Apache-2.0
#include "reports/schema/validate.h"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// "<root>", "[rows]", "[3]" -> "/rows/3".
std::string json_pointer(const std::vector<std::string>& context) {
  std::string pointer;
  for (const std::string& part : context) {
    if (part.size() < 2 || part.front() != '[') continue;
    pointer += "/" + part.substr(1, part.size() - 2);
  }
  return pointer.empty() ? "/" : pointer;
}

void validate(const Json& document, const std::string& name) {
  const Json text = read_json(project_root() / "reports" / "schema" / (name + ".schema.json"));
  valijson::Schema schema;
  valijson::adapters::NlohmannJsonAdapter schema_adapter(text);
  valijson::SchemaParser().populateSchema(schema_adapter, schema);

  valijson::Validator validator;
  valijson::ValidationResults results;
  valijson::adapters::NlohmannJsonAdapter adapter(document);
  if (validator.validate(schema, adapter, &results)) return;
  // A failed item is reported again by everything around it; the deepest report says what is wrong.
  valijson::ValidationResults::Error deepest;
  for (const auto& error : results) {
    if (deepest.description.empty() || error.context.size() > deepest.context.size()) deepest = error;
  }
  fail_input("{}.json does not fit emf.{}/1 at {}: {}", name, name, json_pointer(deepest.context), deepest.description);
}

void check_interval(const Json& holder, const std::string& pointer) {
  const auto interval = holder.find("ci95");
  if (interval == holder.end() || interval->is_null()) return;
  const double low = interval->at(0), high = interval->at(1);
  if (low > high) fail_input("result.json does not fit emf.result/1 at {}/ci95: {} is above {}", pointer, low, high);
}

}  // namespace

void validate_result(const Json& result) {
  validate(result, "result");
  for (const char* list : {"rows", "comparisons", "claims"}) {
    const Json items = result.value(list, Json::array());
    for (size_t i = 0; i < items.size(); ++i) check_interval(items[i], fmt::format("/{}/{}", list, i));
  }
}

void validate_provenance(const Json& provenance) { validate(provenance, "provenance"); }

}  // namespace emf
