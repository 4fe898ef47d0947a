// What kernels*.cc compile, each for its own width of vector unit.
#pragma once

#include "harness/base/dense/append_rows.h"
#include "harness/base/dense/bidiagonal.h"
