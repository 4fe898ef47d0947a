// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/machine.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <openssl/crypto.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <ATen/Version.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <thread>

#include "harness/base/paths.h"
#include "harness/base/version.h"
#include "harness/kernels/bfloat16_products.h"

namespace emf {
namespace {

/// First line a command prints, or "" when it fails.
std::string first_line(const std::string& command) {
  std::array<char, 256> buffer{};
  // A process for a line of text is dear, but describe_machine() keeps what it found.
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return "";
  std::string line = std::fgets(buffer.data(), buffer.size(), pipe) != nullptr ? buffer.data() : "";
  ::pclose(pipe);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

/// The commit that the program was made of, and whether something was changed beside it.
std::pair<std::string, bool> source_state() {
  // A bundle has no repository; who made it left the commit, and "dirty" where that is not all.
  if (std::ifstream file(project_root() / "COMMIT"); file) {
    std::string commit, dirty;
    file >> commit >> dirty;
    return {commit, dirty == "dirty"};
  }
  const std::string git = "git -C '" + project_root().string() + "' ";
  return {first_line(git + "rev-parse HEAD"), !first_line(git + "status --porcelain").empty()};
}

/// What last bits depend on: the vectors of LibTorch's operations, and our kernels where the processor has them.
std::string simd_name() { return fmt::format("{} with kernels {}", at::get_cpu_capability(), cpu_kernels_name()); }

std::string kind_of(const std::string& simd, const std::string& libtorch) {
  return fmt::format("{}, LibTorch {}", simd, libtorch);
}

/// The first sentence of a library's own words; they go on for lines.
std::string first_words(const std::string& text) { return text.substr(0, text.find_first_of("\n(")); }

}  // namespace

std::string machine_kind() { return kind_of(simd_name(), TORCH_VERSION); }

std::string other_machine(const Json& provenance) {
  const std::string simd = provenance.value("simd", ""), libtorch = provenance.value("libtorch", "");
  if (simd.empty() || libtorch.empty()) return "";
  const std::string made_with = kind_of(simd, libtorch);
  return made_with == machine_kind() ? "" : made_with;
}

Json describe_machine() {
  // Once a process: all stages of a run bear the same description, even if somebody edits the tree meanwhile.
  static const Json machine = [] {
    const auto [commit, dirty] = source_state();
    utsname name{};
    ::uname(&name);
    return Json{{"emfbench", kVersion},
                {"commit", commit},
                {"dirty", dirty},
                {"host", name.nodename},
                {"system", fmt::format("{} {}", name.sysname, name.release)},
                {"cpu", cpu_name()},
                {"simd", simd_name()},
                {"threads", std::thread::hardware_concurrency()},
                {"compiler", "g++ " __VERSION__},
                {"libtorch", TORCH_VERSION},
                {"libraries",
                 {{"blas", first_words(at::get_mkl_version())},
                  {"onednn", first_words(at::get_mkldnn_version())},
                  {"openmp", first_words(at::get_openmp_version())},
                  {"openssl", OpenSSL_version(OPENSSL_VERSION)},
                  {"libc", std::string("glibc ") + ::gnu_get_libc_version()}}}};
  }();
  return machine;
}

}  // namespace emf
