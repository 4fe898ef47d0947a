// SPDX-License-Identifier: Apache-2.0
// A suite's claims as reproduction challenges ask for them: each with what was measured, what a paper reports, and the
// command and commit that measure it again.
#pragma once

#include <string>

#include "harness/api/section.h"

namespace emf {

/// {"suite", "question", "command", "commit", "dirty", "version", "seeds", "machine", "finished", "claims": [{"claim",
/// "metric", "measured", "difference"?, "ci95"?, "reported", "verdict", "command", "commit"}]}. "reported" is null
/// where the suite says nothing of it; command and commit are null where the record came without provenance.
/// @throws UserError  the suite makes no claims.
Json claims_document(const SectionInput& input);

/// The same as Markdown for a logbook: facts of the run, then a table of claims.
std::string claims_markdown(const Json& document);

}  // namespace emf
