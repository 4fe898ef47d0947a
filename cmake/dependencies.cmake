# SPDX-License-Identifier: Apache-2.0
# Everything borrowed. All but LibTorch are Debian packages; ./emfbench installs them and LibTorch's wheel.

find_package(PkgConfig REQUIRED)

# A library as an interface target emf_NAME. With EMF_STATIC its archive is taken where there is one, and what the program
# does not call stays out of it: what is left runs on other systems, and starts without a search for sixty files. What
# comes out of an archive is hidden, so that a plugin or LibTorch that brings its own is not given ours.
#   emf_library(NAME HEADER header [HEADER_SUFFIXES folder...] LIBRARIES name... [ARCHIVE_NEEDS name...])
# ARCHIVE_NEEDS: what archives call and shared libraries bring by themselves. The target's property EMF_ARCHIVES says
# whether all of its libraries are archives.
function(emf_library name)
  cmake_parse_arguments(ARG "" "HEADER" "HEADER_SUFFIXES;LIBRARIES;ARCHIVE_NEEDS" ${ARGN})
  add_library(emf_${name} INTERFACE)
  find_path(EMF_${name}_INCLUDE ${ARG_HEADER} PATH_SUFFIXES ${ARG_HEADER_SUFFIXES} REQUIRED)
  target_include_directories(emf_${name} SYSTEM INTERFACE ${EMF_${name}_INCLUDE})
  set(archives "")
  set(all_archives ON)
  foreach(library ${ARG_LIBRARIES})
    find_library(EMF_ARCHIVE_${library} lib${library}.a)
    if(EMF_STATIC AND EMF_ARCHIVE_${library})
      list(APPEND archives ${EMF_ARCHIVE_${library}})
    else()
      find_library(EMF_LIBRARY_${library} ${library} REQUIRED)
      target_link_libraries(emf_${name} INTERFACE ${EMF_LIBRARY_${library}})
      set(all_archives OFF)
    endif()
  endforeach()
  set_property(TARGET emf_${name} PROPERTY EMF_ARCHIVES ${all_archives})
  if(NOT archives)
    return()
  endif()
  foreach(library ${ARG_ARCHIVE_NEEDS})
    find_library(EMF_NEEDED_${library} NAMES lib${library}.a ${library})
    if(EMF_NEEDED_${library})  # another system may have built the archive without it
      list(APPEND archives ${EMF_NEEDED_${library}})
    endif()
  endforeach()
  target_link_libraries(emf_${name} INTERFACE ${archives})
  list(TRANSFORM archives REPLACE ".*/" "")
  # One at a time: mold before 1.11 never ends on a list.
  list(TRANSFORM archives PREPEND -Wl,--exclude-libs,)
  target_link_options(emf_${name} INTERFACE -Wl,--gc-sections ${archives})
endfunction()

if(NOT EMF_LITE)
  set(EMF_VENV "${PROJECT_SOURCE_DIR}/.deps/venv" CACHE PATH "Virtual environment holding the torch wheel")
  set(EMF_TORCH "$ENV{EMFBENCH_TORCH}" CACHE PATH "Folder \"torch\" of any install of LibTorch; empty: that of EMF_VENV")
  set(EMF_TORCH_FOLDER "${EMF_TORCH}")
  if(NOT EMF_TORCH_FOLDER)
    file(GLOB EMF_TORCH_FOLDER LIST_DIRECTORIES true "${EMF_VENV}/lib/python3*/site-packages/torch")
  endif()
  set(EMF_TORCH_CUDA "")
  if(EXISTS "${EMF_TORCH_FOLDER}/version.py")
    file(STRINGS "${EMF_TORCH_FOLDER}/version.py" EMF_TORCH_VERSION REGEX "^__version__ = '[0-9.]+")
    string(REGEX REPLACE "^__version__ = '([0-9.]+).*" "\\1" EMF_TORCH_VERSION "${EMF_TORCH_VERSION}")
    file(STRINGS "${EMF_TORCH_FOLDER}/version.py" EMF_TORCH_CUDA REGEX "^cuda: .* = '")
    if(EMF_TORCH_VERSION VERSION_LESS 2.11)
      message(FATAL_ERROR "LibTorch ${EMF_TORCH_VERSION} in ${EMF_TORCH_FOLDER} is too old; 2.11 and newer will do")
    endif()
    message(STATUS "LibTorch ${EMF_TORCH_VERSION} (${EMF_TORCH_FOLDER})")
  elseif(EMF_TORCH)
    message(FATAL_ERROR "${EMF_TORCH} holds no version.py; EMF_TORCH is the folder \"torch\" of a pip install of torch")
  endif()

  add_library(emf_torch INTERFACE)
  if(EMF_TORCH_CUDA)
    # Its CMake files ask for a CUDA toolkit and put the CUDA libraries on the link line. Nothing here is compiled against
    # them: the program finds libtorch_cuda.so beside the others when a device is asked for.
    set(TORCH_INCLUDE_DIRS "${EMF_TORCH_FOLDER}/include" "${EMF_TORCH_FOLDER}/include/torch/csrc/api/include")
    set(TORCH_LIBRARIES "${EMF_TORCH_FOLDER}/lib/libtorch_cpu.so" "${EMF_TORCH_FOLDER}/lib/libc10.so")
    target_link_options(emf_torch INTERFACE -Wl,--allow-shlib-undefined)
  else()
    list(APPEND CMAKE_PREFIX_PATH ${EMF_TORCH_FOLDER})
    find_package(Torch REQUIRED)
  endif()
  separate_arguments(EMF_TORCH_FLAGS UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  # Third-party headers are SYSTEM so that their warnings are not ours.
  target_include_directories(emf_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_compile_options(emf_torch INTERFACE ${EMF_TORCH_FLAGS})
  # SentencePiece first: both export a FLAGS_minloglevel, four bytes in libc10, an absl flag of 32 here, and the first on the link
  # line gives its own to both. Were that libc10's, the flag's constructor would write over a mutex that TorchScript takes.
  pkg_check_modules(sentencepiece REQUIRED IMPORTED_TARGET sentencepiece)
  target_link_libraries(emf_torch INTERFACE PkgConfig::sentencepiece ${TORCH_LIBRARIES})
endif()

if(NOT EMF_LITE OR EMF_FUZZ)
  # Debian puts OpenCV's CMake files into libopencv-dev, which pulls in every module; two are enough. Pictures are decoded
  # without it: imgcodecs would bring 140 shared libraries. Its archive asks for LAPACK where products, solvers, matrix
  # expressions (`a >= b`), thresholds or shapes are called, so none is.
  emf_library(opencv HEADER opencv2/core.hpp HEADER_SUFFIXES opencv4 LIBRARIES opencv_imgproc opencv_core
              ARCHIVE_NEEDS tbb z)
  emf_library(pcre2 HEADER pcre2.h LIBRARIES pcre2-8)
  # Of libarchive's formats tar alone is named, so its archive brings neither an XML reader nor ICU's tables.
  emf_library(archive HEADER archive.h LIBRARIES archive)
endif()

find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Eigen3 REQUIRED)
# Boost.Math alone (libboost-math-dev): headers, so no component to link.
find_path(EMF_BOOST_MATH_INCLUDE boost/math/distributions/students_t.hpp REQUIRED)
# harness/base/fmt_library.cc compiles fmt 9.
find_package(fmt REQUIRED)
add_library(emf_fmt INTERFACE)
if(fmt_VERSION VERSION_LESS 10)
  target_include_directories(emf_fmt SYSTEM INTERFACE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(emf_fmt INTERFACE FMT_SHARED)  # plugins find it in the program
else()
  target_link_libraries(emf_fmt INTERFACE fmt::fmt)
endif()
emf_library(crypto HEADER openssl/sha.h LIBRARIES crypto)
emf_library(utf8proc HEADER utf8proc.h LIBRARIES utf8proc)
target_compile_options(emf_utf8proc INTERFACE -DUTF8PROC_EXPORTS)  # as its pkg-config file says
emf_library(zlib HEADER zlib.h LIBRARIES z)
emf_library(bzip2 HEADER bzlib.h LIBRARIES bz2)
# Users before what they use, for linkers that look once.
emf_library(picture_formats HEADER jpeglib.h LIBRARIES tiff webpdemux webp jpeg png gif z
            ARCHIVE_NEEDS Lerc jbig zstd lzma deflate webp jpeg z)
if(EMF_BUILD_TESTS)
  find_package(GTest REQUIRED)
  pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)  # zips of another make than ours
endif()
if(EMF_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# Whether a program can be linked without any shared library: not with sanitizers, nor where the C library or one of those
# that emfbench-lite needs has no archive.
set(EMF_LITE_IS_STATIC OFF)
if(EMF_STATIC AND fmt_VERSION VERSION_LESS 10)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static)
  check_cxx_source_compiles("#include <iostream>\nint main() { std::cout << 1; }" EMF_CAN_BE_STATIC)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  set(EMF_LITE_IS_STATIC ${EMF_CAN_BE_STATIC})
  foreach(name crypto utf8proc zlib bzip2 picture_formats)
    get_target_property(archives emf_${name} EMF_ARCHIVES)
    if(NOT archives)
      set(EMF_LITE_IS_STATIC OFF)
    endif()
  endforeach()
endif()
