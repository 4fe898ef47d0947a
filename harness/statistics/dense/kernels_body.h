// What kernels*.cc compile, each for its own width of vector unit.
#pragma once

#include "harness/statistics/dense/append_rows.h"
#include "harness/statistics/dense/bidiagonal.h"
