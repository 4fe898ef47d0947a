// The scenes detector shipped with the project: 64 kinds of emoji in ten colours, at 32 and 64 pixels.
#include "harness/judges/scenes_detector.h"

#include "harness/api/judge.h"
#include "harness/base/error.h"

namespace emf {
namespace {

class DetectorJudge : public Judge {
 public:
  explicit DetectorJudge(int64_t side) : detector_(path_of(side)) {}

  int64_t side() const override { return detector_.side(); }
  const std::vector<std::string>& class_names() const override { return detector_.class_names(); }
  Json geneval_options() const override { return detector_.geneval_options(); }
  Json fingerprint() const override {
    return {{"name", "detector"}, {"sha256", detector_.sha256()}, {"options", detector_.geneval_options()}};
  }
  std::vector<Json> detect(const at::Tensor& pictures) const override { return detector_.detect(pictures); }

 private:
  static std::filesystem::path path_of(int64_t side) {
    const std::filesystem::path path = detector_path(side);
    if (!std::filesystem::exists(path)) {
      fail_missing(
          "the scenes detector looks at pictures of 32 or 64 pixels, not {}; for others name a TorchScript detector "
          "(torchscript:FILE) or train one with an instrument suite of that side",
          side);
    }
    return path;
  }

  Detector detector_;
};

std::unique_ptr<Judge> make_detector(const std::string& argument, int64_t side) {
  if (!argument.empty()) fail_input("judge 'detector' takes no ':{}'", argument);
  return std::make_unique<DetectorJudge>(side);
}

EMF_REGISTER(JudgeRegistry, "detector", "The shipped scenes detector: 64 kinds of emoji, ten colours, 32 or 64 pixels",
             make_detector);

}  // namespace
}  // namespace emf
