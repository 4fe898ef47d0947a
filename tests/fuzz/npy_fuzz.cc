// SPDX-License-Identifier: Apache-2.0
// Arrays of numpy.
#include "harness/base/npy.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) { emf::parse_npy(bytes, "x.npy"); }
