// SPDX-License-Identifier: Apache-2.0
// Tables.
#include "harness/base/csv.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) { emf::parse_csv(bytes, "x.csv"); }
