// SPDX-License-Identifier: Apache-2.0
// The detector: decoding of hand-made maps, folding of normalisation, what its file must hold.
#include "harness/judges/scenes_detector.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/tensor/instrument_file.h"

namespace emf {
namespace {

const std::vector<std::string> kClasses = {"cat", "dog"};
const std::vector<std::string> kColors = {"red", "green", "blue"};

/// Maps of one 32 px picture on which nothing is.
DetectorMaps empty_maps() {
  return {at::full({1, 1, 16, 16}, -20.0), at::zeros({1, 2, 16, 16}), at::zeros({1, 3, 16, 16}),
          at::full({1, 4, 16, 16}, 5.0)};
}

void put(DetectorMaps& maps, int64_t row, int64_t column, int64_t class_id, int64_t color_id, double heat = 20,
         double certainty = 20) {
  maps.heat[0][0][row][column] = heat;
  maps.classes[0][class_id][row][column] = certainty;
  maps.colors[0][color_id][row][column] = 20;
}

TEST(DetectionDecodingTest, NothingIsNothing) {
  const auto found = decode_detections(empty_maps(), 32, 32, kClasses, kColors);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].empty());
}

TEST(DetectionDecodingTest, ReadsClassColorAndBox) {
  DetectorMaps maps = empty_maps();
  put(maps, 4, 10, 1, 2);
  const std::array<float, 4> sides = {6, 3, 5, 8};
  for (int64_t i = 0; i < 4; ++i) maps.sides[0][i][4][10] = sides[static_cast<size_t>(i)];
  const std::vector<Detection> found = decode_detections(maps, 32, 32, kClasses, kColors)[0];
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].class_name, "dog");
  EXPECT_EQ(found[0].color, "blue");
  // The cell (4, 10) is centred on pixel (21, 9).
  EXPECT_EQ(found[0].box, (CornerBox{15, 6, 26, 17}));
  EXPECT_NEAR(found[0].score, 1, 1e-6);
}

TEST(DetectionDecodingTest, ScoreIsHeatTimesClass) {
  DetectorMaps maps = empty_maps();
  put(maps, 4, 4, 0, 0, /*heat=*/0, /*certainty=*/0);  // sigmoid 1/2, softmax 1/2 of two classes
  const std::vector<Detection> found = decode_detections(maps, 32, 32, kClasses, kColors)[0];
  ASSERT_EQ(found.size(), 2U);
  for (const Detection& detection : found) EXPECT_NEAR(detection.score, 0.25, 1e-6);
}

TEST(DetectionDecodingTest, ClipsToThePictureAndDropsWeakBoxes) {
  DetectorMaps maps = empty_maps();
  put(maps, 0, 0, 0, 0);
  put(maps, 12, 12, 0, 0, /*heat=*/-4);
  const std::vector<Detection> found = decode_detections(maps, 32, 32, kClasses, kColors)[0];
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (CornerBox{0, 0, 6, 6}));
}

TEST(DetectionDecodingTest, SuppressesInsideAClassOnly) {
  DetectorMaps maps = empty_maps();
  put(maps, 6, 6, 0, 0, 5);
  put(maps, 6, 8, 0, 0, 3);    // overlaps the first by more than half: suppressed
  put(maps, 8, 7, 1, 0, 3);    // another class stays
  put(maps, 12, 14, 0, 0, 4);  // far away stays
  for (int64_t i = 0; i < 4; ++i) maps.sides[0][i].fill_(8);
  const std::vector<Detection> found = decode_detections(maps, 32, 32, kClasses, kColors)[0];
  std::map<std::string, int> counts;
  for (const Detection& detection : found) ++counts[detection.class_name];
  EXPECT_EQ(counts["cat"], 2);
  EXPECT_EQ(counts["dog"], 1);
  for (size_t i = 1; i < found.size(); ++i) EXPECT_GE(found[i - 1].score, found[i].score);
}

TEST(DetectionDecodingTest, KeepsSixteenOfAClass) {
  DetectorMaps maps = empty_maps();
  for (int64_t row = 0; row < 16; row += 3) {
    for (int64_t column = 0; column < 16; column += 3) put(maps, row, column, 0, 0);
  }
  maps.sides.fill_(1);
  EXPECT_EQ(decode_detections(maps, 32, 32, kClasses, kColors)[0].size(), 16U);
}

DetectorSizes small_sizes() {
  DetectorSizes sizes;
  sizes.widths = {4, 6, 8, 12};
  sizes.head = 8;
  sizes.num_classes = 2;
  sizes.num_colors = 3;
  return sizes;
}

TEST(DetectorNetworkTest, FoldedNetworkEqualsTheTrainedOne) {
  const at::NoGradGuard no_grad;
  DetectorNetwork trained(small_sizes(), Normalisation::kBatch);
  trained.initialise(5);
  const at::Tensor pictures = (at::arange(4 * 3 * 32 * 32).reshape({4, 3, 32, 32}) * 0.37).sin();
  trained.train();
  for (int i = 0; i < 3; ++i) trained.forward(pictures * (1 + i) + 0.1 * i);  // moves the running statistics
  for (auto& [name, tensor] : module_tensors(trained)) {
    if (name.ends_with("norm.weight")) tensor.add_(0.3);
    if (name.ends_with("norm.bias")) tensor.add_(0.2);
  }
  trained.eval();
  DetectorNetwork folded(small_sizes(), Normalisation::kFolded);
  load_tensors(folded, fold_normalisation(module_tensors(trained)), "folded");
  const DetectorMaps a = trained.forward(pictures), b = folded.forward(pictures);
  EXPECT_EQ(a.heat.sizes(), (at::IntArrayRef{4, 1, 16, 16}));
  EXPECT_EQ(a.sides.sizes(), (at::IntArrayRef{4, 4, 16, 16}));
  for (const auto& [left, right] :
       {std::pair{a.heat, b.heat}, {a.classes, b.classes}, {a.colors, b.colors}, {a.sides, b.sides}}) {
    EXPECT_TRUE(at::allclose(left, right, 1e-4, 1e-4));
  }
}

TEST(DetectorFileTest, LoadsItsOwnAndRefusesOthers) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("emf_detector_{}.safetensors", getpid());
  DetectorNetwork network(small_sizes(), Normalisation::kFolded);
  network.initialise(1);
  Json facts = {{"side", 32},
                {"class_names", kClasses},
                {"color_names", kColors},
                {"sizes", small_sizes().to_json()},
                {"geneval_options", {{"threshold", 0.4}, {"counting_threshold", 0.5}}}};
  write_instrument(path, "detector", module_tensors(network), facts);
  const Detector detector(path);
  EXPECT_EQ(detector.geneval_options().at("counting_threshold"), 0.5);
  EXPECT_EQ(detector.sha256().size(), 64U);
  const at::Tensor pictures =
      (at::arange(130 * 3 * 32 * 32) * 31).remainder(256).to(at::kByte).reshape({130, 3, 32, 32});
  const auto found = detector.detect(pictures);
  ASSERT_EQ(found.size(), 130U);
  const auto again = detector.detect(pictures);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(to_json(found[i]), to_json(again[i]));

  const auto refusal = [&] {
    try {
      Detector refused(path);
    } catch (const UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  facts.erase("class_names");
  write_instrument(path, "detector", module_tensors(network), facts);
  EXPECT_NE(refusal().find("class names"), std::string::npos) << refusal();
  write_instrument(path, "autoencoder", module_tensors(network), facts);
  EXPECT_NE(refusal().find("is not a detector instrument"), std::string::npos) << refusal();
  std::filesystem::resize_file(path, 100);
  EXPECT_FALSE(refusal().empty());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace emf
