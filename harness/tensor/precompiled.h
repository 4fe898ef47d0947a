// SPDX-License-Identifier: Apache-2.0
// The precompiled header of what includes LibTorch's tensors and hands them on.
#pragma once

#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
