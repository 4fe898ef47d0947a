// SPDX-License-Identifier: Apache-2.0
// What a judge saw of pictures, a line each.
#include "harness/rules/judged_lines.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) { emf::read_judged_lines(emf::fuzz::file_of(bytes, "x.jsonl")); }
