// SPDX-License-Identifier: Apache-2.0
// Files of prompts in both forms, and what a caption says.
#include "harness/captions/grammar.h"
#include "harness/captions/prompt_file.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  emf::parse_caption(bytes);
  for (const char* name : {"x.txt", "x.jsonl"}) {
    try {
      for (const emf::Prompt& prompt : emf::read_prompts(emf::fuzz::file_of(bytes, name))) {
        emf::parse_caption(prompt.text);
      }
    } catch (const emf::UserError&) {
    }
  }
}
