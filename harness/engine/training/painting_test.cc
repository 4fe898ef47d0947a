// SPDX-License-Identifier: Apache-2.0
// What was trained paints: pictures depend on their own noise alone, and every way of painting them counts its
// evaluations.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/api/codec.h"
#include "harness/base/file.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/training/trainer_fixture.h"

namespace emf {
namespace {

/// Latents of four channels as pictures: the first three, as bytes.
class FirstChannels : public Codec {
 public:
  Json fingerprint() const override { return "first_channels"; }
  LatentShape shape(int64_t height, int64_t width) const override { return {4, height, width}; }
  at::Tensor encode(const at::Tensor&) const override { return {}; }
  at::Tensor decode(const at::Tensor& latents) const override {
    return ((latents.narrow(1, 0, 3) + 4) * 32).clamp(0, 255).round().to(at::kByte);
  }
};

class PaintingTest : public TrainerTest {
 protected:
  void SetUp() override {
    TrainerTest::SetUp();
    train(*objective("mean_flow"), whole(), folder("row"));
    conditions_.emplace(conditions());
    model_ = network({});
    load_averaged(final_of(folder("row")), *model_, *conditions_);
  }

  Painted paint_some(const std::string& how, int64_t count, int64_t steps, double guidance, uint64_t seed) const {
    return paint(*objective(how), *model_, *conditions_, condition_of(), count, FirstChannels(), {2, 2}, steps,
                 guidance, seed);
  }
  ConditionOf condition_of() const {
    return [this](int64_t begin, int64_t count) { return conditions_->gather(at::arange(begin, begin + count)); };
  }

  std::optional<TextConditions> conditions_;
  std::unique_ptr<Model> model_;
};

TEST_F(PaintingTest, APictureDependsOnItsOwnNoiseAlone) {
  const Painted all = paint_some("mean_flow", 70, 2, 1, 5);  // more than a batch
  EXPECT_EQ(all.pictures.sizes(), (std::vector<int64_t>{70, 3, 2, 2}));
  EXPECT_TRUE(at::equal(all.pictures.narrow(0, 0, 7), paint_some("mean_flow", 7, 2, 1, 5).pictures));
  EXPECT_FALSE(at::equal(all.pictures, paint_some("mean_flow", 70, 2, 1, 6).pictures));
}

TEST_F(PaintingTest, CountsEvaluationsAPicture) {
  EXPECT_EQ(paint_some("mean_flow", 3, 4, 1, 5).network_evaluations, 4);
  EXPECT_EQ(paint_some("flow_matching", 3, 4, 2, 5).network_evaluations, 8);
}

TEST_F(PaintingTest, WritesWhatItPainted) {
  const RunFolder where = folder("sample");
  Json provenance;
  const Json result = sample_prompts(*objective("mean_flow"), *model_, *conditions_, condition_of(), 20,
                                     FirstChannels(), {2, 2}, 1, 1, 5, where, provenance);
  EXPECT_EQ(result, (Json{{"network_evaluations", 1}, {"guidance", 1.0}, {"steps", 1}, {"pictures", 20}}));
  EXPECT_TRUE(at::equal(read_pictures(where), paint_some("mean_flow", 20, 1, 1, 5).pictures));
  EXPECT_GT(provenance.at("seconds_per_picture"), 0);
  EXPECT_TRUE(std::filesystem::exists(where.file("samples/grid.png")));
}

}  // namespace
}  // namespace emf
