// SPDX-License-Identifier: Apache-2.0
// The precompiled header of what calls ATen's functions. Not torch/torch.h: GCC instantiates what that leaves pending
// once more in every file, which costs more than it saves; a file that needs torch::nn or torch::jit names their
// headers.
#pragma once

#include <ATen/ATen.h>

#include "harness/tensor/precompiled.h"
