// SPDX-License-Identifier: Apache-2.0
// What a judge is: pictures in, what it sees out. Scores are made of its words by others
// (harness/api/metric.h), so that they can be made again without pictures.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/options.h"
#include "harness/base/registry.h"
#include "harness/rules/geneval_rule.h"
#include "harness/tensor/placement.h"

namespace emf {

/// A judge finds objects, answers questions, or both. Thread-compatible; equal input, equal output.
class Judge {
 public:
  static constexpr const char* kKind = "judge";
  virtual ~Judge() = default;

  /// Side that pictures must have, pixels; 0 = any size.
  virtual int64_t side() const { return 0; }
  /// Whatever decides its words: name, sha256 of its weights, thresholds. Part of spec hashes.
  virtual Json fingerprint() const = 0;

  /// True for a judge that finds objects: class_names(), geneval_options() and detect() are for those.
  virtual bool detects() const { return true; }
  /// Every object it knows by name. A prompt that speaks of another cannot be judged.
  virtual const std::vector<std::string>& class_names() const;
  /// Thresholds that GenEval's rule reads this judge's scores with; the official ones by default.
  virtual GenEvalOptions geneval_options() const { return {}; }
  /// @param pictures  [B,3,H,W] uint8 RGB, H = W = side() where that is not 0; from wherever they lie.
  /// @return  the boxes of each picture, most confident first; corners in pixels, scores in 0..1.
  /// @throws UserError  a judge that finds no objects.
  virtual std::vector<std::vector<Detection>> detect(const at::Tensor& pictures) const;

  /// True for a judge that answers questions about a picture.
  virtual bool answers() const { return false; }
  /// @param questions  those of each picture.   @return  "yes" or "no" to each.
  /// @throws UserError  a judge that answers none.
  virtual std::vector<std::vector<std::string>> answer(const at::Tensor& pictures,
                                                       const std::vector<std::vector<std::string>>& questions) const;
};

struct JudgeContext {
  int64_t height = 0, width = 0;  ///< of the pictures, pixels
  Placement placement;
};

/// The option "argument" holds what stands behind the colon of `name:argument`.
using JudgeRegistry = Registry<Judge, const Options&, const JudgeContext&>;

/// @param text  "detector", "torchscript:/path/to/model.pt".
/// @throws UserError  unknown name; weights absent or unfit.
inline std::unique_ptr<Judge> make_judge(const std::string& text, const JudgeContext& context,
                                         const Options& options = {}) {
  const NamedOptions named = named_options(text, options);
  return JudgeRegistry::instance().make(named.name, named.options, context);
}

}  // namespace emf
