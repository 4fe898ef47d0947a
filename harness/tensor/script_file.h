// SPDX-License-Identifier: Apache-2.0
// TorchScript files and what stands beside them: the networks that users bring along.
#pragma once

#include <ATen/core/ivalue.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/config.h"
#include "harness/tensor/placement.h"

namespace torch::jit {
struct Module;
}

namespace emf {

struct ScriptFile {
  std::shared_ptr<torch::jit::Module> module;  ///< in evaluation mode
  std::string sha256;
  Config facts;  ///< of <file>.json beside it; empty where there is none
};

/// Loads a TorchScript file (torch.jit.save) and the JSON file beside it, `model.pt.json` of `model.pt`.
/// @throws UserError  absent (kMissing); not TorchScript; JSON that is no object.
ScriptFile read_script(const std::filesystem::path& path, const Placement& placement = {});

/// What a call of the module's forward gives, without gradients.
/// @param named  keyword arguments: true, false and numbers.
/// @throws UserError  what the script throws, its first line.
c10::IValue run_script(const ScriptFile& script, const c10::IValue& input, const Json& named = Json::object());

/// The same of any method and any number of inputs.   @throws UserError  no such method; what the script throws.
c10::IValue run_script_method(const ScriptFile& script, const std::string& method, std::vector<c10::IValue> inputs,
                              const Json& named = Json::object());

/// Pictures as a script wants them: bytes' range 0..255 mapped to "0..255", "0..1" or "-1..1".
at::Tensor in_range(const at::Tensor& pictures, const std::string& range);
/// The way back, to uint8: what lies outside the range becomes its nearest end.
at::Tensor bytes_from_range(const at::Tensor& values, const std::string& range);
const std::vector<std::string>& script_ranges();

}  // namespace emf
