// SPDX-License-Identifier: Apache-2.0
// What marks a function for both the host and the device, and a loop to be unrolled on the device.
#pragma once

#ifdef __CUDACC__
#define EMF_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define EMF_HOST_DEVICE inline
#endif

#ifdef __CUDA_ARCH__
#define EMF_UNROLL _Pragma("unroll")
#else
#define EMF_UNROLL
#endif
