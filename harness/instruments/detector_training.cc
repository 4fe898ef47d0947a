// SPDX-License-Identifier: Apache-2.0
#include "harness/instruments/detector_training.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/batchnorm.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/instruments/picture_augmentation.h"
#include "harness/tensor/picture_tensor.h"

namespace emf {
namespace {

constexpr float kMiddle = 0.55f;               // cells with at least this heat learn class, colour and box
constexpr int64_t kStatisticsPictures = 8192;  // behind the normalisation statistics of the averaged weights

at::Tensor augmented(const PictureBatch& batch, uint64_t seed) {
  return augment_pictures(batch.pictures.to(at::kFloat) / 255, seed, batch.indices) * 2 - 1;
}

/// The next batch as training sees it.
PictureBatch with_mush(PictureBatch batch, const Dataset& dataset, const DetectorRecipe& recipe) {
  mix_in_mush(batch, dataset, recipe.mush, recipe.training.seed);
  return batch;
}

/// Rows of a map [B,C,S,S] at flat cells: [P,C].
at::Tensor at_cells(const at::Tensor& map, const at::Tensor& cells) {
  return map.permute({0, 2, 3, 1}).reshape({-1, map.size(1)}).index_select(0, cells);
}

/// 1 - generalised IoU of boxes that share the point they are measured from.   @source  Rezatofighi et al. 2019.
at::Tensor box_error(const at::Tensor& predicted, const at::Tensor& wanted, at::Tensor* overlap) {
  const auto extent = [](const at::Tensor& sides) {
    return std::pair{sides.select(1, 0) + sides.select(1, 2), sides.select(1, 1) + sides.select(1, 3)};
  };
  const auto area = [&](const at::Tensor& sides) {
    const auto [width, height] = extent(sides);
    return width.clamp_min(0) * height.clamp_min(0);
  };
  const at::Tensor shared = area(at::minimum(predicted, wanted)), hull = area(at::maximum(predicted, wanted));
  const at::Tensor both = area(predicted) + area(wanted) - shared;
  *overlap = shared / both;
  return 1 - *overlap + (hull - both) / hull;
}

/// Of true among those that count, 0 where none does.
LossNumber share(const at::Tensor& right, const at::Tensor& counts) {
  return at::logical_and(right, counts).sum().to(at::kFloat) / counts.sum().clamp_min(1);
}

/// The same where the maps lie.
DetectorTargets moved(DetectorTargets targets, const at::Device& device) {
  for (at::Tensor* tensor :
       {&targets.heat, &targets.cells, &targets.weights, &targets.classes, &targets.colors, &targets.sides}) {
    *tensor = to_device(*tensor, device);
  }
  return targets;
}

}  // namespace

DetectorRecipe DetectorRecipe::read(const Config& suite, const Dataset& dataset) {
  ConfigReader reader(suite, "detector");
  DetectorRecipe recipe;
  recipe.sizes.widths = reader.integers("widths", recipe.sizes.widths, 4, 2048, "channels of its levels [channels]");
  recipe.sizes.head = reader.integer("head", recipe.sizes.head, 4, 2048, "channels of its head [channels]");
  const FactWorld& world = world_of(dataset);
  recipe.sizes.num_classes = static_cast<int64_t>(world.class_names().size());
  recipe.sizes.num_colors = static_cast<int64_t>(world.color_names().size());
  recipe.mush = reader.number("mush", recipe.mush, 0, 0.9,
                              "share of pictures that are averages of several of one prompt, in which nothing is to be "
                              "found");
  recipe.training = InstrumentTraining::read(reader);
  reader.finish();
  if (recipe.sizes.widths.size() != 4) fail_input("{}: four widths are needed", reader.place("widths"));
  return recipe;
}

Json DetectorRecipe::to_json() const {
  Json json = {
      {"sizes", sizes.to_json()},
      {"training", training.to_json()},
      {"augmentation", "warp, blur, lower resolution, gains, noise; never an autoencoder's or a generator's pictures"},
      {"loss", "focal heat + cross-entropy of class and colour + generalised IoU"}};
  if (mush > 0) json["mush"] = mush;
  return json;
}

void mix_in_mush(PictureBatch& batch, const Dataset& dataset, double share, uint64_t seed) {
  if (share == 0) return;
  constexpr uint32_t kMost = 16;
  for (size_t i = 0; i < batch.indices.size(); ++i) {
    Random random(seed, "mush", batch.indices[i]);
    if (random.uniform() >= share) continue;
    // Few more often than many: half an object is the hardest to refuse.
    const uint32_t averaged = 2 + random.below(1 + random.below(kMost - 1));
    at::Tensor sum = at::zeros_like(batch.pictures[static_cast<int64_t>(i)], at::kFloat);
    for (uint32_t k = 0; k < averaged; ++k) {
      const Sample drawn = dataset.draw(batch.samples[i].prompt, batch.indices[i] * kMost + k);
      sum += picture_tensor(std::vector<Sample>{drawn}, dataset.height(), dataset.width())[0].to(at::kFloat);
    }
    batch.pictures[static_cast<int64_t>(i)].copy_((sum / static_cast<double>(averaged)).round());
    batch.samples[i].boxes.clear();
  }
}

DetectorTargets detector_targets(const std::vector<Sample>& samples, int64_t side) {
  const int64_t cells = side / kDetectorStride, count = static_cast<int64_t>(samples.size());
  DetectorTargets targets;
  targets.heat = at::zeros({count, 1, cells, cells});
  float* heat = targets.heat.data_ptr<float>();
  std::vector<int64_t> owner(static_cast<size_t>(count * cells * cells), -1);
  std::vector<const Box*> boxes;
  for (int64_t i = 0; i < count; ++i) {
    for (const Box& box : samples[static_cast<size_t>(i)].boxes) {
      const auto center = [&](float low, float high) {
        return std::clamp(static_cast<int64_t>((low + high) / 2 / kDetectorStride), int64_t{0}, cells - 1);
      };
      const int64_t row = center(box.y0, box.y1), column = center(box.x0, box.x1);
      // A third of half the box, in cells: the middle ninth of an object is its middle.
      const float sigma_x = std::max(0.7f, (box.x1 - box.x0) / kDetectorStride / 6),
                  sigma_y = std::max(0.7f, (box.y1 - box.y0) / kDetectorStride / 6);
      for (int64_t r = 0; r < cells; ++r) {
        for (int64_t c = 0; c < cells; ++c) {
          const float dx = static_cast<float>(c - column) / sigma_x, dy = static_cast<float>(r - row) / sigma_y;
          const float value = std::exp(-(dx * dx + dy * dy) / 2);
          const int64_t cell = (i * cells + r) * cells + c;
          if (value <= heat[cell]) continue;
          heat[cell] = value;
          owner[static_cast<size_t>(cell)] = static_cast<int64_t>(boxes.size());
        }
      }
      boxes.push_back(&box);
    }
  }
  std::vector<int64_t> middle, classes, colors;
  std::vector<float> weights, sides;
  for (int64_t cell = 0; cell < count * cells * cells; ++cell) {
    if (heat[cell] < kMiddle) continue;
    const Box& box = *boxes[static_cast<size_t>(owner[static_cast<size_t>(cell)])];
    const float x = static_cast<float>(cell % cells * kDetectorStride + 1),
                y = static_cast<float>(cell / cells % cells * kDetectorStride + 1);
    middle.push_back(cell);
    weights.push_back(heat[cell]);
    classes.push_back(box.class_id);
    colors.push_back(box.color_id);
    for (const float distance : {x - box.x0, y - box.y0, box.x1 - x, box.y1 - y})
      sides.push_back(std::max(0.1f, distance));
  }
  targets.cells = at::tensor(middle, at::kLong);
  targets.weights = at::tensor(weights, at::kFloat);
  targets.classes = at::tensor(classes, at::kLong);
  targets.colors = at::tensor(colors, at::kLong);
  targets.sides = at::tensor(sides, at::kFloat).reshape({-1, 4});
  targets.num_objects = static_cast<int64_t>(boxes.size());
  return targets;
}

LossResult detector_loss(const DetectorMaps& maps, const DetectorTargets& targets) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(
      at::autocast::get_autocast_dispatch_key_from_device_type(maps.heat.device().type()));
  const at::Tensor present = at::log_sigmoid(maps.heat), absent = at::log_sigmoid(-maps.heat);
  const at::Tensor p = maps.heat.sigmoid();
  const at::Tensor peak = targets.heat.ge(1).to(at::kFloat);
  const double objects = static_cast<double>(std::max<int64_t>(1, targets.num_objects));
  const at::Tensor focal =
      -(peak * (1 - p).square() * present + (1 - peak) * (1 - targets.heat).pow(4) * p.square() * absent).sum() /
      objects;

  const at::Tensor total = targets.weights.sum().clamp_min(1);
  const at::Tensor class_logits = at_cells(maps.classes, targets.cells),
                   color_logits = at_cells(maps.colors, targets.cells);
  const at::Tensor class_error =
      (at::cross_entropy_loss(class_logits, targets.classes, {}, at::Reduction::None) * targets.weights).sum() / total;
  const at::Tensor colored = targets.colors.ge(0);
  const at::Tensor color_weights = targets.weights * colored;
  const at::Tensor color_error =
      (at::cross_entropy_loss(color_logits, targets.colors.clamp_min(0), {}, at::Reduction::None) * color_weights)
          .sum() /
      color_weights.sum().clamp_min(1);
  at::Tensor overlap;
  const at::Tensor sides_error =
      (box_error(at_cells(maps.sides, targets.cells), targets.sides, &overlap) * targets.weights).sum() / total;

  LossResult result;
  result.loss = focal + class_error + 0.5 * color_error + sides_error;
  const at::Tensor right = class_logits.argmax(1).eq(targets.classes);
  result.numbers = {{"heat", focal},
                    {"class", class_error},
                    {"class_right", share(right, at::ones_like(right))},
                    {"color_right", share(color_logits.argmax(1).eq(targets.colors), colored)},
                    {"iou", overlap.numel() == 0 ? LossNumber(0) : LossNumber(overlap.mean())}};
  return result;
}

NamedTensors train_detector(const DetectorRecipe& recipe, const Dataset& dataset, const RunFolder& folder,
                            const Placement& placement) {
  DetectorNetwork network(recipe.sizes, Normalisation::kBatch);
  network.initialise(recipe.training.seed);
  use_channels_last(network);
  network.to(placement.device);
  const NamedTensors weights = train_instrument(
      network, dataset, recipe.training,
      [&](const PictureBatch& drawn) {
        const PictureBatch batch = with_mush(drawn, dataset, recipe);
        return detector_loss(network.forward(augmented(batch, recipe.training.seed)),
                             moved(detector_targets(batch.samples, dataset.height()), placement.device));
      },
      "detector", folder, placement);

  const at::NoGradGuard no_grad;
  NamedTensors all = module_tensors(network);
  for (const auto& [name, value] : weights) all.at(name).copy_(value);
  // Statistics of the averaged weights, as plain means over fresh pictures.
  network.train();
  for (const auto& item : network.named_modules("", /*include_self=*/false)) {
    if (auto* norm = item.value()->as<torch::nn::BatchNorm2d>()) {
      norm->reset_running_stats();
      norm->options.momentum(std::nullopt);  // cumulative average
    }
  }
  for (int64_t first = 0; first < kStatisticsPictures; first += 128) {
    PictureBatch batch =
        with_mush(draw_batch(dataset, static_cast<uint64_t>(recipe.training.pictures + first), 128), dataset, recipe);
    batch.pictures = to_device(batch.pictures, placement.device);
    network.forward(augmented(batch, recipe.training.seed));
  }
  network.to(Placement().device);
  return fold_normalisation(module_tensors(network));
}

}  // namespace emf
