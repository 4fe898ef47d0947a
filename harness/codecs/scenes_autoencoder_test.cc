// SPDX-License-Identifier: Apache-2.0
// The autoencoder: shapes, determinism, what its file must hold.
#include "harness/codecs/scenes_autoencoder.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/tensor/instrument_file.h"

namespace emf {
namespace {

const AutoencoderSizes kSmall = {{8, 12, 16}, {16, 12, 8}, 4};

/// A small untrained autoencoder on disk; removed at the end.
class AutoencoderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / fmt::format("emf_autoencoder_{}.safetensors", getpid());
    AutoencoderNetwork network(kSmall);
    network.initialise(3);
    tensors_ = module_tensors(network);
    tensors_["latent_mean"] = at::full({4}, 0.5);
    tensors_["latent_deviation"] = at::full({4}, 2.0);
    write();
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write() { write_instrument(path_, "autoencoder", tensors_, {{"side", 32}, {"sizes", kSmall.to_json()}}); }
  std::string refusal() const {
    try {
      Autoencoder autoencoder(path_);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path path_;
  NamedTensors tensors_;
};

at::Tensor some_pictures(int64_t count, int64_t side) {
  return (at::arange(count * 3 * side * side) * 7919).remainder(256).to(at::kByte).reshape({count, 3, side, side});
}

TEST_F(AutoencoderTest, EncodesAndDecodesBothSides) {
  const Autoencoder autoencoder(path_);
  EXPECT_EQ(autoencoder.latent_channels(), 4);
  for (const int64_t side : {32, 64}) {
    const at::Tensor latents = autoencoder.encode(some_pictures(3, side));
    EXPECT_EQ(latents.sizes(), (at::IntArrayRef{3, 4, side / 8, side / 8}));
    const at::Tensor pictures = autoencoder.decode(latents);
    EXPECT_EQ(pictures.sizes(), (at::IntArrayRef{3, 3, side, side}));
    EXPECT_EQ(pictures.scalar_type(), at::kFloat);
    EXPECT_GE(pictures.min().item<float>(), 0);
    EXPECT_LE(pictures.max().item<float>(), 1);
    EXPECT_FALSE(pictures.requires_grad());
  }
}

TEST_F(AutoencoderTest, IsDeterministicWhateverTheBatch) {
  const Autoencoder autoencoder(path_);
  const at::Tensor pictures = some_pictures(300, 32);  // more than one slice
  const at::Tensor latents = autoencoder.encode(pictures);
  EXPECT_TRUE(at::equal(latents, autoencoder.encode(pictures)));
  EXPECT_TRUE(at::allclose(latents[299], autoencoder.encode(pictures.narrow(0, 299, 1))[0], 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(latents, autoencoder.encode(pictures.to(at::kFloat) / 255), 1e-4, 1e-5));
}

TEST_F(AutoencoderTest, StandardisesByTheFile) {
  const at::Tensor before = Autoencoder(path_).encode(some_pictures(2, 32));
  tensors_["latent_mean"] = at::zeros({4});
  tensors_["latent_deviation"] = at::ones({4});
  write();
  const Autoencoder raw(path_);
  const at::Tensor latents = raw.encode(some_pictures(2, 32));
  EXPECT_TRUE(at::allclose(before, (latents - 0.5) / 2, 1e-5, 1e-6));
}

TEST_F(AutoencoderTest, RefusesOtherFiles) {
  write_instrument(path_, "detector", tensors_, {{"side", 32}});
  EXPECT_NE(refusal().find("is not an autoencoder instrument"), std::string::npos) << refusal();
  write_safetensors(path_, {{"x", at::zeros({1})}});
  EXPECT_NE(refusal().find("is not an autoencoder instrument"), std::string::npos) << refusal();
  tensors_.erase("decoder_in.weight");
  write();
  EXPECT_NE(refusal().find("decoder_in.weight"), std::string::npos) << refusal();
  EXPECT_EQ(refusal().find('\n'), std::string::npos);
}

TEST(AutoencoderFileTest, AbsentFileSaysHowToGetIt) {
  try {
    Autoencoder autoencoder("/nowhere/autoencoder-32.safetensors");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kMissing);
    EXPECT_NE(std::string(error.what()).find("run instruments"), std::string::npos);
  }
}

}  // namespace
}  // namespace emf
