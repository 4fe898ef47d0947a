// Plugins that are told what to load: "torchscript:/path/to/model.pt".
#pragma once

#include <string>

namespace emf {

struct NamedArgument {
  std::string name, argument;  ///< argument is "" without a colon
};

/// Splits at the first colon: names hold none, paths may.
inline NamedArgument split_argument(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace emf
