// SPDX-License-Identifier: Apache-2.0
// Suite files, and words of the command line over them.
#include "harness/base/config.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  const auto [text, word] = emf::fuzz::halves(bytes);
  emf::Config config = emf::parse_config(std::string(text), "suite.toml");
  emf::apply_override(config, std::string(word));
}
