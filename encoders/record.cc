// SPDX-License-Identifier: Apache-2.0
// record:<encoder>: passes through, and saves what the encoder was given and what it gave as safetensors.
//
// Features that a run's store holds already are not encoded again, and so not recorded again.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>

#include "encoders/wrapper.h"
#include "harness/base/progress.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

class RecordEncoder : public EncoderWrapper {
 public:
  RecordEncoder(const Options& options, const EncoderContext& context) {
    ConfigReader reader(options);
    name_ = reader.text("argument", "hash", "the encoder that is recorded, behind the colon");
    path_ = reader.text("path", "", "safetensors file that features are written to; \"\" = none");  // "" saves nothing
    const Json inner_options = reader.raw("inner", "options of the inner encoder");  // the wrapped encoder's own
    reader.finish();
    inner_ = make_inner(name_, inner_options, options.place("inner"), context);
  }

  ~RecordEncoder() override {
    try {
      if (num_rows_ > num_written_) write();
    } catch (const std::exception& error) {
      say(fmt::format("record: the last {} rows are lost: {}", num_rows_ - num_written_, error.what()));
    }
  }

  EncoderInfo info() const override {
    EncoderInfo info = inner_->info();
    info.name = "record";
    info.summary = fmt::format("{}, recorded", name_);
    return info;
  }

  /// Where the record goes decides no feature.
  Json fingerprint() const override {
    return {{"encoder", "record"}, {"version", 1}, {"inner", inner_->fingerprint()}};
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const TextFeatures features = inner_->forward(inputs);
    if (path_.empty()) return features;
    calls_.push_back({inputs.ids.clone(), features.mask.cpu().to(at::kByte), features.tokens.detach().cpu().clone()});
    num_rows_ += inputs.ids.size(0);
    // The whole file is written anew when its rows have doubled: at most twice the final bytes in all.
    if (num_rows_ >= 2 * num_written_) write();
    return features;
  }

 private:
  const Encoder& inner() const override { return *inner_; }
  struct Call {
    at::Tensor ids, mask, tokens;
  };

  /// Rows of all calls, padded with zeros to the longest: ids [N,L] i64, mask [N,L] u8, tokens [N,L,D] f32.
  void write() const {
    const at::NoGradGuard no_grad;
    int64_t longest = 0;
    for (const Call& call : calls_) longest = std::max(longest, call.ids.size(1));
    std::vector<at::Tensor> ids, mask, tokens;
    for (const Call& call : calls_) {
      const int64_t missing = longest - call.ids.size(1);
      ids.push_back(at::constant_pad_nd(call.ids, {0, missing}));
      mask.push_back(at::constant_pad_nd(call.mask, {0, missing}));
      tokens.push_back(at::constant_pad_nd(call.tokens, {0, 0, 0, missing}));
    }
    write_safetensors(path_, {{"ids", at::cat(ids)}, {"mask", at::cat(mask)}, {"tokens", at::cat(tokens)}},
                      {{"encoder", name_}, {"fingerprint", canonical_json(inner_->fingerprint())}});
    num_written_ = num_rows_;
  }

  std::string name_, path_;
  std::unique_ptr<Encoder> inner_;
  mutable std::vector<Call> calls_;
  mutable int64_t num_rows_ = 0, num_written_ = 0;
};

std::unique_ptr<Encoder> make_record(const Options& options, const EncoderContext& context) {
  return std::make_unique<RecordEncoder>(options, context);
}

EMF_REGISTER(EncoderRegistry, "record", "record:E is E, its inputs and features saved to options path", make_record);

}  // namespace
}  // namespace emf
