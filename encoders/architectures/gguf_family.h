// SPDX-License-Identifier: Apache-2.0
// What GGUF calls each architecture and its tensors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// How tensors are named.
enum class GgufNames { kDecoder, kGemma, kT5, kBert };

struct GgufFamily {
  std::string_view name;  ///< general.architecture
  const char* model_type;
  GgufNames names;
  bool permuted_heads;  ///< query and key rows stand so that neighbours turn together, not halves
};

/// nullptr when the architecture is not read from GGUF.
const GgufFamily* gguf_family(std::string_view name);
std::vector<std::string> gguf_family_names();

/// "layers.3.mlp.up_proj.weight" -> "blk.3.ffn_up.weight". A name that GGUF has none for stays as it is.
std::string gguf_name(const std::string& name, GgufNames names);

}  // namespace emf
