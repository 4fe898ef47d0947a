// What this build is called.
#pragma once

namespace emf {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace emf
