#include "harness/base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace emf {

// OpenSSL, because it uses the processor's instructions for SHA where there are some: every text read from the
// feature cache is checked by a digest.
Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void Sha256::update(const void* bytes, size_t count) { EVP_DigestUpdate(context_.get(), bytes, count); }

Sha256Digest Sha256::digest() {
  Sha256Digest digest;
  EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
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
