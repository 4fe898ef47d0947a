# SPDX-License-Identifier: Apache-2.0
# Compiler cache, linker and warnings for every target.

find_program(EMF_CCACHE ccache)
if(EMF_CCACHE)
  # Sloppiness lets ccache cache files that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${EMF_CCACHE})
endif()

find_program(EMF_MOLD mold)
if(EMF_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
  add_link_options(-fuse-ld=mold)
endif()

add_library(emf_options INTERFACE)
target_compile_options(emf_options INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlaps and overruns in std::string that are not there (its bug 105651 and kin), wherever sums of strings are
  # inlined; clang and the sanitizers look for the real ones.
  target_compile_options(emf_options INTERFACE -fpch-preprocess -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
                         -Wno-stringop-overread)
  # The collector's first walk is over a precompiled header, which is never freed: a tenth of the time of a file.
  target_compile_options(emf_options INTERFACE "SHELL:--param ggc-min-heapsize=524288")
endif()
if(EMF_WARNINGS_AS_ERRORS)
  target_compile_options(emf_options INTERFACE -Werror)
endif()
target_include_directories(emf_options INTERFACE ${PROJECT_SOURCE_DIR})
