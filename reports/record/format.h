// SPDX-License-Identifier: Apache-2.0
// Numbers as reports write them.
#pragma once

#include <cstdint>
#include <string>

namespace emf {

/// "0.412"; a true minus sign, so that columns align.
std::string format_number(double value, int digits);
/// "0.012"; "< 0.001" below that, where a bootstrap has no more to say.
std::string format_p(double p);
/// "24,576".
std::string format_count(int64_t value);
/// "3.2 s", "4 min 10 s", "2 h 05 min".
std::string format_seconds(double seconds);
/// Three significant digits and an SI prefix: "1.97 P", "410 M".
std::string format_si(double value);

}  // namespace emf
