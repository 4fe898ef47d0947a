// SPDX-License-Identifier: Apache-2.0
// What a shared object was built for, as a string that is read before any of its code runs.
#pragma once

namespace emf {

/// The section of a shared object that holds emfbench_plugin_abi.
inline constexpr const char* kPluginAbiSection = "emf_plugin_abi";

}  // namespace emf

/// emfbench's version, a digest of the headers that plugins see, compiler, C++ ABI and LibTorch: "emfbench 0.1.0,
/// interface 1f0c..., GCC 12, C++ ABI 1017 (cxx11), LibTorch 2.13.0". Every plugin is linked with the file that defines
/// it, and so is the program: equal strings may share objects, others may not.
extern "C" const char emfbench_plugin_abi[];
