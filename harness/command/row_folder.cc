// SPDX-License-Identifier: Apache-2.0
#include "harness/command/row_folder.h"

#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/command/trained_row.h"
#include "harness/engine/suite/shared_row.h"
#include "reports/model_card.h"

namespace emf {

std::vector<std::filesystem::path> write_row_folder(const SectionInput& record, const std::string& wanted,
                                                    const std::vector<std::filesystem::path>& stores,
                                                    const std::filesystem::path& folder) {
  const FoundRow found = find_row_of(record.result, wanted);
  const std::string run = found.row.at("run");
  const auto store = std::find_if(stores.begin(), stores.end(), [&](const std::filesystem::path& one) {
    return is_plain_name(run) && is_folder(one / "runs" / "train" / run);
  });
  if (store == stores.end()) {
    fail_input("the training of {} (run {}) is not in {}; name the store that it ran in with --store", found.name, run,
               stores.front().string());
  }
  const SuiteGraph graph = graph_of(found.record, *store);
  const Json config = write_shared_row(graph, trained_row(graph, found), found.name, folder);
  write_atomically(folder / "README.md", model_card(record, found.row, config));
  std::vector<std::filesystem::path> files;
  for (const char* name : {kSharedWeights, kEncoderValues, kSharedConfig, "README.md"}) {
    if (path_exists(folder / name)) files.push_back(folder / name);
  }
  return files;
}

}  // namespace emf
