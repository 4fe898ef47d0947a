// SPDX-License-Identifier: Apache-2.0
// A device without memory left is a line that says what to lower.
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "harness/base/lack.h"

namespace emf {
namespace {

/// LibTorch's first two sentences: what it wanted, and what there is; hints to its own settings follow.
std::string first_sentences(const std::string& text) {
  size_t end = 0;
  for (int sentences = 0; sentences < 3; ++sentences) {  // "CUDA out of memory." is the first
    const size_t next = text.find(". ", end);
    if (next == std::string::npos) return text.substr(0, text.find('\n'));
    end = next + 2;
  }
  return text.substr(0, end - 2);
}

std::optional<std::string> device_memory(const std::exception& error) {
  const auto* lack = dynamic_cast<const c10::OutOfMemoryError*>(&error);
  if (lack == nullptr) return std::nullopt;
  return fmt::format(
      "{}; lower the batch (train.batch, pretraining.batch, --batch), or --jobs: stages that run side by side share "
      "the "
      "device",
      first_sentences(lack->what_without_backtrace()));
}

const bool added = add_lack_reader(device_memory);

}  // namespace
}  // namespace emf
