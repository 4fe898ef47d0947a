// SPDX-License-Identifier: Apache-2.0
// The two documents of a suite's record, checked against their JSON Schemas.
#pragma once

#include "harness/base/json.h"

namespace emf {

/// Checks a result.json (reports/schema/result.schema.json), and what a schema cannot say: intervals in
/// order.
///
/// @throws UserError  the first place that does not fit, as a JSON pointer ("/rows/3/value"), and what was
/// expected there.
/// @cost  about a millisecond a hundred rows.
void validate_result(const Json& result);

/// Checks a provenance.json (reports/schema/provenance.schema.json).   @throws UserError  as validate_result.
void validate_provenance(const Json& provenance);

}  // namespace emf
