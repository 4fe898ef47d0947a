// SPDX-License-Identifier: Apache-2.0
// What every fuzz target is made of: bytes as text or as a file of a name, and the errors that readers answer with.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "harness/base/error.h"
#include "harness/base/progress.h"

namespace emf::fuzz {

/// The bytes as a file in memory, gone with the next.
inline std::filesystem::path file_of(std::string_view bytes, const std::string& name) {
  static const std::filesystem::path folder = [] {
    std::string place = "/dev/shm/emf_fuzz_XXXXXX";
    if (::mkdtemp(place.data()) == nullptr) std::abort();
    static std::filesystem::path made;
    made = place;
    std::atexit([] { std::filesystem::remove_all(made); });
    return made;
  }();
  std::ofstream(folder / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return folder / name;
}

/// A text in front of the first byte 0 and the one behind it: two inputs out of one.
inline std::pair<std::string_view, std::string_view> halves(std::string_view bytes) {
  const size_t cut = bytes.find('\0');
  if (cut == std::string_view::npos) return {bytes, {}};
  return {bytes.substr(0, cut), bytes.substr(cut + 1)};
}

}  // namespace emf::fuzz

/// Begins a target:  EMF_FUZZ(bytes) { reads bytes; }. A UserError is an answer; whatever else is thrown is a finding.
#define EMF_FUZZ(bytes)                                                     \
  static void fuzz_one(std::string_view bytes);                             \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    emf::Talk::quiet() = true;                                              \
    try {                                                                   \
      fuzz_one({reinterpret_cast<const char*>(data), size});                \
    } catch (const emf::UserError&) {                                       \
    }                                                                       \
    return 0;                                                               \
  }                                                                         \
  static void fuzz_one(std::string_view bytes)
