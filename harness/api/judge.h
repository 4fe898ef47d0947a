// What a judge is: pictures in, the objects it sees out. Scores are made of its words by others (harness/api/metric.h), so
// that they can be made again without pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/named_argument.h"
#include "harness/base/registry.h"

namespace emf {

class Judge {
 public:
  static constexpr const char* kKind = "judge";
  virtual ~Judge() = default;

  /// Side that pictures must have, pixels; 0 = any size.
  virtual int64_t side() const { return 0; }
  /// Every object it knows by name. A prompt that speaks of another cannot be judged.
  virtual const std::vector<std::string>& class_names() const = 0;
  /// Thresholds that GenEval's rule reads this judge's scores with (`score geneval`'s "options"); empty = the official ones.
  virtual Json geneval_options() const { return Json::object(); }
  /// Whatever decides its words: name, sha256 of its weights, thresholds. Part of spec hashes.
  virtual Json fingerprint() const = 0;

  /// Looks at pictures. Thread-compatible; equal input, equal output.
  ///
  /// @param pictures  [B,3,H,W] uint8 RGB, H = W = side() where that is not 0.
  /// @return  per picture a JSON array of {"cls", "box": [x1,y1,x2,y2] in pixels, "score" in 0..1, "color"?}: the "detections"
  ///   of `emfbench score geneval --detections`.
  virtual std::vector<Json> detect(const at::Tensor& pictures) const = 0;
};

/// Factories take what stands behind the colon of `name:argument` ("" = nothing) and the side of the pictures, pixels.
using JudgeRegistry = Registry<Judge, const std::string&, int64_t>;

/// @param text  "detector", "torchscript:/path/to/model.pt".   @throws UserError  unknown name; weights absent or unfit.
inline std::unique_ptr<Judge> make_judge(const std::string& text, int64_t side) {
  const NamedArgument named = split_argument(text);
  return JudgeRegistry::instance().make(named.name, named.argument, side);
}

}  // namespace emf
