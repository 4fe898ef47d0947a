// SPDX-License-Identifier: Apache-2.0
// JSON documents, lists an element at a time, and JSON Lines.
#include "harness/base/file.h"
#include "harness/base/json_elements.h"
#include "harness/base/lines.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  using namespace emf;
  try {
    for_each_element(bytes, "list", 4, [](Json&&, size_t) {});
  } catch (const UserError&) {
  }
  try {
    parse_lines<Json>(bytes, "lines", [](std::string_view line, const std::string& where) {
      return parse_json(std::string(line), where);
    });
  } catch (const UserError&) {
  }
  canonical_json(parse_json(std::string(bytes), "document"));
}
