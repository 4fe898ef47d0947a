// SPDX-License-Identifier: Apache-2.0
#include "harness/base/lack.h"

#include <vector>

namespace emf {
namespace {

/// In a function, since readers are added before main() by files in any order.
std::vector<LackReader>& readers() {
  static std::vector<LackReader> all;
  return all;
}

}  // namespace

bool add_lack_reader(LackReader reader) {
  readers().push_back(reader);
  return true;
}

std::optional<std::string> lack_of(const std::exception& error) {
  for (const LackReader reader : readers()) {
    if (auto line = reader(error)) return line;
  }
  return std::nullopt;
}

}  // namespace emf
