// SPDX-License-Identifier: Apache-2.0
// Encoders that read TorchScript waited forever once SentencePiece was linked behind LibTorch.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>

namespace emf {
namespace {

// Both libraries export a FLAGS_minloglevel: four bytes in libc10, an absl flag of 32 in libsentencepiece. The first on
// the link line gives it to both. Were that libc10, the flag's constructor would write over what lies behind the four
// bytes, a mutex that TorchScript takes: every script would wait forever.
TEST(Issues, SentencePieceStandsBeforeLibTorch) {
  const void* flag = ::dlsym(RTLD_DEFAULT, "FLAGS_minloglevel");
  if (flag == nullptr) GTEST_SKIP() << "neither exports it";
  Dl_info info;
  ASSERT_NE(::dladdr(flag, &info), 0);
  EXPECT_NE(std::string(info.dli_fname).find("sentencepiece"), std::string::npos) << info.dli_fname;
}

}  // namespace
}  // namespace emf
