// Where and with what a stage ran.
#pragma once

#include "harness/base/json.h"

namespace emf {

/// Commit, host, compiler, LibTorch. Never part of a result.
Json describe_machine();

}  // namespace emf
