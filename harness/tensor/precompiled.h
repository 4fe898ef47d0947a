// The precompiled header of every LibTorch target. Not torch/torch.h: GCC instantiates what that
// leaves pending once more in every file, which costs more than it saves; a file that needs
// torch::nn or torch::jit names their headers itself.
#pragma once

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
