// SPDX-License-Identifier: Apache-2.0
// Any backbone as TorchScript: the 2015 Inception, DINOv2 ... Its forward takes [B,3,side,side] and returns [B,D] (or
// [B,D,1,1]); a tuple's first element is taken.
//
// What the file cannot say itself stands in FILE.json beside it, all of it optional:
//   side   pixels of its input (299)                  resize  a filter of `score --resize` ("clean-fid")
//   range  of its input, "0..255" (default), "0..1" or "-1..1"; then minus "mean" over "std", three numbers each
//   layer  what its features are called ("output")    name    what distances are called for ("dinov2" makes fd_dinov2)
//   official   "inception-2015": the file is your own export of the network on which FID, KID and the Inception Score
//              are defined. Distances then bear those names whatever "name" says, and their identity says "as
//              declared".
//              NVIDIA's inception-2015-12-05.pt is known by its bytes and needs no word.
//   arguments  keywords of its forward, {"return_features": true}; that one is given unasked where the forward has it
#include <torch/csrc/jit/api/module.h>

#include <algorithm>

#include "harness/api/backbone.h"
#include "harness/base/config.h"
#include "harness/base/error.h"
#include "harness/tensor/script_file.h"

namespace emf {
namespace {

constexpr const char* kOfficialName = "inception-2015";

/// Files that are known to be the 2015 Inception.
/// @source  inception-2015-12-05.pt of nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics, an export by
///   NVIDIA of TensorFlow's classify_image_graph_def.pb; its digest stands in k-diffusion's evaluation.py, too.
constexpr const char* kOfficialFiles[] = {"f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4"};

class TorchScriptBackbone : public Backbone {
 public:
  TorchScriptBackbone(const std::string& path, const Placement& placement)
      : path_(path), placement_(placement), script_(read_script(path, placement)) {
    ConfigReader reader(script_.facts, "");
    side_ = reader.integer("side", 299, 1, 1 << 16);
    range_ = reader.choice("range", "0..255", script_ranges());
    resize_ = resize_filter(reader.choice("resize", "clean-fid", resize_filter_names()));
    mean_ = three(reader.raw("mean"), "mean");
    std_ = three(reader.raw("std"), "std");
    layer_ = reader.text("layer", "output");
    name_ = reader.text("name", "");
    declared_ = reader.choice("official", "", {"", kOfficialName}) == kOfficialName;
    arguments_ = reader.raw("arguments");
    reader.finish();
    if (arguments_.is_null()) {
      arguments_ = Json::object();
      const auto& inputs = script_.module->get_method("forward").function().getSchema().arguments();
      const bool has_features = std::any_of(
          inputs.begin(), inputs.end(), [](const c10::Argument& input) { return input.name() == "return_features"; });
      if (has_features) arguments_["return_features"] = true;
    } else if (!arguments_.is_object()) {
      fail_input("{}: 'arguments' must be an object", script_.facts.origin);
    }
    // Of another input, or without return_features, even that file gives something else than FID's features.
    known_ = std::count(std::begin(kOfficialFiles), std::end(kOfficialFiles), script_.sha256) > 0 &&
             range_ == "0..255" && !mean_.defined() && !std_.defined() &&
             arguments_.value("return_features", Json()) == true;
  }

  int64_t side() const override { return side_; }
  ResizeFilter resize() const override { return resize_; }
  std::string short_name() const override { return official() ? "" : name_; }
  bool official() const override { return known_ || declared_; }
  Json identity() const override {
    Json identity = {{"backbone", "torchscript"}, {"weights_sha256", script_.sha256}, {"layer", layer_}};
    if (!script_.facts.values.empty()) identity["facts"] = script_.facts.values;
    if (official()) identity["official"] = known_ ? kOfficialName : fmt::format("{}, as declared", kOfficialName);
    return identity;
  }

  at::Tensor features(const at::Tensor& pictures) const override {
    at::Tensor x = in_range(pictures.to(placement_.device), range_);
    if (mean_.defined()) x = x - mean_;
    if (std_.defined()) x = x / std_;
    c10::IValue found = run_script(script_, x, arguments_);
    if (found.isTuple() && !found.toTupleRef().elements().empty()) found = found.toTupleRef().elements().at(0);
    if (!found.isTensor()) fail_input("{}: its forward must return features as one tensor", path_);
    const at::Tensor rows = found.toTensor().cpu().to(at::kFloat).flatten(1);
    if (rows.size(0) != pictures.size(0)) {
      fail_input("{}: {} rows of features for {} pictures", path_, rows.size(0), pictures.size(0));
    }
    return rows.contiguous();
  }

 private:
  /// [3,1,1], undefined when the key is absent.
  at::Tensor three(const Json& numbers, const char* key) const {
    if (numbers.is_null()) return {};
    const bool good = numbers.is_array() && numbers.size() == 3 && numbers[0].is_number() && numbers[1].is_number() &&
                      numbers[2].is_number();
    if (!good) fail_input("{}: '{}' must be three numbers, red, green and blue", script_.facts.origin, key);
    return at::tensor(numbers.get<std::vector<double>>(), placement_.options()).view({3, 1, 1});
  }

  std::string path_;
  Placement placement_;
  ScriptFile script_;
  bool known_ = false, declared_ = false;
  int64_t side_ = 299;
  std::string range_, layer_, name_;
  ResizeFilter resize_ = ResizeFilter::kCleanFid;
  at::Tensor mean_, std_;
  Json arguments_;
};

std::unique_ptr<Backbone> make_torchscript(const Options& options, const BackboneContext& context) {
  ConfigReader reader(options);
  const std::string path = reader.text("argument", "", "path of the TorchScript file, behind the colon");
  reader.finish();
  if (path.empty()) fail_input("backbone 'torchscript' needs a file: torchscript:/path/to/inception.pt");
  return std::make_unique<TorchScriptBackbone>(path, context.placement);
}

EMF_REGISTER(BackboneRegistry, "torchscript", "Any network as a TorchScript file, torchscript:/path/to/inception.pt",
             make_torchscript);

}  // namespace
}  // namespace emf
