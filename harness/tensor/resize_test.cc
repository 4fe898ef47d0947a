// SPDX-License-Identifier: Apache-2.0
// Resized pictures as the libraries whose scores are compared resize them.
#include "harness/tensor/resize.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/npy.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// tests/oracle/resize.npz holds four pictures in three sizes by clean-fid 0.1.35, torch-fidelity 0.4.0, pytorch-fid
/// 0.3.0, torchmetrics 1.9.0 and edm2's DINO path, each by its own code.
at::Tensor oracle(const std::string& name) {
  const NpyArray array = read_npz(project_root() / "tests/oracle/resize.npz", name);
  return at::tensor(array.values, at::kDouble).reshape(array.shape).to(at::kFloat).permute({2, 0, 1}).unsqueeze(0);
}

TEST(Resize, EqualsEachPeer) {
  const std::vector<std::pair<ResizeFilter, std::string>> peers = {
      {ResizeFilter::kCleanFid, "clean_fid_pil_bicubic_float"},
      {ResizeFilter::kTf1, "torch_fidelity_tf1_bilinear"},
      {ResizeFilter::kBilinear, "pytorch_fid_bilinear"},
      {ResizeFilter::kBilinearAntialias, "torchmetrics_bilinear_antialias"},
      {ResizeFilter::kBicubicAntialias, "edm2_dino_bicubic_antialias"}};
  for (const std::string picture : {"noise_24x24", "ramp_40x48", "checker_32x32", "edge_16x16"}) {
    const at::Tensor input = oracle(picture + "/input");
    for (const std::string size : {"13x13", "29x29", "19x31"}) {
      for (const auto& [filter, peer] : peers) {
        const at::Tensor expected = oracle(picture + "/" + size + "/" + peer);
        const at::Tensor found = resize(input.to(at::kByte), expected.size(2), expected.size(3), filter);
        EXPECT_LT((found - expected).abs().max().item<float>(), 1e-3) << picture << " to " << size << ", " << peer;
      }
    }
  }
}

TEST(Resize, FiltersDiffer) {
  const at::Tensor input = oracle("checker_32x32/input");
  const at::Tensor clean = resize(input, 13, 13, ResizeFilter::kCleanFid);
  EXPECT_GT((clean - resize(input, 13, 13, ResizeFilter::kTf1)).abs().mean().item<float>(), 30);
  EXPECT_GT((clean - resize(input, 13, 13, ResizeFilter::kBilinear)).abs().mean().item<float>(), 30);
}

TEST(Resize, NamesGoBothWays) {
  for (const std::string& name : resize_filter_names()) EXPECT_EQ(resize_filter_name(resize_filter(name)), name);
  try {
    resize_filter("clean_fid");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_STREQ(error.what(), "unknown resize filter 'clean_fid'; did you mean 'clean-fid'?");
  }
}

}  // namespace
}  // namespace emf
