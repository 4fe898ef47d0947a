// SPDX-License-Identifier: Apache-2.0
// From the detector's maps to boxes: local maxima, greedy suppression, the best of each class.
#pragma once

#include <string>
#include <vector>

#include "harness/judges/detector_network.h"
#include "harness/rules/geneval_rule.h"

namespace emf {

struct DecodingOptions {
  float floor = 0.05f;       ///< boxes scored below are not reported
  float max_overlap = 0.5f;  ///< of two boxes of one class with a larger IoU the weaker is dropped
  int max_objects = 16;      ///< a class
};

/// Boxes of every picture of a batch, most confident first.
///
/// A cell's score for a class is sigmoid(heat) x softmax(classes); a box is reported where that is the largest of its
/// 3 x 3 neighbours. Its colour is the most likely of all colours, summed over those neighbours by their heat.
///
/// @param width, height  of the pictures, in pixels: boxes are clipped to it.
/// @return  those of each picture; every one has a colour.
std::vector<std::vector<Detection>> decode_detections(const DetectorMaps& maps, int64_t width, int64_t height,
                                                      const std::vector<std::string>& class_names,
                                                      const std::vector<std::string>& color_names,
                                                      const DecodingOptions& options = {});

}  // namespace emf
