// SPDX-License-Identifier: Apache-2.0
// check passes where two encoders agree, and says by how much where they do not.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/api/encoder.h"

namespace emf {
namespace {

const std::vector<Prompt> kPrompts = {{"a photo of a cat", Json()}, {"two dogs", Json()}};

std::string complaint(const std::string& spec, const Json& options) {
  const at::NoGradGuard no_grad;
  try {
    const auto encoder = make_encoder(spec, options, 5);
    encoder->forward(encoder->prepare(kPrompts));
    return "";
  } catch (const UserError& error) {
    return error.what();
  }
}

TEST(Check, GivesTheFirstEncodersFeaturesAndAHistogram) {
  const at::NoGradGuard no_grad;
  testing::internal::CaptureStderr();
  {
    const auto encoder = make_encoder("check:hash,degraded:noise=0.001:hash", {{"abs", 0.1}}, 5),
               plain = make_encoder("hash", Json(), 5);
    EXPECT_TRUE(at::equal(encoder->forward(encoder->prepare(kPrompts)).tokens,
                          plain->forward(plain->prepare(kPrompts)).tokens));
  }
  const std::string talk = testing::internal::GetCapturedStderr();
  EXPECT_NE(talk.find("of 896 features"), std::string::npos) << talk;
  EXPECT_NE(talk.find("1e-3..1e-2"), std::string::npos) << talk;
}

TEST(Check, FailsBeyondItsTolerances) {
  EXPECT_EQ(complaint("check:hash,hash", Json()), "");
  EXPECT_EQ(complaint("check:hash,degraded:noise=0.01:hash", {{"abs", 1}}), "");
  EXPECT_NE(complaint("check:hash,degraded:noise=0.01:hash", Json()).find("differ beyond abs"), std::string::npos);
  EXPECT_NE(complaint("check:hash,random", Json()).find("prompt 0 different ids"), std::string::npos);
  EXPECT_NE(complaint("check:hash,hash", {{"b", {{"dimension", 64}}}}).find("64"), std::string::npos);
  EXPECT_NE(complaint("check:hash", Json()).find("check:a,b"), std::string::npos);
}

}  // namespace
}  // namespace emf
