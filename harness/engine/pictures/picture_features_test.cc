// SPDX-License-Identifier: Apache-2.0
// There is one way from pictures to lite0's features, and it gives the numbers that fd_lite0 always had.
#include "harness/engine/pictures/picture_features.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/backbones/efficientnet_lite0.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/engine/pictures/picture_file.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

at::Tensor some_pictures(int64_t count, int64_t height, int64_t width) {
  return (at::arange(count * 3 * height * width) * 7919)
      .remainder(256)
      .to(at::kByte)
      .reshape({count, 3, height, width});
}

/// As fd_lite0 was first computed: eight pictures at a time, resized together, without antialias, corners not aligned.
at::Tensor first_features(const EfficientNetLite0& network, const at::Tensor& pictures) {
  constexpr int64_t kSlice = 8, kSide = EfficientNetLite0::kSide;
  std::vector<at::Tensor> rows;
  for (int64_t row = 0; row < pictures.size(0); row += kSlice) {
    const at::Tensor slice = pictures.narrow(0, row, std::min(kSlice, pictures.size(0) - row)).to(at::kFloat);
    const at::Tensor resized = at::upsample_bilinear2d(slice, {kSide, kSide}, /*align_corners=*/false);
    rows.push_back(network.features((resized - 127) / 128));
  }
  return at::cat(rows);
}

class Lite0Pictures : public testing::Test {
 protected:
  void SetUp() override {
    const auto weights = package_file("efficientnet-lite0");
    if (!std::filesystem::exists(weights.path)) GTEST_SKIP() << "no weights at " << weights.path;
  }
};

TEST_F(Lite0Pictures, AreBitEqualToTheFirstImplementation) {
  const PictureFeatures features("lite0");
  const EfficientNetLite0 network;
  for (const auto& [count, height, width] :
       {std::tuple{21, 32, 32}, {9, 64, 64}, {3, 224, 224}, {2, 300, 180}, {1, 32, 32}}) {
    const at::Tensor rows = some_pictures(count, height, width);
    // Pictures read from a store are in rows; datasets give them with their channels last.
    for (const at::Tensor& pictures : {rows, rows.contiguous(at::MemoryFormat::ChannelsLast)}) {
      EXPECT_TRUE(at::equal(features.features(pictures), first_features(network, pictures)))
          << count << " pictures of " << width << " x " << height;
    }
  }
}

TEST_F(Lite0Pictures, HaveOneIdentityAndTheirClasses) {
  const PictureFeatures features("lite0");
  const Json identity = features.identity();
  EXPECT_EQ(identity.at("backbone"), "efficientnet-lite0");
  EXPECT_EQ(identity.at("resize"), "bilinear 224");
  const at::Tensor rows = features.features(some_pictures(2, 32, 32));
  const FeatureMatrix matrix = features.matrix(rows);
  EXPECT_EQ(matrix.identity, identity);
  EXPECT_EQ(matrix.rows, 2);
  EXPECT_EQ(matrix.columns, 1280);
  EXPECT_EQ(matrix.values[1280], rows[1][0].item<float>());
  EXPECT_EQ(features.logits(rows).sizes(), (at::IntArrayRef{2, 1000}));
}

TEST(PicturesOfAScript, FoldersAndMemoryAgree) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("emf_picture_features_test_{}", ::getpid());
  make_folder(folder / "pictures");
  write_color_backbone(folder / "backbone.pt");
  write_json(folder / "backbone.pt.json", {{"side", 8}, {"resize", "bilinear"}});
  const at::Tensor some = some_pictures(19, 12, 12);
  for (int64_t i = 0; i < some.size(0); ++i) {
    write_picture_grid(folder / "pictures" / fmt::format("{:02}.png", i), some.narrow(0, i, 1), 1, 1);
  }
  const PictureFeatures features("torchscript:" + (folder / "backbone.pt").string());
  const FeatureMatrix from_files = features.rows(pictures::PictureSet(folder / "pictures"));
  const FeatureMatrix from_memory = features.matrix(features.features(some));
  EXPECT_EQ(from_files.identity, from_memory.identity);
  EXPECT_EQ(from_files.values, from_memory.values);
  EXPECT_EQ(features.statistics(pictures::PictureSet(folder / "pictures")).rows(), 19);
  EXPECT_EQ(PictureFeatures("torchscript:" + (folder / "backbone.pt").string(), "tf1").identity().at("resize"),
            "tf1 8");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace emf
