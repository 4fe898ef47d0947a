# SPDX-License-Identifier: Apache-2.0
# EMF_CUDA: nvcc, and for which cards (CMAKE_CUDA_ARCHITECTURES; by default A100, H100 and H200, B200, and what is newer by
# compilation when the program starts).

if(EMF_CUDA)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90a-real 100)
  endif()
  enable_language(CUDA)
  if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc has it
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
    set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  endif()
  # LibTorch's own CMake files change CMAKE_CUDA_ARCHITECTURES and CMAKE_CUDA_FLAGS for whoever comes after them.
  set(EMF_CUDA_ARCHITECTURES ${CMAKE_CUDA_ARCHITECTURES})
  set(EMF_CUDA_FLAGS ${CMAKE_CUDA_FLAGS})
endif()
