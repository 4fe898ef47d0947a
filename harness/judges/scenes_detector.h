// SPDX-License-Identifier: Apache-2.0
// The scenes detector: the judge that says which objects of which colours a picture shows, and where.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/judges/detection_decoding.h"
#include "harness/tensor/placement.h"

namespace emf {

/// The instrument. Thread-compatible; no gradients; equal input, equal output.
class Detector {
 public:
  /// @throws UserError  file absent (kMissing) or not a detector instrument.
  explicit Detector(const std::filesystem::path& path, const Placement& placement = {});

  /// Finds objects.
  ///
  /// @param pictures  [B,3,H,W] uint8, or float32 in 0..1. Trained for side(); H, W divisible by 8.
  /// @return  the boxes of each picture, most confident first, every one with a colour.
  /// @cost  250 MFLOP a 32 px picture, in slices of 128 rows.
  std::vector<std::vector<Detection>> detect(const at::Tensor& pictures) const;

  /// Calibrated {"threshold", "counting_threshold"} as the file has them: GenEval's options for this judge.
  const Json& geneval_options() const { return geneval_options_; }
  const std::vector<std::string>& class_names() const { return class_names_; }
  const std::vector<std::string>& color_names() const { return color_names_; }
  int64_t side() const { return side_; }
  const std::string& sha256() const { return sha256_; }

 private:
  std::shared_ptr<DetectorNetwork> network_;
  at::Device device_;
  std::vector<std::string> class_names_, color_names_;
  Json facts_, geneval_options_;
  std::string sha256_;
  int64_t side_ = 0;
};

/// The shipped detector of a picture side: <instruments folder>/detector-<side>.safetensors.
std::filesystem::path detector_path(int64_t side);

}  // namespace emf
