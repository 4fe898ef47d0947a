// SPDX-License-Identifier: Apache-2.0
// The scenes detector shipped with the project: 64 kinds of emoji in ten colours, at 32 and 64 pixels.
#include "harness/api/judge.h"

#include <torch/nn/module.h>

#include "harness/base/bounded.h"
#include "harness/base/config.h"
#include "harness/base/error.h"
#include "harness/judges/scenes_detector.h"

namespace emf {
namespace {

class DetectorJudge : public Judge {
 public:
  DetectorJudge(const Options& options, const JudgeContext& context)
      : detector_(path_of(options, context), context.placement) {}

  int64_t side() const override { return detector_.side(); }
  const std::vector<std::string>& class_names() const override { return detector_.class_names(); }
  GenEvalOptions geneval_options() const override {
    return emf::geneval_options(detector_.geneval_options(), "the scenes detector");
  }
  Json fingerprint() const override {
    return {{"name", "detector"}, {"sha256", detector_.sha256()}, {"options", detector_.geneval_options()}};
  }
  std::vector<std::vector<Detection>> detect(const at::Tensor& pictures) const override {
    return detector_.detect(pictures);
  }

 private:
  /// The shipped file of the pictures' side.
  static std::filesystem::path path_of(const Options& options, const JudgeContext& context) {
    ConfigReader(options).finish();
    const std::filesystem::path path = detector_path(context.height);
    if (context.height != context.width || !path_exists(path)) {
      fail_missing(
          "the scenes detector looks at square pictures of 32 or 64 pixels, not {} x {}; for others name a TorchScript "
          "detector (torchscript:FILE) or train one with an instrument suite of that side",
          context.width, context.height);
    }
    return path;
  }

  Detector detector_;
};

std::unique_ptr<Judge> make_detector(const Options& options, const JudgeContext& context) {
  return std::make_unique<DetectorJudge>(options, context);
}

EMF_REGISTER(JudgeRegistry, "detector", "The shipped scenes detector: 64 kinds of emoji, ten colours, 32 or 64 pixels",
             make_detector, {.title = "Scenes detector"});

}  // namespace
}  // namespace emf
