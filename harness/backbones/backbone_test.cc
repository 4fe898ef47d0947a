// SPDX-License-Identifier: Apache-2.0
// Backbones by name.
#include "harness/api/backbone.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

class ScriptBackbone : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(folder_);
    write_color_backbone(path_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Backbone> backbone(const Json& facts) const {
    write_json(path_.string() + ".json", facts);
    return make_backbone("torchscript:" + path_.string());
  }
  static at::Tensor picture() {
    return at::tensor({51.0, 102.0, 255.0}, at::kFloat).view({1, 3, 1, 1}).expand({1, 3, 4, 4}).contiguous();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_backbone_test_{}", ::getpid());
  const std::filesystem::path path_ = folder_ / "backbone.pt";
};

TEST_F(ScriptBackbone, FeaturesInTheRangeAsked) {
  const auto near = [](const at::Tensor& features, std::vector<double> expected) {
    return at::allclose(features, at::tensor(expected, at::kFloat).view({1, 3}), 1e-5, 1e-5);
  };
  EXPECT_TRUE(near(backbone(Json::object())->features(picture()), {102, 204, 510}))
      << "return_features is given unasked";
  EXPECT_TRUE(near(backbone({{"arguments", {{"return_features", false}}}})->features(picture()), {51, 102, 255}));
  EXPECT_TRUE(near(backbone({{"arguments", Json::object()}, {"range", "0..1"}})->features(picture()), {0.2, 0.4, 1}));
  EXPECT_TRUE(near(
      backbone({{"arguments", Json::object()}, {"range", "0..1"}, {"mean", {0.1, 0.2, 0.5}}, {"std", {0.5, 0.5, 0.25}}})
          ->features(picture()),
      {0.2, 0.4, 2}));
}

TEST_F(ScriptBackbone, IdentityHoldsWhateverChangesFeatures) {
  EXPECT_NE(backbone({{"range", "0..1"}})->identity(), backbone({{"range", "-1..1"}})->identity());
  EXPECT_EQ(backbone({{"layer", "pool3"}})->identity().at("layer"), "pool3");
  EXPECT_EQ(backbone({{"side", 64}})->side(), 64);
  EXPECT_EQ(backbone({{"resize", "tf1"}})->resize(), ResizeFilter::kTf1);
}

TEST_F(ScriptBackbone, IsOfficialWhereDeclaredSo) {
  EXPECT_FALSE(backbone(Json::object())->official());
  EXPECT_FALSE(backbone(Json::object())->classifies());
  EXPECT_EQ(backbone({{"name", "colors"}})->short_name(), "colors");
  const auto declared = backbone({{"official", "inception-2015"}, {"name", "colors"}});
  EXPECT_TRUE(declared->official());
  EXPECT_EQ(declared->short_name(), "");
  EXPECT_EQ(declared->identity().at("official"), "inception-2015, as declared");
  EXPECT_THROW(backbone({{"official", "inception-2014"}}), UserError);
}

TEST_F(ScriptBackbone, SaysWhatIsWrong) {
  EXPECT_THROW(backbone({{"mean", {1, 2}}}), UserError);
  EXPECT_THROW(backbone({{"rezise", "tf1"}}), UserError);
  EXPECT_THROW(backbone({{"arguments", {{"return_features", "yes"}}}})->features(picture()), UserError);
  EXPECT_THROW(backbone(Json::object())->logits(at::zeros({1, 3})), UserError);
  EXPECT_THROW(make_backbone("torchscript"), UserError);
  EXPECT_THROW(make_backbone("inceptoin"), UserError);
}

}  // namespace
}  // namespace emf
