// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/script_file.h"

#include <ATen/core/grad_mode.h>

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"

namespace emf {
namespace {

/// What TorchScript says first; a trace of its own code follows.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The interpreter puts its trace first and the reason last.
std::string last_line(const std::string& text) {
  const size_t end = text.find_last_not_of("\n ");
  const size_t start = text.find_last_of('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1, end - start);
}

}  // namespace

ScriptFile read_script(const std::filesystem::path& path, const Placement& placement) {
  if (!path_exists(path)) fail_missing("{}: no such TorchScript file", path.string());
  require_input(path);
  ScriptFile script;
  try {
    script.module = std::make_shared<torch::jit::Module>(torch::jit::load(path.string(), placement.device));
  } catch (const c10::OutOfMemoryError&) {
    throw;  // says nothing of the file
  } catch (const c10::Error& error) {
    fail_input("{}: not a TorchScript file as torch.jit.save writes it ({})", path.string(),
               first_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    // Its reader of pickles and its parser of code throw whatever their own libraries do.
    fail_input("{}: not a TorchScript file as torch.jit.save writes it, or damaged ({})", path.string(),
               first_line(error.what()));
  }
  script.module->eval();
  script.sha256 = sha256_file(path);
  script.facts.origin = path.string() + ".json";
  if (path_exists(script.facts.origin)) {
    script.facts.values = read_json(script.facts.origin);
    if (!script.facts.values.is_object()) fail_input("{}: must be an object", script.facts.origin);
  }
  return script;
}

c10::IValue run_script(const ScriptFile& script, const c10::IValue& input, const Json& named) {
  return run_script_method(script, "forward", {input}, named);
}

c10::IValue run_script_method(const ScriptFile& script, const std::string& method, std::vector<c10::IValue> inputs,
                              const Json& named) {
  const at::NoGradGuard no_grad;
  torch::jit::Kwargs arguments;
  for (const auto& [name, value] : named.items()) {
    if (value.is_boolean()) {
      arguments[name] = value.get<bool>();
    } else if (value.is_number_integer()) {
      arguments[name] = value.get<int64_t>();
    } else if (value.is_number()) {
      arguments[name] = value.get<double>();
    } else {
      fail_input("{}: argument '{}' must be true, false or a number, not {}", script.facts.origin, name, value.dump());
    }
  }
  const std::string file = script.facts.origin.substr(0, script.facts.origin.size() - std::string(".json").size());
  const auto called = script.module->find_method(method);
  if (!called) fail_input("{}: it has no method '{}'", file, method);
  const TimeLimit limit(fmt::format("{}: its {}", file, method), most_script_seconds(), "EMFBENCH_SCRIPT_SECONDS");
  try {
    return (*called)(std::move(inputs), arguments);
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const c10::Error& error) {
    fail_input("{}: its {} failed ({})", file, method, last_line(error.what_without_backtrace()));
  } catch (const std::runtime_error& error) {
    fail_input("{}: its {} failed ({})", file, method, last_line(error.what()));
  }
}

at::Tensor in_range(const at::Tensor& pictures, const std::string& range) {
  const at::Tensor x = pictures.to(at::kFloat);
  if (range == "0..1") return x / 255;
  if (range == "-1..1") return x / 127.5 - 1;
  return x;
}

at::Tensor bytes_from_range(const at::Tensor& values, const std::string& range) {
  at::Tensor bytes = values.to(at::kFloat);
  if (range == "0..1") bytes = bytes * 255;
  if (range == "-1..1") bytes = (bytes + 1) * 127.5;
  return bytes.round().clamp(0, 255).to(at::kByte);
}

const std::vector<std::string>& script_ranges() {
  static const std::vector<std::string> ranges = {"0..255", "0..1", "-1..1"};
  return ranges;
}

}  // namespace emf
