// Any detector as TorchScript. Its forward takes pictures and returns, per picture, {"boxes" [N,4] in pixels, "labels" [N],
// "scores" [N], "colors" [N] if it knows them}, as torchvision's detectors do; a tuple's last element is taken.
//
// What the file cannot say itself stands in FILE.json beside it, all of it optional:
//   classes  names by label (GenEval's 80 in official order)        colors  names by number (none)
//   input    "batch": one [B,3,H,W] tensor; "list": B tensors of [3,H,W], as torchvision's take
//   range    of the pictures' values, "0..1" (default), "0..255" or "-1..1"
//   side     pixels that pictures must have, 0 = any                 threshold, counting_threshold  for GenEval's rule
#include "harness/api/judge.h"
#include "harness/base/config.h"
#include "harness/base/error.h"
#include "harness/captions/grammar.h"
#include "harness/tensor/script_file.h"

namespace emf {
namespace {

class TorchScriptJudge : public Judge {
 public:
  explicit TorchScriptJudge(const std::string& path) : path_(path), script_(read_script(path)) {
    ConfigReader reader(script_.facts, "");
    classes_ = reader.texts("classes", geneval_classes());
    colors_ = reader.texts("colors", {});
    takes_list_ = reader.choice("input", "batch", {"batch", "list"}) == "list";
    range_ = reader.choice("range", "0..1", script_ranges());
    side_ = reader.integer("side", 0, 0, 1 << 16);
    for (const char* key : {"threshold", "counting_threshold"}) {
      if (reader.has(key)) options_[key] = reader.number(key, 0.5, 0, 1);
    }
    reader.finish();
  }

  int64_t side() const override { return side_; }
  const std::vector<std::string>& class_names() const override { return classes_; }
  Json geneval_options() const override { return options_; }
  Json fingerprint() const override {
    return {
        {"name", "torchscript"}, {"sha256", script_.sha256}, {"options", options_}, {"facts", script_.facts.values}};
  }

  std::vector<Json> detect(const at::Tensor& pictures) const override {
    const at::Tensor x = in_range(pictures, range_);
    c10::IValue input = x;
    if (takes_list_) {
      c10::List<at::Tensor> list;
      for (int64_t i = 0; i < x.size(0); ++i) list.push_back(x[i]);
      input = list;
    }
    c10::IValue found = run_script(script_, input);
    if (found.isTuple() && !found.toTupleRef().elements().empty()) found = found.toTupleRef().elements().back();
    if (!found.isList() || static_cast<int64_t>(found.toListRef().size()) != pictures.size(0)) {
      fail_input("{}: its forward must return a list of {} dictionaries, one a picture", path_, pictures.size(0));
    }
    std::vector<Json> all;
    for (const c10::IValue& picture : found.toListRef()) all.push_back(boxes_of(picture));
    return all;
  }

 private:
  /// [N] or [N,4] of one picture.
  at::Tensor part(const c10::Dict<c10::IValue, c10::IValue>& dict, const char* key, at::ScalarType type) const {
    if (!dict.contains(key) || !dict.at(key).isTensor()) {
      fail_input("{}: its forward must return \"boxes\", \"labels\" and \"scores\" of every picture; \"{}\" is missing",
                 path_, key);
    }
    return dict.at(key).toTensor().to(at::kCPU, type).contiguous();
  }

  const std::string& name_of(const std::vector<std::string>& names, int64_t number, const char* what) const {
    if (number < 0 || number >= static_cast<int64_t>(names.size())) {
      fail_input("{}: it says {} {}, but only {} have names; list them in {}", path_, what, number, names.size(),
                 script_.facts.origin);
    }
    return names[static_cast<size_t>(number)];
  }

  Json boxes_of(const c10::IValue& picture) const {
    if (!picture.isGenericDict()) fail_input("{}: its forward must return dictionaries, one a picture", path_);
    const auto dict = picture.toGenericDict();
    const at::Tensor boxes = part(dict, "boxes", at::kDouble), labels = part(dict, "labels", at::kLong),
                     scores = part(dict, "scores", at::kDouble);
    const int64_t count = scores.numel();
    if (boxes.numel() != 4 * count || labels.numel() != count) {
      fail_input("{}: {} scores, {} labels and {} corners of boxes do not fit together", path_, count, labels.numel(),
                 boxes.numel());
    }
    const bool colored = dict.contains("colors");
    const at::Tensor colors = colored ? part(dict, "colors", at::kLong) : at::Tensor();
    Json rows = Json::array();
    for (int64_t i = 0; i < count; ++i) {
      const double* box = boxes.const_data_ptr<double>() + 4 * i;
      Json row = {{"cls", name_of(classes_, labels.const_data_ptr<int64_t>()[i], "class")},
                  {"box", {box[0], box[1], box[2], box[3]}},
                  {"score", scores.const_data_ptr<double>()[i]}};
      if (colored) row["color"] = name_of(colors_, colors.const_data_ptr<int64_t>()[i], "colour");
      rows.push_back(std::move(row));
    }
    return rows;
  }

  std::string path_;
  ScriptFile script_;
  std::vector<std::string> classes_, colors_;
  bool takes_list_ = false;
  std::string range_;
  int64_t side_ = 0;
  Json options_ = Json::object();
};

std::unique_ptr<Judge> make_torchscript(const std::string& argument, int64_t side) {
  (void)side;
  if (argument.empty()) fail_input("judge 'torchscript' needs a file: torchscript:/path/to/detector.pt");
  return std::make_unique<TorchScriptJudge>(argument);
}

EMF_REGISTER(JudgeRegistry, "torchscript", "Any detector as a TorchScript file, torchscript:/path/to/detector.pt",
             make_torchscript);

}  // namespace
}  // namespace emf
