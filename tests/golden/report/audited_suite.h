// SPDX-License-Identifier: Apache-2.0
// A made-up suite record with everything that a suite can tell beside its rows, for tests of the report.
#pragma once

#include "harness/base/json.h"

namespace emf {

/// sample_result() as a suite writes it that has more to say: a calibrated judge and scores without its errors, an
/// encoder trained beforehand, long captions judged by questions, and an audit of what training had said.
Json audited_result();

}  // namespace emf
