// SPDX-License-Identifier: Apache-2.0
// The precompiled header of every target without LibTorch.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
