// Arrays of numpy.
#include "harness/base/npy.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) { emf::parse_npy(bytes, "x.npy"); }
