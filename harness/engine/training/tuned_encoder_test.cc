// SPDX-License-Identifier: Apache-2.0
// An encoder that trains with the generator: its FLOPs are counted, and its averaged values can be frozen elsewhere.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/base/paths.h"
#include "harness/engine/training/loop.h"
#include "harness/engine/training/trainer_fixture.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

using TunedEncoderTest = TrainerTest;

TEST_F(TunedEncoderTest, AnEncoderIsTunedAndThenFrozenWithWhatItLearnt) {
  const std::string weights = (project_root() / "tests/oracle/tiny_hf/bert").string();
  const auto make = [&](Json options) -> std::shared_ptr<Encoder> {
    options["weights"] = weights;
    return make_encoder("minilm", options, 0);
  };
  const std::shared_ptr<Encoder> tuned = make({{"trainable", true}});
  const int64_t dimension = tuned->info().dimension;
  const TokenInputs inputs{at::randint(5, tuned->info().vocabulary, {kPrompts, kText}, at::kLong),
                           at::ones({kPrompts, kText}, at::kBool)};
  encoder_ = tuned;
  write_texts(inputs.ids, dimension, {{"mean", at::zeros({dimension})}});
  const auto made = [&] { return network({}, dimension); };
  const RunFolder where = folder("tuned");
  const TextConditions texts_of_row = conditions();
  const Json result = train_segment(*objective("flow_matching"), *made(), made, texts_of_row, data_, options_, whole(),
                                    0, {}, "test", where);
  const double generator = 3 * 1024 * made()->forward_flops_per_row(kText);
  EXPECT_GT(result.at("flops").get<double>(), generator * 1.01) << "the encoder's share";

  const auto final = where.file("checkpoints/final.safetensors");
  write_safetensors(store_ / "encoder.safetensors", trained_encoder_values(final));
  const std::shared_ptr<Encoder> frozen = make({{"values", (store_ / "encoder.safetensors").string()}});
  EXPECT_FALSE(frozen->info().trainable);
  EXPECT_NE(frozen->fingerprint(), make({})->fingerprint());
  load_averaged(final, *made(), texts_of_row);  // fills `tuned` with the same averages
  const at::NoGradGuard no_grad;
  const at::Tensor learnt = frozen->forward(inputs).tokens;
  EXPECT_LT(relative_error(learnt, tuned->forward(inputs).tokens), 1e-6);
  EXPECT_GT(relative_error(learnt, make({})->forward(inputs).tokens), 1e-3);
}

}  // namespace
}  // namespace emf
