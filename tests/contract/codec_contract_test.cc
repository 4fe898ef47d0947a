// SPDX-License-Identifier: Apache-2.0
// What every registered codec must hold to; a new one is tested by being registered.
#include "harness/api/codec.h"

#include <ATen/ATen.h>

#include <future>

#include "tests/contract/picture_plugin.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

constexpr int64_t kSide = 32;

class CodecContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    MadePlugin<Codec> made = this->made();
    if (!made.plugin) GTEST_SKIP() << made.absent;
    codec_ = std::move(made.plugin);
  }

  static MadePlugin<Codec> made(const Options& options = {}) {
    return make_for_contract<Codec, CodecRegistry>(
        GetParam(), CodecContext{kSide, kSide}, options, [](const auto& path) {
          write_halving_codec(path);
          write_json(path.string() + ".json", {{"channels", 3}, {"factor", 2}});
        });
  }

  std::unique_ptr<Codec> codec_;
};

TEST_P(CodecContract, FingerprintIsNamedAndStable) {
  EXPECT_EQ(codec_->fingerprint().at("name"), GetParam());
  EXPECT_EQ(made().plugin->fingerprint(), codec_->fingerprint());
}

TEST_P(CodecContract, ShapesAndTypesAreAsPromised) {
  const at::Tensor pictures = pattern_pictures(3, kSide);
  const LatentShape shape = codec_->shape(kSide, kSide);
  const at::Tensor latents = codec_->encode(pictures);
  EXPECT_EQ(latents.scalar_type(), at::kFloat);
  EXPECT_EQ(latents.sizes(), (std::vector<int64_t>{3, shape.channels, shape.height, shape.width}));
  EXPECT_TRUE(at::isfinite(latents).all().item<bool>());
  EXPECT_LT(latents.abs().mean().item<double>(), 10) << "latents are of about unit scale";
  EXPECT_FALSE(latents.requires_grad());
  const at::Tensor back = codec_->decode(latents);
  EXPECT_EQ(back.scalar_type(), at::kByte);
  EXPECT_EQ(back.sizes(), pictures.sizes());
  EXPECT_GT(codec_->batch(), 0);
}

TEST_P(CodecContract, WhatLosesNothingGivesPicturesBack) {
  const at::Tensor pictures = pattern_pictures(3, kSide);
  const bool same = at::equal(codec_->decode(codec_->encode(pictures)), pictures);
  EXPECT_TRUE(codec_->loses() || same);
}

TEST_P(CodecContract, WhateverAGeneratorPaintsBecomesAPicture) {
  const LatentShape shape = codec_->shape(kSide, kSide);
  const at::Tensor wild = at::full({1, shape.channels, shape.height, shape.width}, 1e4);
  EXPECT_EQ(codec_->decode(wild).sizes(), (at::IntArrayRef{1, 3, kSide, kSide}));
  EXPECT_EQ(codec_->decode(-wild).scalar_type(), at::kByte);
}

TEST_P(CodecContract, EqualPicturesGiveEqualLatentsFromManyThreads) {
  const at::Tensor pictures = pattern_pictures(4, kSide), latents = codec_->encode(pictures);
  std::vector<std::future<at::Tensor>> others;
  for (int i = 0; i < 3; ++i) {
    others.push_back(std::async(std::launch::async, [&] { return codec_->encode(pictures); }));
  }
  for (auto& other : others) EXPECT_TRUE(at::allclose(other.get(), latents, 1e-4, 1e-5));
  EXPECT_TRUE(at::equal(codec_->encode(pictures), latents));
  EXPECT_TRUE(at::allclose(codec_->encode(pictures.narrow(0, 3, 1))[0], latents[3], 1e-4, 1e-4));
}

TEST_P(CodecContract, UnknownOptionIsNamed) {
  try {
    made(Options({{"no_such_option", 1}}, "codec options"));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("no_such_option"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, CodecContract, testing::ValuesIn(CodecRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
