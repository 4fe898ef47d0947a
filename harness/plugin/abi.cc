// SPDX-License-Identifier: Apache-2.0
// Linked into the program and, by `emfbench build-plugin`, into every plugin.
#include "harness/plugin/abi.h"

#include <torch/version.h>

#include "harness/base/version.h"

#define EMF_TEXT_OF(value) #value
#define EMF_TEXT(value) EMF_TEXT_OF(value)

#if defined(__clang__)
#define EMF_COMPILER "Clang " EMF_TEXT(__clang_major__)
#else
#define EMF_COMPILER "GCC " EMF_TEXT(__GNUC__)
#endif

#if defined(_GLIBCXX_USE_CXX11_ABI) && _GLIBCXX_USE_CXX11_ABI
#define EMF_STRINGS "cxx11"
#else
#define EMF_STRINGS "old strings"
#endif

// External and of C linkage by its declaration.
__attribute__((section("emf_plugin_abi"), used)) const char emfbench_plugin_abi[] =
    "emfbench " EMF_VERSION ", interface " EMF_INTERFACE_DIGEST ", " EMF_COMPILER
    ", C++ ABI " EMF_TEXT(__GXX_ABI_VERSION) " (" EMF_STRINGS "), LibTorch " TORCH_VERSION;
