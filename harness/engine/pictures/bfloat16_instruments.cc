// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/pictures/bfloat16_instruments.h"

#include <ATen/ATen.h>

#include "harness/kernels/bfloat16_products.h"
#include "harness/tensor/autocast.h"

namespace emf {
namespace {

Json marked(Json print) {
  print[kPrecisionKey] = "bf16";
  return print;
}

class Bfloat16Codec : public Codec {
 public:
  Bfloat16Codec(std::unique_ptr<Codec> inner, const Placement& placement)
      : inner_(std::move(inner)), device_(placement.device), casts_(has_bfloat16_products(placement.device)) {}

  Json fingerprint() const override { return marked(inner_->fingerprint()); }
  LatentShape shape(int64_t height, int64_t width) const override { return inner_->shape(height, width); }
  at::Tensor encode(const at::Tensor& pictures) const override {
    const Autocast products(casts_, device_.type());
    return inner_->encode(pictures).to(at::kFloat);
  }
  at::Tensor decode(const at::Tensor& latents) const override {
    const Autocast products(casts_, device_.type());
    return inner_->decode(latents);
  }
  int64_t batch() const override { return inner_->batch(); }
  bool loses() const override { return inner_->loses(); }

 private:
  std::unique_ptr<Codec> inner_;
  at::Device device_;
  bool casts_;
};

class Bfloat16Judge : public Judge {
 public:
  Bfloat16Judge(std::unique_ptr<Judge> inner, const Placement& placement)
      : inner_(std::move(inner)), device_(placement.device), casts_(has_bfloat16_products(placement.device)) {}

  int64_t side() const override { return inner_->side(); }
  Json fingerprint() const override { return marked(inner_->fingerprint()); }
  bool detects() const override { return inner_->detects(); }
  const std::vector<std::string>& class_names() const override { return inner_->class_names(); }
  GenEvalOptions geneval_options() const override { return inner_->geneval_options(); }
  std::vector<std::vector<Detection>> detect(const at::Tensor& pictures) const override {
    const Autocast products(casts_, device_.type());
    return inner_->detect(pictures);
  }
  bool answers() const override { return inner_->answers(); }
  std::vector<std::vector<std::string>> answer(const at::Tensor& pictures,
                                               const std::vector<std::vector<std::string>>& questions) const override {
    const Autocast products(casts_, device_.type());
    return inner_->answer(pictures, questions);
  }

 private:
  std::unique_ptr<Judge> inner_;
  at::Device device_;
  bool casts_;
};

class Bfloat16Backbone : public Backbone {
 public:
  Bfloat16Backbone(std::unique_ptr<Backbone> inner, const Placement& placement)
      : inner_(std::move(inner)), device_(placement.device), casts_(has_bfloat16_products(placement.device)) {}

  int64_t side() const override { return inner_->side(); }
  ResizeFilter resize() const override { return inner_->resize(); }
  Json identity() const override { return marked(inner_->identity()); }
  std::string short_name() const override { return inner_->short_name(); }
  // Rounded features are not those that FID is defined on.
  bool official() const override { return false; }
  bool classifies() const override { return inner_->classifies(); }
  at::Tensor features(const at::Tensor& pictures) const override {
    const Autocast products(casts_, device_.type());
    return inner_->features(pictures).to(at::kFloat);
  }
  at::Tensor logits(const at::Tensor& features) const override {
    const Autocast products(casts_, device_.type());
    return inner_->logits(features).to(at::kFloat);
  }

 private:
  std::unique_ptr<Backbone> inner_;
  at::Device device_;
  bool casts_;
};

}  // namespace

std::unique_ptr<Codec> in_bfloat16(std::unique_ptr<Codec> codec, const Placement& placement) {
  return std::make_unique<Bfloat16Codec>(std::move(codec), placement);
}
std::unique_ptr<Judge> in_bfloat16(std::unique_ptr<Judge> judge, const Placement& placement) {
  return std::make_unique<Bfloat16Judge>(std::move(judge), placement);
}
std::unique_ptr<Backbone> in_bfloat16(std::unique_ptr<Backbone> backbone, const Placement& placement) {
  return std::make_unique<Bfloat16Backbone>(std::move(backbone), placement);
}

}  // namespace emf
