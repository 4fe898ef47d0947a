// SPDX-License-Identifier: Apache-2.0
// Python's literals in answer files, and dependency cells of question graphs.
#include "harness/rules/dependency_cell.h"
#include "harness/rules/python_literal.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  try {
    emf::read_dependency_cell(std::string(bytes));
  } catch (const emf::UserError&) {
  }
  try {
    emf::read_dependency_cell_officially(std::string(bytes));
  } catch (const emf::UserError&) {
  }
  emf::parse_python_literal(bytes, "cell");
}
