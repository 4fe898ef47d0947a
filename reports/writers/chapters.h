// SPDX-License-Identifier: Apache-2.0
// What a report consists of, whatever format it is written in.
#pragma once

#include <string>
#include <vector>

#include "harness/api/section.h"

namespace emf {

/// One section's answer.
struct Chapter {
  std::string name, title;  ///< the section's registered name and what it is called on this record
  std::vector<Block> blocks;
};

/// The sections that have something to say of the record, in the report's order.
/// @param wanted  names of sections; empty for all of them.
/// @throws UserError  an unknown name (offers the nearest), and from sections.
std::vector<Chapter> chapters_of(const SectionInput& input, const std::vector<std::string>& wanted = {});

}  // namespace emf
