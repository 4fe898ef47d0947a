// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/placement.h"

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/core/impl/alloc_cpu.h>
#include <dlfcn.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

constexpr const char* kCheck = "check with: nvidia-smi";

/// The number of "cuda:3"; nothing where it is none.
std::optional<at::DeviceIndex> number_of(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number < 0 || number > std::numeric_limits<at::DeviceIndex>::max()) return std::nullopt;
  return static_cast<at::DeviceIndex>(number);
}

std::filesystem::path libtorch_folder() {
  Dl_info info{};
  // Some function of libc10, whose file lies beside the others.
  if (::dladdr(reinterpret_cast<const void*>(&c10::alloc_cpu), &info) == 0 || info.dli_fname == nullptr) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

/// Loads LibTorch's CUDA half, which the program is not linked against, so that one program serves both kinds of
/// install and a run on the CPU does not wait for gigabytes of kernels. LibTorch remembers the first answer to whether
/// it is there.
/// @return  why not; "" when it is there.
const std::string& load_cuda() {
  static const std::string why = [] {
    if (at::CUDAHooksRegistry()->Has("CUDAHooks")) return std::string();
    const std::filesystem::path path = libtorch_folder() / "libtorch_cuda.so";
    std::error_code unreadable;
    if (!std::filesystem::exists(path, unreadable)) {
      return fmt::format(
          "LibTorch in {} is a build for CPUs; install one for CUDA (pip install torch), or name its folder: "
          "EMFBENCH_TORCH=/path/to/site-packages/torch",
          libtorch_folder().string());
    }
    if (::dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL) == nullptr) {
      const char* reason = ::dlerror();
      return fmt::format("{} cannot be loaded ({}); install torch anew with the packages that it asks for",
                         path.string(), reason == nullptr ? "no reason given" : reason);
    }
    // libtorch_cuda.so brings solvers in a library of its own, which it looks for by itself.
    return at::CUDAHooksRegistry()->Has("CUDAHooks") ? std::string() : path.string() + " registers no CUDA";
  }();
  return why;
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// "580.65.06" of the driver's own words, "" where there are none.
std::string driver_version() {
  const std::string line = first_line("/proc/driver/nvidia/version");
  const size_t end = line.find("  Release Build"), dot = line.find('.');
  if (dot == std::string::npos) return "";
  const size_t begin = line.find_last_of(" \t", dot) + 1;
  return line.substr(begin, std::min(end, line.find_first_of(" \t", dot)) - begin);
}

/// Name, memory and capability, from the driver itself: its functions keep their form from version to version.
void ask_driver(int ordinal, Json& facts) {
  void* const driver = ::dlopen("libcuda.so.1", RTLD_LAZY);
  if (driver == nullptr) return;
  constexpr int kMajor = 75, kMinor = 76;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
  const auto start = reinterpret_cast<int (*)(unsigned)>(::dlsym(driver, "cuInit"));
  const auto get = reinterpret_cast<int (*)(int*, int)>(::dlsym(driver, "cuDeviceGet"));
  const auto name_of = reinterpret_cast<int (*)(char*, int, int)>(::dlsym(driver, "cuDeviceGetName"));
  const auto memory_of = reinterpret_cast<int (*)(size_t*, int)>(::dlsym(driver, "cuDeviceTotalMem_v2"));
  const auto attribute_of = reinterpret_cast<int (*)(int*, int, int)>(::dlsym(driver, "cuDeviceGetAttribute"));
  int device = 0;
  if (start == nullptr || get == nullptr || start(0) != 0 || get(&device, ordinal) != 0) return;
  char name[256] = "";
  if (name_of != nullptr && name_of(name, sizeof name, device) == 0) facts["name"] = name;
  size_t bytes = 0;
  if (memory_of != nullptr && memory_of(&bytes, device) == 0) facts["memory_bytes"] = bytes;
  int major = 0, minor = 0;
  if (attribute_of != nullptr && attribute_of(&major, kMajor, device) == 0 &&
      attribute_of(&minor, kMinor, device) == 0) {
    facts["capability"] = fmt::format("{}.{}", major, minor);
  }
}

/// A plugin's own device.
bool is_of_plugin(const std::string& name) {
  return c10::is_privateuse1_backend_registered() && name == c10::get_privateuse1_backend();
}

}  // namespace

const Peers& Peers::alone() {
  static const Peers peers;
  return peers;
}

Json Placement::to_json() const {
  Json json = {{"device", device.str()}, {"peers", peers->count()}};
  if (!device.is_cuda()) return json;
  const at::Context& context = at::globalContext();
  json["card"] = device_facts(device);
  json["tf32"] = {{"products", context.allowTF32CuBLAS()}, {"convolutions", context.allowTF32CuDNN()}};
  json["deterministic"] = {{"algorithms", context.deterministicAlgorithms()},
                           {"cudnn", context.deterministicCuDNN()},
                           {"cudnn_benchmark", context.benchmarkCuDNN()}};
  return json;
}

Placement read_placement(const std::string& device, const std::string& where) {
  Placement placement;
  if (device == "cpu") return placement;
  if (device == "cuda" || device.starts_with("cuda:")) {
    const std::optional<at::DeviceIndex> number = device == "cuda" ? at::DeviceIndex{0} : number_of(device.substr(5));
    if (!number) fail_input("{}: '{}' names no device; write cuda, or cuda:0, cuda:1 ...", where, device);
    placement.device = at::Device(at::kCUDA, *number);
    return placement;
  }
  if (is_of_plugin(device)) {
    placement.device = at::Device(at::kPrivateUse1, 0);
    return placement;
  }
  fail_input("{}: unknown device '{}'{}", where, device, suggestion(device, {"cpu", "cuda", "cuda:0"}));
}

void require_device(const Placement& placement, const std::string& where) {
  if (!placement.device.is_cuda()) return;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const std::string device = placement.device.str();
  if (const std::string& why = load_cuda(); !why.empty()) fail_missing("{}: device '{}': {}", where, device, why);
  if (!at::globalContext().hasCUDA()) {
    fail_missing(
        "{}: device '{}': LibTorch in {} finds no CUDA device, or no driver that is new enough for it; {}; "
        "without one, leave 'device' out",
        where, device, libtorch_folder().string(), kCheck);
  }
  const int count = at::detail::getCUDAHooks().getNumGPUs();
  if (placement.device.index() >= count) {
    fail_missing("{}: device '{}': there {} {}, numbered from 0; {}", where, device, count == 1 ? "is" : "are", count,
                 kCheck);
  }
  at::Context& context = at::globalContext();
  context.lazyInitDevice(at::kCUDA);
  // float32 means float32 unless somebody asks for less: scores of two machines are compared.
  context.setAllowTF32CuBLAS(placement.tf32);
  context.setAllowTF32CuDNN(placement.tf32);
  // The fastest of several convolutions may be another one in the next process.
  context.setBenchmarkCuDNN(false);
  context.setDeterministicCuDNN(true);
}

Placement ready_placement(const std::string& device, const std::string& where) {
  const Placement placement = read_placement(device, where);
  require_device(placement, where);
  return placement;
}

Json device_facts(const at::Device& device) {
  Json facts = Json::object();
  if (!device.is_cuda()) return facts;
  ask_driver(device.index(), facts);
  if (const std::string version = driver_version(); !version.empty()) facts["driver"] = version;
  if (at::CUDAHooksRegistry()->Has("CUDAHooks")) {
    const int64_t version = at::detail::getCUDAHooks().versionCUDART();
    facts["runtime"] = fmt::format("CUDA {}.{}", version / 1000, version % 1000 / 10);
  }
  return facts;
}

at::Tensor to_device(const at::Tensor& tensor, const at::Device& device) {
  if (!tensor.defined() || tensor.device() == device) return tensor;
  if (!tensor.is_cpu() || !device.is_cuda()) return tensor.to(device);
  return tensor.pin_memory().to(device, /*non_blocking=*/true);
}

void synchronize(const at::Device& device) {
  if (device.is_cpu()) return;
  c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

}  // namespace emf
