// SPDX-License-Identifier: Apache-2.0
// Shared objects, looked at before they are loaded.
#include "harness/plugin/elf_section.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  emf::elf_damage(bytes);
  emf::elf_section(bytes, "emfbench_abi");
}
