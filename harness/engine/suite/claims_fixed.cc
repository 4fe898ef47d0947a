// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/claims_fixed.h"

#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/engine/suite/suite_provenance.h"

namespace emf {

Json fix_claims(const SuiteGraph& graph) {
  if (graph.spec.claims.empty()) return nullptr;
  Json claims = Json::array();
  for (const Claim& claim : graph.spec.claims) claims.push_back(claim.to_json());
  const std::string hash = spec_hash(claims);
  const std::filesystem::path path = graph.store / "claims" / (graph.spec.name + ".json");
  if (!path_exists(path)) {
    int64_t known = 0;
    for (const Cell& cell : graph.cells) {
      known += std::count_if(cell.scores.begin(), cell.scores.end(),
                             [](const CellScore& score) { return score.stage->done(); });
    }
    make_folder(path.parent_path());
    write_json(path, {{"suite", graph.spec.name},
                      {"hash", hash},
                      {"written", utc_now()},
                      {"scores_known", known},
                      {"claims", claims}});
  }
  const Json first = read_json(path);
  try {
    Json fixed = {
        {"hash", first.at("hash")}, {"written", first.at("written")}, {"scores_known", first.at("scores_known")}};
    if (first.at("hash") != hash) fixed["first"] = first.at("claims");
    return fixed;
  } catch (const Json::exception&) {
    fail_input("{}: this is not what a suite's first run wrote; move it away to have today's claims written",
               path.string());
  }
}

}  // namespace emf
