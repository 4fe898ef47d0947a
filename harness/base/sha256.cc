// SPDX-License-Identifier: Apache-2.0
// The three functions are deprecated since OpenSSL 3, whose new ones bring every cipher that it knows with them: four
// megabytes, where the program is linked to its archive.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "harness/base/sha256.h"

#include <fmt/format.h>
#include <openssl/sha.h>

namespace emf {

// OpenSSL, because it uses the processor's instructions for SHA where there are some: every text read from the
// feature cache is checked by a digest.
Sha256::Sha256() : state_(new SHA256_CTX, [](SHA256_CTX* state) { delete state; }) { SHA256_Init(state_.get()); }

void Sha256::update(const void* bytes, size_t count) { SHA256_Update(state_.get(), bytes, count); }

Sha256Digest Sha256::digest() {
  Sha256Digest digest;
  SHA256_Final(digest.data(), state_.get());
  return digest;
}

std::string Sha256::hex() {
  std::string text;
  for (const unsigned char byte : digest()) text += fmt::format("{:02x}", byte);
  return text;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return hash.digest();
}

}  // namespace emf
