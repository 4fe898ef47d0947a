// SPDX-License-Identifier: Apache-2.0
#include "reports/paper/paper_tables.h"

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {

const Json& paper_tables() {
  static const Json tables = read_json(project_root() / "reports" / "paper" / "emf_tables.json");
  return tables;
}

}  // namespace emf
