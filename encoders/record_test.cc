// SPDX-License-Identifier: Apache-2.0
// record's file holds every row that went through, in order, whatever the calls were.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/api/encoder.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

TEST(Record, SavesWhatWentThrough) {
  const at::NoGradGuard no_grad;
  const auto path = std::filesystem::temp_directory_path() / fmt::format("emf_record_{}.safetensors", ::getpid());
  const std::vector<Prompt> prompts = {
      {"a cat", Json()}, {"a photo of two dogs", Json()}, {"", Json()}, {"one more kite", Json()}};
  const auto plain = make_encoder("hash", Json(), 5);
  const TextFeatures expected = plain->forward(plain->prepare(prompts));
  {
    const auto encoder = make_encoder("record:hash", {{"path", path.string()}}, 5);
    for (const Prompt& prompt : prompts) encoder->forward(encoder->prepare({prompt}));
  }
  const NamedTensors saved = read_safetensors(path);
  EXPECT_TRUE(at::equal(saved.at("tokens"), expected.tokens));
  EXPECT_TRUE(at::equal(saved.at("mask"), expected.mask.to(at::kByte)));
  EXPECT_TRUE(at::equal(saved.at("ids"), plain->prepare(prompts).ids));
  std::filesystem::remove(path);
}

TEST(Record, AFolderThatIsNoneIsFoundAtOnce) {
  const auto encoder = make_encoder("record:hash", {{"path", "/dev/null/x.safetensors"}}, 5);
  EXPECT_THROW(encoder->forward(encoder->prepare({{"a cat", Json()}})), UserError);
}

}  // namespace
}  // namespace emf
