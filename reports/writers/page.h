// SPDX-License-Identifier: Apache-2.0
// The whole page: every registered section in order, with style and scripts inlined.
#pragma once

#include <string>

#include "harness/api/section.h"
#include "reports/writers/chapters.h"

namespace emf {

/// One self-contained HTML document. Its content-security policy forbids every request, so it cannot reach a
/// network.
///
/// @throws UserError  from sections; the source tree's own style or script is absent (kMissing).
std::string render_page(const SectionInput& input);

/// The same page without scripts, of chapters that come from no record.
std::string render_plain_page(const std::string& heading, const std::string& subtitle,
                              const std::vector<Chapter>& chapters);

}  // namespace emf
