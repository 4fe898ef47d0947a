# One way to declare each kind of target, so that adding a plugin is adding a file.

# The precompiled header of what needs no LibTorch. A target of its own: GCC takes it only where every macro that stood when
# it was made stands again, so it is made with none of anybody's.
file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
add_library(emf_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
target_link_libraries(emf_precompiled PRIVATE emf_options nlohmann_json::nlohmann_json fmt::fmt)
target_precompile_headers(emf_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/harness/base/precompiled.h)

# What parses flags, lays out a page or checks the rest waits for nothing at run time, and CLI11's and GoogleTest's templates
# take half as long again to compile at -O3. The last -O on a command line is the one that holds.
set(EMF_LIGHTLY_OPTIMISED $<$<CONFIG:Release>:-O1>)

# Files of a folder as an OBJECT library (a static library would drop self-registering objects).
#   emf_objects(NAME [TORCH] [GLUE] [DEPENDS target...] [GLOB pattern...])
# TORCH targets share one precompiled header, all others share another. GLUE calls what computes and computes nothing itself.
function(emf_objects name)
  cmake_parse_arguments(ARG "TORCH;GLUE" "" "DEPENDS;GLOB" ${ARGN})
  if(NOT ARG_GLOB)
    set(ARG_GLOB "*.cc")
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${ARG_GLOB})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|_benchmark\\.cc$|/main\\.cc$")
  add_library(${name} OBJECT ${sources})
  target_link_libraries(${name} PUBLIC emf_options ${ARG_DEPENDS})
  if(ARG_TORCH)
    target_link_libraries(${name} PUBLIC emf_torch)
    if(NOT name STREQUAL "emf_tensor")
      target_precompile_headers(${name} REUSE_FROM emf_tensor)
    endif()
  else()
    target_precompile_headers(${name} REUSE_FROM emf_precompiled)
  endif()
  if(ARG_GLUE)
    target_compile_options(${name} PRIVATE ${EMF_LIGHTLY_OPTIMISED})
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
    target_precompile_headers(${name} REUSE_FROM emf_tensor)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()
