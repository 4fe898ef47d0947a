// SPDX-License-Identifier: Apache-2.0
// Any judge as TorchScript: a detector, or a network that answers questions about a picture.
//
// A detector's forward takes pictures and returns, per picture, {"boxes" [N,4] in pixels, "labels" [N], "scores" [N],
// "colors" [N] if it knows them}, as torchvision's detectors do; a tuple's last element is taken.
// The forward of a network that answers takes one picture [1,3,H,W] and its questions, List[str], and returns a number
// for each, a list or a tensor, or true and false: above 0.5 is yes.
//
// What the file cannot say itself stands in FILE.json beside it, all of it optional:
//   words    "boxes" (default) or "answers"
//   range    of the pictures' values, "0..1" (default), "0..255" or "-1..1"
//   side     pixels that pictures must have, 0 = any
// and of detectors alone:
//   classes  names by label (GenEval's 80 in official order)        colors  names by number (none)
//   input    "batch": one [B,3,H,W] tensor; "list": B tensors of [3,H,W], as torchvision's take
//   threshold, counting_threshold  for GenEval's rule
#include <ATen/core/List.h>
#include <ATen/core/ivalue.h>

#include <algorithm>
#include <cmath>

#include "harness/api/judge.h"
#include "harness/base/config.h"
#include "harness/base/error.h"
#include "harness/captions/grammar.h"
#include "harness/tensor/script_file.h"

namespace emf {
namespace {

constexpr double kYes = 0.5;  // what an answer must be above

class TorchScriptJudge : public Judge {
 public:
  TorchScriptJudge(const std::string& path, const Placement& placement)
      : path_(path), placement_(placement), script_(read_script(path, placement)) {
    ConfigReader reader(script_.facts, "");
    answers_ = reader.choice("words", "boxes", {"boxes", "answers"}) == "answers";
    range_ = reader.choice("range", "0..1", script_ranges());
    side_ = reader.integer("side", 0, 0, 1 << 16);
    if (!answers_) {
      classes_ = reader.texts("classes", geneval_classes());
      colors_ = reader.texts("colors", {});
      takes_list_ = reader.choice("input", "batch", {"batch", "list"}) == "list";
      for (const char* key : {"threshold", "counting_threshold"}) {
        if (reader.has(key)) options_[key] = reader.number(key, 0.5, 0, 1);
      }
    }
    reader.finish();
  }

  int64_t side() const override { return side_; }
  Json fingerprint() const override {
    return {
        {"name", "torchscript"}, {"sha256", script_.sha256}, {"options", options_}, {"facts", script_.facts.values}};
  }

  bool detects() const override { return !answers_; }
  const std::vector<std::string>& class_names() const override { return classes_; }
  GenEvalOptions geneval_options() const override { return emf::geneval_options(options_, script_.facts.origin); }

  std::vector<std::vector<Detection>> detect(const at::Tensor& pictures) const override {
    if (answers_) return Judge::detect(pictures);  // says that it finds no objects
    const at::Tensor x = in_range(pictures.to(placement_.device), range_);
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
    std::vector<std::vector<Detection>> all;
    for (const c10::IValue& picture : found.toListRef()) all.push_back(boxes_of(picture));
    return all;
  }

  bool answers() const override { return answers_; }

  std::vector<std::vector<std::string>> answer(const at::Tensor& pictures,
                                               const std::vector<std::vector<std::string>>& questions) const override {
    if (!answers_) return Judge::answer(pictures, questions);  // says that it answers none
    ensure(static_cast<int64_t>(questions.size()) == pictures.size(0), "{} pictures, questions of {}", pictures.size(0),
           questions.size());
    const at::Tensor x = in_range(pictures.to(placement_.device), range_);
    std::vector<std::vector<std::string>> all;
    for (size_t i = 0; i < questions.size(); ++i) {
      std::vector<std::string>& words = all.emplace_back();
      if (questions[i].empty()) continue;
      c10::List<std::string> asked;
      for (const std::string& question : questions[i]) asked.push_back(question);
      const at::Tensor picture = x.narrow(0, static_cast<int64_t>(i), 1);
      const std::vector<double> numbers = numbers_of(run_script_method(script_, "forward", {picture, asked}));
      if (numbers.size() != questions[i].size()) {
        fail_input("{}: {} answers to {} questions", path_, numbers.size(), questions[i].size());
      }
      for (const double number : numbers) words.emplace_back(number > kYes ? "yes" : "no");
    }
    return all;
  }

 private:
  /// A tensor, or a list of numbers or truth values.   @throws UserError  something else, or a number that is none.
  std::vector<double> numbers_of(const c10::IValue& found) const {
    std::vector<double> numbers;
    if (found.isTensor()) {
      const at::Tensor values = found.toTensor().cpu().to(at::kDouble).contiguous();
      numbers.assign(values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
    } else if (found.isList()) {
      for (const c10::IValue& value : found.toListRef()) {
        if (value.isBool()) {
          numbers.push_back(value.toBool() ? 1 : 0);
        } else if (value.isDouble() || value.isInt()) {
          numbers.push_back(value.toScalar().toDouble());
        } else if (value.isTensor() && value.toTensor().numel() == 1) {
          numbers.push_back(value.toTensor().item().toDouble());
        } else {
          fail_input("{}: an answer must be a number, true or false", path_);
        }
      }
    } else {
      fail_input("{}: its forward must return a number for each question, as a list or a tensor", path_);
    }
    for (const double number : numbers) {
      if (!std::isfinite(number)) fail_input("{}: an answer is {}, no number", path_, number);
    }
    return numbers;
  }

  /// [N] or [N,4] of one picture.
  at::Tensor part(const c10::Dict<c10::IValue, c10::IValue>& dict, const char* key, at::ScalarType type) const {
    if (!dict.contains(key) || !dict.at(key).isTensor()) {
      fail_input("{}: its forward must return \"boxes\", \"labels\" and \"scores\" of every picture; \"{}\" is missing",
                 path_, key);
    }
    return dict.at(key).toTensor().cpu().to(type).contiguous();
  }

  const std::string& name_of(const std::vector<std::string>& names, int64_t number, const char* what) const {
    if (number < 0 || number >= static_cast<int64_t>(names.size())) {
      fail_input("{}: it says {} {}, but only {} have names; list them in {}", path_, what, number, names.size(),
                 script_.facts.origin);
    }
    return names[static_cast<size_t>(number)];
  }

  std::vector<Detection> boxes_of(const c10::IValue& picture) const {
    if (!picture.isGenericDict()) fail_input("{}: its forward must return dictionaries, one a picture", path_);
    const auto dict = picture.toGenericDict();
    const at::Tensor boxes = part(dict, "boxes", at::kFloat), labels = part(dict, "labels", at::kLong),
                     scores = part(dict, "scores", at::kFloat);
    const int64_t count = scores.numel();
    if (boxes.numel() != 4 * count || labels.numel() != count) {
      fail_input("{}: {} scores, {} labels and {} corners of boxes do not fit together", path_, count, labels.numel(),
                 boxes.numel());
    }
    if (!boxes.isfinite().all().item<bool>() || !scores.isfinite().all().item<bool>()) {
      fail_input("{}: a corner of a box or a score is no finite number", path_);
    }
    const bool colored = dict.contains("colors");
    const at::Tensor colors = colored ? part(dict, "colors", at::kLong) : at::Tensor();
    std::vector<Detection> found;
    for (int64_t i = 0; i < count; ++i) {
      Detection detection;
      detection.class_name = name_of(classes_, labels.const_data_ptr<int64_t>()[i], "class");
      std::copy_n(boxes.const_data_ptr<float>() + 4 * i, 4, detection.box.begin());
      detection.score = scores.const_data_ptr<float>()[i];
      if (colored) detection.color = name_of(colors_, colors.const_data_ptr<int64_t>()[i], "colour");
      found.push_back(std::move(detection));
    }
    // Who matches boxes to objects takes them in this order; scripts give them in any.
    std::stable_sort(found.begin(), found.end(),
                     [](const Detection& a, const Detection& b) { return a.score > b.score; });
    return found;
  }

  std::string path_;
  Placement placement_;
  ScriptFile script_;
  bool answers_ = false, takes_list_ = false;
  std::vector<std::string> classes_, colors_;
  std::string range_;
  int64_t side_ = 0;
  Json options_ = Json::object();
};

std::unique_ptr<Judge> make_torchscript(const Options& options, const JudgeContext& context) {
  ConfigReader reader(options);
  const std::string path = reader.text("argument", "", "path of the TorchScript file, behind the colon");
  reader.finish();
  if (path.empty()) fail_input("judge 'torchscript' needs a file: torchscript:/path/to/judge.pt");
  return std::make_unique<TorchScriptJudge>(path, context.placement);
}

EMF_REGISTER(JudgeRegistry, "torchscript", "Any detector, or network that answers questions, as a TorchScript file",
             make_torchscript);

}  // namespace
}  // namespace emf
