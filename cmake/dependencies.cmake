# Everything borrowed. All but LibTorch are Debian packages; ./emfbench installs them and LibTorch's wheel.

find_package(PkgConfig REQUIRED)

if(NOT EMF_LITE)
  set(EMF_VENV "${PROJECT_SOURCE_DIR}/.deps/venv" CACHE PATH "Virtual environment holding the torch wheel")
  file(GLOB EMF_WHEEL_TORCH LIST_DIRECTORIES true "${EMF_VENV}/lib/python3*/site-packages/torch")
  list(APPEND CMAKE_PREFIX_PATH ${EMF_WHEEL_TORCH})

  find_package(Torch REQUIRED)
  separate_arguments(EMF_TORCH_FLAGS UNIX_COMMAND "${TORCH_CXX_FLAGS}")
  add_library(emf_torch INTERFACE)
  # Third-party headers are SYSTEM so that their warnings are not ours.
  target_include_directories(emf_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_compile_options(emf_torch INTERFACE ${EMF_TORCH_FLAGS})
  # SentencePiece first: both export a FLAGS_minloglevel, four bytes in libc10, an absl flag of 32 here, and the first on the link
  # line gives its own to both. Were that libc10's, the flag's constructor would write over a mutex that TorchScript takes.
  pkg_check_modules(sentencepiece REQUIRED IMPORTED_TARGET sentencepiece)
  target_link_libraries(emf_torch INTERFACE PkgConfig::sentencepiece ${TORCH_LIBRARIES})
endif()

# Debian puts OpenCV's CMake files into libopencv-dev, which pulls in every module; two are enough. Pictures are decoded
# without it: imgcodecs would bring 140 shared libraries.
find_path(EMF_OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(emf_opencv INTERFACE)
target_include_directories(emf_opencv SYSTEM INTERFACE ${EMF_OPENCV_INCLUDE})
foreach(module core imgproc)
  find_library(EMF_OPENCV_${module} opencv_${module} REQUIRED)
  target_link_libraries(emf_opencv INTERFACE ${EMF_OPENCV_${module}})
endforeach()

find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Eigen3 REQUIRED)
# Boost.Math alone (libboost-math-dev): headers, so no component to link.
find_path(EMF_BOOST_MATH_INCLUDE boost/math/distributions/students_t.hpp REQUIRED)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(libarchive REQUIRED IMPORTED_TARGET libarchive)
find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(GIF REQUIRED)
pkg_check_modules(webp REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
add_library(emf_picture_formats INTERFACE)
target_link_libraries(emf_picture_formats INTERFACE JPEG::JPEG PNG::PNG TIFF::TIFF GIF::GIF PkgConfig::webp ZLIB::ZLIB)
if(EMF_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(EMF_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
