// SPDX-License-Identifier: Apache-2.0
// SHA-256 as bytes, and of what arrives piece by piece.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct SHA256state_st;

namespace emf {

using Sha256Digest = std::array<unsigned char, 32>;

class Sha256 {
 public:
  Sha256();
  void update(const void* bytes, size_t count);
  /// The end: either of the two, once.
  Sha256Digest digest();
  std::string hex();

 private:
  std::unique_ptr<SHA256state_st, void (*)(SHA256state_st*)> state_;
};

/// SHA-256 of the bytes.
Sha256Digest sha256(std::string_view bytes);

}  // namespace emf
