// SPDX-License-Identifier: Apache-2.0
// Codecs by name: pixels, the shipped autoencoder, TorchScript files.
#include "harness/api/codec.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/codecs/scenes_autoencoder.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

at::Tensor some_pictures(int64_t count, int64_t side) {
  return (at::arange(count * 3 * side * side) * 7919).remainder(256).to(at::kByte).reshape({count, 3, side, side});
}

TEST(PixelCodec, LosesNothing) {
  const auto codec = make_codec("pixels", {16, 24});
  EXPECT_FALSE(codec->loses());
  EXPECT_EQ(codec->fingerprint(), Json({{"name", "pixels"}}));
  const at::Tensor every_byte = at::arange(256).to(at::kByte).reshape({1, 1, 16, 16}).expand({2, 3, 16, 16});
  EXPECT_TRUE(at::equal(codec->decode(codec->encode(every_byte)), every_byte));
  EXPECT_THROW(make_codec("pixels:x", {16, 16}), UserError);
  EXPECT_THROW(make_codec("pixel", {16, 16}), UserError);
}

TEST(AutoencoderCodec, IsTheShippedInstrumentOfTheSide) {
  const auto codec = make_codec("autoencoder", {32, 32});
  const Autoencoder instrument(autoencoder_path(32));
  EXPECT_EQ(codec->fingerprint(), Json({{"name", "autoencoder"}, {"sha256", instrument.sha256()}}));
  const at::Tensor pictures = some_pictures(3, 32), latents = codec->encode(pictures);
  EXPECT_TRUE(at::equal(latents, instrument.encode(pictures)));
  const at::Tensor expected = (instrument.decode(latents).clamp(0, 1) * 255).round().to(at::kByte);
  EXPECT_TRUE(at::equal(codec->decode(latents), expected));
  EXPECT_TRUE(codec->loses());
  EXPECT_THROW(codec->shape(32, 20), UserError);
  EXPECT_THROW(make_codec("autoencoder", {32, 64}), UserError);
  try {
    make_codec("autoencoder", {48, 48});
    FAIL() << "there is no instrument of this side";
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kMissing) << error.what();
  }
}

class ScriptCodec : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(folder_);
    write_halving_codec(path_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Codec> codec(const Json& facts) const {
    write_json(path_.string() + ".json", facts);
    return make_codec("torchscript:" + path_.string(), {16, 16});
  }
  std::string refusal(const Json& facts) const {
    try {
      codec(facts)->encode(some_pictures(1, 16));
    } catch (const UserError& error) {
      return error.what();
    }
    return "accepted";
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_codec_test_{}", ::getpid());
  const std::filesystem::path path_ = folder_ / "codec.pt";
};

TEST_F(ScriptCodec, ScalesAsItsFactsSay) {
  const auto codec = this->codec(
      {{"channels", 3}, {"factor", 2}, {"range", "0..255"}, {"mean", {10, 20, 30}}, {"std", 4}, {"batch", 7}});
  EXPECT_EQ(codec->batch(), 7);
  const LatentShape shape = codec->shape(16, 8);
  EXPECT_EQ((std::vector<int64_t>{shape.channels, shape.height, shape.width}), (std::vector<int64_t>{3, 8, 4}));
  const at::Tensor flat = at::tensor({50, 60, 70}, at::kByte).view({1, 3, 1, 1}).expand({2, 3, 16, 8});
  const at::Tensor latents = codec->encode(flat);
  EXPECT_TRUE(at::equal(latents, at::full({2, 3, 8, 4}, 10.0)));
  EXPECT_TRUE(at::equal(codec->decode(latents), flat));
  EXPECT_TRUE(at::equal(codec->decode(latents + 100), at::full({2, 3, 16, 8}, 255, at::kByte))) << "clamped";
}

TEST_F(ScriptCodec, FingerprintChangesWithWhateverChangesLatents) {
  const Json first = codec({{"channels", 3}, {"factor", 2}})->fingerprint();
  EXPECT_EQ(codec({{"channels", 3}, {"factor", 2}})->fingerprint(), first);
  EXPECT_NE(codec({{"channels", 3}, {"factor", 2}, {"std", 2}})->fingerprint(), first);
}

TEST_F(ScriptCodec, SaysWhatIsWrong) {
  EXPECT_NE(refusal(Json::object()).find("'channels' is missing"), std::string::npos) << refusal(Json::object());
  const Json other = {{"channels", 4}, {"factor", 2}};
  EXPECT_NE(refusal(other).find("its encode gave [1,3,8,8] where"), std::string::npos) << refusal(other);
  EXPECT_THROW(codec({{"channels", 3}, {"factor", 2}, {"std", 0}}), UserError);
  EXPECT_THROW(codec({{"channels", 3}, {"factor", 2}, {"mean", {1, 2}}}), UserError);
  EXPECT_THROW(codec({{"channels", 3}, {"factor", 2}, {"scale", 2}}), UserError);
  EXPECT_THROW(codec({{"channels", 3}, {"factor", 3}})->shape(16, 16), UserError);
  EXPECT_THROW(make_codec("torchscript", {16, 16}), UserError);
  write_color_backbone(path_);
  EXPECT_NE(refusal({{"channels", 3}, {"factor", 2}}).find("it has no method 'encode'"), std::string::npos);
}

}  // namespace
}  // namespace emf
