// SPDX-License-Identifier: Apache-2.0
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "harness/kernels/fused/adamw.h"
#include "harness/kernels/fused/operation_tensors.h"
#include "harness/kernels/fused/operations.h"

namespace emf::fused {
namespace {

constexpr int64_t kStateNumbers = sizeof(AdamwState) / sizeof(double);
static_assert(kStateNumbers * sizeof(double) == sizeof(AdamwState));

class DeviceAdamw : public FusedAdamw {
 public:
  DeviceAdamw(FusedAdamwTensors tensors, const FusedAdamwOptions& options)
      : tensors_(std::move(tensors)), options_(options), device_(tensors_.weights.front().device()) {
    std::vector<AdamwTensor> table;
    std::vector<AdamwChunk> chunks;
    for (size_t i = 0; i < tensors_.weights.size(); ++i) {
      AdamwTensor tensor{};
      tensor.weight = own(tensors_.weights[i], i);
      tensor.moment1 = own(tensors_.moments1.at(i), i);
      tensor.moment2 = own(tensors_.moments2.at(i), i);
      tensor.average = own(tensors_.averages.at(i), i);
      if (!tensors_.copies.empty()) tensor.copy = copy_of(tensors_.copies.at(i), i);
      tensor.count = tensors_.weights[i].numel();
      tensor.rate_share = tensors_.rate_shares.empty() ? 1 : tensors_.rate_shares.at(i);
      for (int64_t first = 0; first < tensor.count; first += kAdamwChunk) {
        chunks.push_back({static_cast<int64_t>(i), first});
      }
      table.push_back(tensor);
      counts_.push_back(tensor.count);
      places_.push_back(tensor.weight);
    }
    num_chunks_ = static_cast<int64_t>(chunks.size());
    table_ = on_device(table);
    chunks_ = on_device(chunks);
    const at::TensorOptions doubles = at::TensorOptions().device(device_).dtype(at::kDouble);
    chunk_squares_ = at::empty({num_chunks_}, doubles);
    state_ = at::zeros({kStateNumbers}, doubles);
  }

  void step(const std::vector<at::Tensor>& gradients, const at::Tensor& learning_rate) override {
    ensure(gradients.size() == counts_.size(), "{} gradients for {} parameters", gradients.size(), counts_.size());
    ensure(learning_rate.scalar_type() == at::kDouble && learning_rate.device() == device_,
           "the learning rate is a double on {}", device_.str());
    for (size_t i = 0; i < places_.size(); ++i) {
      ensure(place_of(tensors_.weights[i]) == places_[i], "parameter {} has moved since the optimizer was made", i);
    }
    const c10::DeviceGuard guard(device_);
    const at::NoGradGuard no_grad;
    const ElementType type = gradient_type(gradients);
    std::vector<at::Tensor> held;  // until the launches are enqueued; then the allocator keeps their order
    for (size_t i = 0; i < gradients.size(); ++i) {
      held.push_back(gradients[i].defined() ? packed(gradients[i], type) : zeros_for(i, type));
      ensure(held.back().numel() == counts_[i], "gradient {} has {} numbers, its parameter {}", i, held.back().numel(),
             counts_[i]);
    }
    state_.narrow(0, 0, 1).copy_(learning_rate.view({1}), /*non_blocking=*/true);
    const AdamwCall call{static_cast<AdamwTensor*>(mutable_place_of(table_)),
                         static_cast<const AdamwChunk*>(place_of(chunks_)),
                         num_chunks_,
                         static_cast<double*>(mutable_place_of(chunk_squares_)),
                         static_cast<AdamwState*>(mutable_place_of(state_)),
                         type,
                         options_.beta1,
                         options_.beta2,
                         options_.epsilon,
                         options_.weight_decay,
                         options_.ema_decay,
                         options_.clip_norm};
    enter(call, held);
    launch(&Launchers::adamw_norm, call, device_, "adamw_norm");
    launch(&Launchers::adamw_step, call, device_, "adamw_step");
    // Written behind LibTorch's back: who keeps something made of a weight sees by its count that it has changed.
    for (const at::Tensor& weight : tensors_.weights) weight.unsafeGetTensorImpl()->bump_version();
  }

  at::Tensor norm() const override { return number(offsetof(AdamwState, norm)).clone(); }

  FusedAdamwCounts counts() const override {
    return {number(offsetof(AdamwState, steps)).item<double>(),
            number(offsetof(AdamwState, average_weight)).item<double>()};
  }

  void set_counts(const FusedAdamwCounts& counts) override {
    const c10::DeviceGuard guard(device_);
    number(offsetof(AdamwState, steps)).fill_(counts.steps);
    number(offsetof(AdamwState, average_weight)).fill_(counts.average_weight);
  }

 private:
  at::Tensor number(size_t bytes) const { return state_.select(0, static_cast<int64_t>(bytes / sizeof(double))); }

  void check_place(const at::Tensor& x, at::ScalarType type, size_t i) const {
    ensure(x.scalar_type() == type && x.is_contiguous() && x.device() == device_ && is_at_multiple(x, 16) &&
               x.numel() == tensors_.weights[i].numel(),
           "parameter {} or its state is not what a fused step takes", i);
  }
  float* own(const at::Tensor& x, size_t i) const {
    check_place(x, at::kFloat, i);
    return static_cast<float*>(mutable_place_of(x));
  }
  Bfloat16* copy_of(const at::Tensor& x, size_t i) const {
    check_place(x, at::kBFloat16, i);
    return static_cast<Bfloat16*>(mutable_place_of(x));
  }

  /// That of the first that is there.
  static ElementType gradient_type(const std::vector<at::Tensor>& gradients) {
    for (const at::Tensor& gradient : gradients) {
      if (!gradient.defined()) continue;
      const auto type = element_type(gradient);
      ensure(type.has_value(), "a gradient is {}", at::toString(gradient.scalar_type()));
      return *type;
    }
    return ElementType::kFloat32;
  }

  /// A leaf that the loss did not reach keeps one tensor of zeros, so that the table stays as it is.
  const at::Tensor& zeros_for(size_t i, ElementType type) {
    zeros_.resize(counts_.size());
    at::Tensor& zeros = zeros_[i];
    if (!zeros.defined() || zeros.scalar_type() != scalar_type(type)) {
      zeros = at::zeros({counts_[i]}, tensors_.weights[i].options().dtype(scalar_type(type)).requires_grad(false));
    }
    return zeros;
  }

  /// A table's bytes on the device; waits for them.
  template <class Entry>
  at::Tensor on_device(const std::vector<Entry>& entries) const {
    const at::Tensor bytes = at::empty({static_cast<int64_t>(entries.size() * sizeof(Entry))}, at::dtype(at::kByte));
    std::memcpy(bytes.mutable_data_ptr(), entries.data(), static_cast<size_t>(bytes.numel()));
    return bytes.to(device_, at::kByte, /*non_blocking=*/false, /*copy=*/true);
  }

  void enter(const AdamwCall& call, const std::vector<at::Tensor>& gradients) const {
    const Launchers& table = launchers(device_);
    void* const stream = table.current_stream(device_);
    for (size_t first = 0; first < gradients.size(); first += AdamwGradients::kMost) {
      AdamwGradients entered{};
      entered.first = static_cast<int64_t>(first);
      entered.count = static_cast<int>(std::min<size_t>(AdamwGradients::kMost, gradients.size() - first));
      for (int i = 0; i < entered.count; ++i) entered.places[i] = place_of(gradients[first + static_cast<size_t>(i)]);
      check_launch(table.adamw_gradients(call, entered, stream), "adamw_gradients");
    }
  }

  FusedAdamwTensors tensors_;
  FusedAdamwOptions options_;
  at::Device device_;
  std::vector<int64_t> counts_;      ///< numbers of each parameter
  std::vector<const void*> places_;  ///< of each parameter
  int64_t num_chunks_ = 0;
  at::Tensor table_, chunks_, chunk_squares_, state_;
  std::vector<at::Tensor> zeros_;
};

}  // namespace

std::unique_ptr<FusedAdamw> fused_adamw(const FusedAdamwTensors& tensors, const FusedAdamwOptions& options) {
  ensure(!tensors.weights.empty(), "no parameters to optimize");
  return std::make_unique<DeviceAdamw>(tensors, options);
}

}  // namespace emf::fused
