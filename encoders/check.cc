// SPDX-License-Identifier: Apache-2.0
// check:<a>,<b>: two encoders that should agree, such as two implementations of one model. Gives a's features, compares
// b's with them and fails beyond the tolerances; a histogram of the differences goes to stderr.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "encoders/wrapper.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

/// Differences by decade: below 1e-9, 1e-9 .. 1e-8, ..., 1 and above.
constexpr int kLowestDecade = -9;
constexpr size_t kDecades = 11;

size_t decade_of(double difference) {
  if (difference < std::pow(10.0, kLowestDecade)) return 0;
  const double place = std::floor(std::log10(difference)) - kLowestDecade + 1;
  return std::min(static_cast<size_t>(place), kDecades - 1);
}

class CheckEncoder : public EncoderWrapper {
 public:
  CheckEncoder(const Options& options, const EncoderContext& context) {
    ConfigReader reader(options);
    const std::string pair =
        reader.text("argument", "hash,hash", "the two encoders that are compared, behind the colon: a,b");
    absolute_ = reader.number("abs", 1e-5, 0, 1e9, "absolute difference that is no difference");
    relative_ = reader.number("rel", 1e-4, 0, 1e9, "relative difference that is none");
    const Json a_options = reader.raw("a", "options of the first"),
               b_options = reader.raw("b", "options of the second");  // the two encoders' own
    reader.finish();
    const size_t comma = pair.find(',');
    if (comma == std::string::npos) fail_input("check compares two encoders, check:a,b, but was given '{}'", pair);
    a_name_ = pair.substr(0, comma);
    b_name_ = pair.substr(comma + 1);
    a_ = make_inner(a_name_, a_options, options.place("a"), context);
    b_ = make_inner(b_name_, b_options, options.place("b"), context);
    if (a_->info().dimension != b_->info().dimension) {
      fail_input("check: {} has {} dimensions, {} has {}; only equal ones compare", a_name_, a_->info().dimension,
                 b_name_, b_->info().dimension);
    }
  }

  ~CheckEncoder() override {
    if (num_compared_ > 0) say(histogram());
  }

  EncoderInfo info() const override {
    EncoderInfo info = a_->info();
    info.name = "check";
    info.summary = fmt::format("{}, compared with {}", a_name_, b_name_);
    info.weights_present = info.weights_present && b_->info().weights_present;
    return info;
  }

  Json fingerprint() const override {
    return {{"encoder", "check"},     {"version", 1},     {"a", a_->fingerprint()},
            {"b", b_->fingerprint()}, {"abs", absolute_}, {"rel", relative_}};
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    const TokenInputs a = a_->prepare(prompts), b = b_->prepare(prompts);
    if (!at::equal(a.ids, b.ids) || !at::equal(a.mask, b.mask)) {
      const auto a_rows = a_->tokenize(prompts, true), b_rows = b_->tokenize(prompts, true);
      for (size_t i = 0; i < prompts.size(); ++i) {
        if (a_rows[i] != b_rows[i]) fail_input("check: {} and {} give prompt {} different ids", a_name_, b_name_, i);
      }
      fail_input("check: {} and {} cut or pad prompts differently", a_name_, b_name_);
    }
    return a;
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const TextFeatures a = a_->forward(inputs);
    compare(on_host(a), on_host(b_->forward(inputs)));
    return a;
  }

 private:
  const Encoder& inner() const override { return *a_; }
  /// @throws UserError  |a - b| > abs + rel |b| anywhere, or another mask.
  void compare(const TextFeatures& a, const TextFeatures& b) const {
    if (!at::equal(a.mask, b.mask)) fail_input("check: {} and {} give different masks", a_name_, b_name_);
    const at::Tensor expected = b.tokens.detach().to(at::kDouble);
    const at::Tensor difference = (a.tokens.detach().to(at::kDouble) - expected).abs().contiguous();
    const at::Tensor real = a.mask.unsqueeze(-1).expand_as(difference).contiguous();
    const double* values = difference.data_ptr<double>();
    const bool* counts = real.data_ptr<bool>();
    for (int64_t i = 0; i < difference.numel(); ++i) {
      if (!counts[i]) continue;
      ++decades_[decade_of(values[i])];
      ++num_compared_;
    }
    // Not <=, so that a NaN on either side counts as beyond.
    const at::Tensor beyond = (difference <= absolute_ + relative_ * expected.abs()).logical_not_();
    const int64_t num_beyond = beyond.sum().item<int64_t>();
    if (num_beyond > 0) {
      fail_input("check: {} and {} differ beyond abs {} + rel {} in {} of {} features, by up to {:.3g}", a_name_,
                 b_name_, absolute_, relative_, num_beyond, difference.numel(), difference.max().item<double>());
    }
  }

  std::string histogram() const {
    std::string text = fmt::format("check: |{} - {}| of {} features:", a_name_, b_name_, num_compared_);
    for (size_t i = 0; i < kDecades; ++i) {
      if (decades_[i] == 0) continue;
      const int low = kLowestDecade + static_cast<int>(i) - 1;
      const std::string range = i == 0              ? fmt::format("< 1e{}", kLowestDecade)
                                : i + 1 == kDecades ? ">= 1"
                                                    : fmt::format("1e{}..1e{}", low, low + 1);
      text += fmt::format("\n  {:<12}{:>7.3f} %", range,
                          100.0 * static_cast<double>(decades_[i]) / static_cast<double>(num_compared_));
    }
    return text;
  }

  std::string a_name_, b_name_;
  std::unique_ptr<Encoder> a_, b_;
  double absolute_, relative_;
  mutable std::array<int64_t, kDecades> decades_{};
  mutable int64_t num_compared_ = 0;
};

std::unique_ptr<Encoder> make_check(const Options& options, const EncoderContext& context) {
  return std::make_unique<CheckEncoder>(options, context);
}

EMF_REGISTER(EncoderRegistry, "check", "check:a,b gives a's features and fails where b's differ", make_check);

}  // namespace
}  // namespace emf
