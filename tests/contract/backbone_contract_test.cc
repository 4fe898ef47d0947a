// SPDX-License-Identifier: Apache-2.0
// What every registered backbone must hold to; a new one is tested by being registered.
#include "harness/api/backbone.h"

#include <ATen/ATen.h>

#include "tests/contract/picture_plugin.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

class BackboneContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    MadePlugin<Backbone> made = this->made();
    if (!made.plugin) GTEST_SKIP() << made.absent;
    backbone_ = std::move(made.plugin);
  }

  static MadePlugin<Backbone> made(const Options& options = {}) {
    return make_for_contract<Backbone, BackboneRegistry>(GetParam(), BackboneContext(), options, [](const auto& path) {
      write_color_backbone(path);
      write_json(path.string() + ".json", {{"side", 32}});
    });
  }

  at::Tensor input() const { return pattern_pictures(3, backbone_->side()).to(at::kFloat); }

  std::unique_ptr<Backbone> backbone_;
};

TEST_P(BackboneContract, IdentityIsNamedAndStable) {
  EXPECT_TRUE(backbone_->identity().contains("backbone"));
  EXPECT_TRUE(backbone_->identity().contains("layer"));
  EXPECT_EQ(made().plugin->identity(), backbone_->identity());
  EXPECT_FALSE(backbone_->official() && !backbone_->short_name().empty()) << "official distances bear their own names";
}

TEST_P(BackboneContract, ShapesTypesAndRowsThatStandAlone) {
  const at::Tensor features = backbone_->features(input());
  EXPECT_EQ(features.scalar_type(), at::kFloat);
  ASSERT_EQ(features.dim(), 2);
  EXPECT_EQ(features.size(0), 3);
  EXPECT_TRUE(at::isfinite(features).all().item<bool>());
  EXPECT_GT((features[0] - features[1]).abs().sum().item<float>(), 0) << "other pictures, other features";
  EXPECT_TRUE(at::equal(backbone_->features(input()), features));
  EXPECT_TRUE(at::allclose(backbone_->features(input().narrow(0, 2, 1))[0], features[2], 1e-3, 1e-4));
}

TEST_P(BackboneContract, ClassScoresWhereItClassifies) {
  const at::Tensor features = backbone_->features(input());
  if (!backbone_->classifies()) {
    EXPECT_THROW(backbone_->logits(features), UserError);
    return;
  }
  const at::Tensor logits = backbone_->logits(features);
  EXPECT_EQ(logits.size(0), 3);
  EXPECT_GT(logits.size(1), 1);
  EXPECT_TRUE(at::isfinite(logits).all().item<bool>());
}

TEST_P(BackboneContract, UnknownOptionIsNamed) {
  try {
    made(Options({{"no_such_option", 1}}, "backbone options"));
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("no_such_option"), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, BackboneContract, testing::ValuesIn(BackboneRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
