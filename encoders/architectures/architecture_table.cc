// SPDX-License-Identifier: Apache-2.0
#include "encoders/architectures/architecture_table.h"

#include "encoders/architectures/architecture.h"
#include "encoders/architectures/gguf_family.h"

namespace emf {

std::vector<ArchitectureRow> architecture_table() {
  const ArchitectureRegistry& registry = ArchitectureRegistry::instance();
  std::vector<ArchitectureRow> rows;
  for (const std::string& name : registry.names()) {
    ArchitectureRow row{name, registry.find(name).summary, {}};
    for (const std::string& gguf : gguf_family_names()) {
      if (gguf_family(gguf)->model_type == name) row.gguf.push_back(gguf);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace emf
