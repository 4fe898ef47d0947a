// SPDX-License-Identifier: Apache-2.0
// A CUDA device that is none: a LibTorch without CUDA is given kernels, memory, streams and hooks under the name
// "cuda",
// computed on the host. It is strict where a card is: its memory cannot be read by the host (a stray data_ptr ends the
// program), tensors of two places do not meet in one operation, and whoever waits for it is counted.
#pragma once

#include <cstdint>

namespace emf::host_cuda {

/// Registers it, once a process and before anything asks LibTorch for CUDA.
/// @return  false where LibTorch has CUDA itself.
bool install();

/// Times that the host had to wait for the device so far: values read, copies that block, places counted.
int64_t waits();

/// From now on an allocation beyond so many bytes in all fails as a card's does; 0: none does.
void limit_memory(int64_t bytes);

}  // namespace emf::host_cuda
