// SPDX-License-Identifier: Apache-2.0
// The fused residual step and norm against the layers that it stands for, in double: every width's group, every set of
// parts and of moving inputs, every pair of types.
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/kernels/fused/operations.h"
#include "harness/kernels/residual.h"
#include "harness/kernels/residual_norm.h"
#include "tests/operation_case.h"

namespace emf {
namespace {

struct Parts {
  bool branch = true, gate = true, modulation = true;
};

struct Types {
  at::ScalarType stream, narrow;
  double tolerance;
};

const Types kSingle{at::kFloat, at::kFloat, 3e-6}, kMixed{at::kFloat, at::kBFloat16, 4e-3},
    kBrief{at::kBFloat16, at::kBFloat16, 8e-3};

std::vector<Dual> outputs(const NormedSum& both, bool has_branch) {
  // Without a branch the sum is x itself.
  return has_branch ? std::vector<Dual>{both.sum, both.normed} : std::vector<Dual>{both.normed};
}

std::vector<Dual> fused(const std::vector<Dual>& x) {
  const auto both = fused::residual_norm(x[0], x[1], x[2], x[3], x[4], 1e-6);
  EXPECT_TRUE(both.has_value());
  return outputs(*both, x[2].value.defined());
}

std::vector<Dual> composed(const std::vector<Dual>& x) {
  const PlainOperations plain;
  return outputs(residual_norm(x[0], x[1], x[2], x[3], x[4], 1e-6), x[2].value.defined());
}

/// @param moving  a bit an input: x, gate, branch, shift, scale.
std::vector<OperationInput> make_inputs(int64_t samples, int64_t tokens, int64_t width, const Types& types,
                                        const Parts& parts, int moving = 31) {
  const auto rows = [&](bool is_there) {
    return is_there ? at::randn({samples, tokens, width}, at::kDouble) : at::Tensor();
  };
  const auto vectors = [&](bool is_there) {
    return is_there ? at::randn({samples, width}, at::kDouble) : at::Tensor();
  };
  return {{rows(true) * 2 + 0.5, (moving & 1) != 0, types.stream},
          {vectors(parts.branch && parts.gate), (moving & 2) != 0, types.narrow},
          {rows(parts.branch), (moving & 4) != 0, types.narrow},
          {vectors(parts.modulation), (moving & 8) != 0, types.narrow},
          {vectors(parts.modulation), (moving & 16) != 0, types.narrow}};
}

using FusedResidualNorm = KernelTest;

TEST_F(FusedResidualNorm, EveryWidthsGroup) {
  // At and around the largest width of each group, and those of models.
  for (const int64_t width :
       {4, 16, 72, 128, 132, 384, 388, 1152, 1156, 1536, 1540, 2304, 2308, 3072, 3076, 4608, 8192}) {
    for (const Types& types : {kSingle, kMixed, kBrief}) {
      if (!kernels_take(types.narrow)) continue;
      SCOPED_TRACE(testing::Message() << "width " << width << ", " << types.stream << " " << types.narrow);
      expect_operation(fused, composed, make_inputs(3, 3, width, types, {}), 2, types.tolerance);
    }
  }
}

TEST_F(FusedResidualNorm, EverySetOfParts) {
  for (int set = 0; set < 8; ++set) {
    const Parts parts{(set & 1) != 0, (set & 2) != 0, (set & 4) != 0};
    for (const Types& types : {kSingle, kMixed, kBrief}) {
      if (!kernels_take(types.narrow)) continue;
      for (const int64_t rows : {0, 2, 3}) {
        SCOPED_TRACE(testing::Message() << "set " << set << ", " << types.stream << " " << types.narrow << ", K "
                                        << rows);
        // Alone, the stream's type is everything's.
        const bool alone = !parts.branch && !parts.modulation;
        if (alone && types.stream != types.narrow) continue;
        expect_operation(fused, composed, make_inputs(3, 5, 72, types, parts), rows, types.tolerance);
      }
    }
  }
}

TEST_F(FusedResidualNorm, EverySetOfMovingInputs) {
  for (int moving = 0; moving < 32; ++moving) {
    SCOPED_TRACE(moving);
    expect_operation(fused, composed, make_inputs(4, 2, 384, kSingle, {}, moving), 3, kSingle.tolerance);
  }
}

TEST_F(FusedResidualNorm, SumsOverManyTokens) {
  // One token, a piece that is not full, and several pieces a sample.
  for (const int64_t tokens : {1, 5, 67, 256, 1031}) {
    SCOPED_TRACE(tokens);
    const int64_t samples = tokens == 256 ? 9 : 3;
    expect_operation(fused, composed, make_inputs(samples, tokens, 72, kSingle, {}), 2, kSingle.tolerance);
  }
}

TEST_F(FusedResidualNorm, GatedResidualAlone) {
  for (const Types& types : {kSingle, kMixed, kBrief}) {
    if (!kernels_take(types.narrow)) continue;
    std::vector<OperationInput> inputs = make_inputs(3, 7, 1152, types, {});
    inputs.resize(3);
    expect_operation(
        [](const auto& x) {
          const auto sum = fused::gated_residual(x[0], x[1], x[2]);
          EXPECT_TRUE(sum.has_value());
          return std::vector<Dual>{*sum};
        },
        [](const auto& x) {
          const PlainOperations plain;
          return std::vector<Dual>{gated_residual(x[0], x[1], x[2])};
        },
        inputs, 2, types.tolerance);
  }
}

/// Pieces of wider rows, rows with gaps and places off 16 bytes give what tidy copies of them give.
TEST_F(FusedResidualNorm, TakesViewsAsTheyAre) {
  const at::TensorOptions options = at::TensorOptions().device(kernel_device()).dtype(at::kFloat);
  const at::Tensor six = at::randn({3, 6 * 72}, options), x = at::randn({5, 3, 72}, options).transpose(0, 1),
                   branch = at::randn({3 * 5 * 72 + 1}, options).narrow(0, 1, 3 * 5 * 72).view({3, 5, 72});
  const auto piece = [&](int64_t i, bool tidy) {
    const at::Tensor part = six.narrow(1, i * 72, 72);
    return Dual{tidy ? part.contiguous() : part, tidy ? part.narrow(0, 0, 2).contiguous() : part.narrow(0, 0, 2)};
  };
  const auto run = [&](bool tidy) {
    return *fused::residual_norm({tidy ? x.contiguous() : x, {}}, piece(0, tidy), {tidy ? branch.clone() : branch, {}},
                                 piece(1, tidy), piece(5, tidy), 1e-6);
  };
  const NormedSum views = run(false), copies = run(true);
  EXPECT_TRUE(at::equal(views.sum.value, copies.sum.value));
  EXPECT_TRUE(at::equal(views.sum.tangent, copies.sum.tangent));
  EXPECT_TRUE(at::equal(views.normed.value, copies.normed.value));
  EXPECT_TRUE(at::equal(views.normed.tangent, copies.normed.tangent));
}

TEST_F(FusedResidualNorm, AnswersNothingToWhatItHasNoKernelFor) {
  const at::TensorOptions options = at::TensorOptions().device(kernel_device());
  const auto normed = [](const at::Tensor& x) { return fused::residual_norm({x, {}}, {}, {}, {}, {}, 1e-6); };
  EXPECT_FALSE(normed(at::randn({2, 3, 8}, options.dtype(at::kDouble))).has_value());
  EXPECT_FALSE(normed(at::randn({2, 3, 8}, options).to(at::kHalf)).has_value());
  const bool takes_pairs =
      kernel_launchers().residual_norm_takes(6, fused::ElementType::kFloat32, fused::ElementType::kFloat32);
  EXPECT_EQ(normed(at::randn({2, 3, 6}, options)).has_value(), takes_pairs);
  EXPECT_FALSE(normed(at::randn({2, 3, 8196}, options)).has_value());
  EXPECT_FALSE(normed(at::randn({0, 3, 8}, options)).has_value());
  EXPECT_TRUE(normed(at::randn({2, 3, 8}, options)).has_value());
}

TEST_F(FusedResidualNorm, ItsGradientHasNoDerivative) {
  const at::TensorOptions options = at::TensorOptions().device(kernel_device()).dtype(at::kFloat);
  const at::Tensor x = at::randn({2, 3, 8}, options).requires_grad_();
  const at::Tensor y = fused::residual_norm({x, {}}, {}, {}, {}, {}, 1e-6)->normed.value.square().sum();
  EXPECT_THROW(torch::autograd::grad({y}, {x}, {}, true, /*create_graph=*/true), InternalError);
}

}  // namespace
}  // namespace emf
