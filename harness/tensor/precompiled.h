// The precompiled header of every LibTorch target: <torch/torch.h> alone costs about 17 s a file.
#pragma once

#include <fmt/format.h>
#include <torch/torch.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>
