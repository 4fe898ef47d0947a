# SPDX-License-Identifier: Apache-2.0
# One way to declare each kind of target, so that adding a plugin is adding a file.

# Three precompiled headers: of what needs no LibTorch, of what hands tensors on, of what calls ATen's functions. GCC completes
# at the end of every file what a header leaves pending, so each file takes the smallest that holds what it needs. They are
# targets of their own: GCC takes a precompiled header only where every macro that stood when it was made stands again.
#   emf_precompiled(NAME HEADER [target...])
function(emf_precompiled name header)
  file(WRITE ${CMAKE_BINARY_DIR}/${name}.cc "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE emf_options nlohmann_json::nlohmann_json emf_fmt ${ARGN})
  target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/${header})
endfunction()
emf_precompiled(emf_precompiled_base harness/base/precompiled.h)
if(NOT EMF_LITE)
  emf_precompiled(emf_precompiled_tensor harness/tensor/precompiled.h emf_torch)
  emf_precompiled(emf_precompiled_aten harness/tensor/precompiled_aten.h emf_torch)
endif()

# Files of a TORCH target that name ATen's functions or LibTorch's modules take the largest precompiled header by themselves.
# Another compiler reads the same text without it.
function(emf_take_aten)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  set(header ${CMAKE_BINARY_DIR}/CMakeFiles/emf_precompiled_aten.dir/cmake_pch.hxx)
  foreach(source ${ARGN})
    file(STRINGS ${source} named REGEX "^#include <(ATen/(ATen|Parallel|core/ivalue)\\.h|torch/)" LIMIT_COUNT 1)
    if(named)
      set_property(SOURCE ${source} PROPERTY SKIP_PRECOMPILE_HEADERS ON)
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -Winvalid-pch -include ${header})
      set_property(SOURCE ${source} APPEND PROPERTY OBJECT_DEPENDS ${header}.gch)
    endif()
  endforeach()
endfunction()

# What parses flags, reads descriptions, lays out a page or calls what computes waits for nothing at run time, and takes a
# quarter longer to compile at -O3. The last -O on a command line is the one that holds.
set(EMF_LIGHTLY_OPTIMISED $<$<CONFIG:Release>:-O1>)

# Files of a folder as an OBJECT library (a static library would drop self-registering objects).
#   emf_objects(NAME [TORCH] [GLUE regex] [DEPENDS target...] [GLOB pattern...])
# TORCH: includes LibTorch. GLUE: those of its files (paths from the folder) that compute nothing themselves.
function(emf_objects name)
  cmake_parse_arguments(ARG "TORCH" "GLUE" "DEPENDS;GLOB" ${ARGN})
  if(NOT ARG_GLOB)
    set(ARG_GLOB "*.cc")
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_GLOB})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|_benchmark\\.cc$|/main\\.cc$")
  add_library(${name} OBJECT ${sources})
  target_link_libraries(${name} PUBLIC emf_options ${ARG_DEPENDS})
  if(ARG_TORCH)
    target_link_libraries(${name} PUBLIC emf_torch)
    target_precompile_headers(${name} REUSE_FROM emf_precompiled_tensor)
    emf_take_aten(${sources})
  else()
    target_precompile_headers(${name} REUSE_FROM emf_precompiled_base)
  endif()
  if(ARG_GLUE)
    foreach(source ${sources})
      file(RELATIVE_PATH path ${CMAKE_CURRENT_SOURCE_DIR} ${source})
      if(path MATCHES "${ARG_GLUE}")
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${EMF_LIGHTLY_OPTIMISED})
      endif()
    endforeach()
  endif()
  set_property(GLOBAL APPEND PROPERTY EMF_OBJECT_LIBRARIES ${name})
endfunction()

# Every test of a folder in one binary and one ctest entry:  emf_test(NAME [TORCH] SOURCES file... [LINKS target...] [LABELS label...])
# LINKS are the folders it needs, without which it links the whole program: fewer build sooner, and a sanitizer with less.
function(emf_test name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT ARG_LINKS)
    set(ARG_LINKS emf_program)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${EMF_LIGHTLY_OPTIMISED})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON)  # tests load plugins as the program does
  if(ARG_TORCH)
    # The precompiled header was made with -fPIC; an executable would be compiled with -fPIE and could not use it.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
    target_precompile_headers(${name} REUSE_FROM emf_precompiled_aten)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()
