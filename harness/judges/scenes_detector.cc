// SPDX-License-Identifier: Apache-2.0
#include "harness/judges/scenes_detector.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/tensor/instrument_file.h"

namespace emf {
namespace {

constexpr int64_t kSlice = 128;  // rows a forward: activations stay in cache, memory stays bounded

}  // namespace

Detector::Detector(const std::filesystem::path& path, const Placement& placement) : device_(placement.device) {
  const InstrumentFile file = read_instrument(path, "detector");
  facts_ = file.facts;
  sha256_ = file.sha256;
  try {
    class_names_ = facts_.at("class_names").get<std::vector<std::string>>();
    color_names_ = facts_.at("color_names").get<std::vector<std::string>>();
    geneval_options_ = facts_.at("geneval_options");
    side_ = facts_.at("side");
  } catch (const Json::exception&) {
    fail_input("{}: class names, colour names, side or thresholds are missing", file.origin);
  }
  const DetectorSizes sizes = DetectorSizes::from_json(facts_.value("sizes", Json::object()), file.origin);
  network_ = std::make_shared<DetectorNetwork>(sizes, Normalisation::kFolded);
  load_tensors(*network_, file.tensors, file.origin);
  use_channels_last(*network_);
  network_->to(device_);
  network_->eval();
}

std::vector<std::vector<Detection>> Detector::detect(const at::Tensor& pictures) const {
  const at::NoGradGuard no_grad;
  ensure(pictures.dim() == 4 && pictures.size(1) == 3 && pictures.size(2) % 8 == 0 && pictures.size(3) % 8 == 0,
         "pictures of shape {}; expected Bx3xHxW with sides divisible by 8", fmt::join(pictures.sizes(), "x"));
  const double scale = pictures.scalar_type() == at::kByte ? 2.0 / 255 : 2.0;
  std::vector<std::vector<Detection>> all;
  for (int64_t row = 0; row < pictures.size(0); row += kSlice) {
    const at::Tensor slice = to_device(pictures.narrow(0, row, std::min(kSlice, pictures.size(0) - row)), device_);
    const at::Tensor x = (slice.to(at::kFloat) * scale - 1).contiguous(at::MemoryFormat::ChannelsLast);
    for (std::vector<Detection>& found :
         decode_detections(network_->forward(x), pictures.size(3), pictures.size(2), class_names_, color_names_)) {
      all.push_back(std::move(found));
    }
  }
  return all;
}

std::filesystem::path detector_path(int64_t side) {
  return instruments_folder() / fmt::format("detector-{}.safetensors", side);
}

}  // namespace emf
