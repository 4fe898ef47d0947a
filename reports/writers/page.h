// The whole page: every registered section in order, with style and scripts inlined.
#pragma once

#include <string>

#include "harness/api/section.h"

namespace emf {

/// One self-contained HTML document. Its content-security policy forbids every request, so it cannot reach a
/// network.
///
/// @throws UserError  from sections; the source tree's own style or script is absent (kMissing).
std::string render_page(const SectionInput& input);

}  // namespace emf
