// SPDX-License-Identifier: Apache-2.0
// The last result that was made of a tensor, for whoever asks for it again.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace emf {

/// Safe from many threads.
template <class Result>
class KeptResult {
 public:
  /// The result of `of`, made by make() where it is not the last one, or something in `state` has changed since
  /// (versions of tensors that it was made of, and `of`'s own).
  template <class Make>
  std::shared_ptr<const Result> get(const at::Tensor& of, std::vector<int64_t> state, const Make& make) const {
    state.push_back(of._version());
    {
      const std::lock_guard lock(mutex_);
      // As long as the owner is held weakly, no other tensor can lie at its address.
      if (result_ != nullptr && owner_._unsafe_get_target() == of.unsafeGetTensorImpl() && state_ == state) {
        return result_;
      }
    }
    auto made = std::make_shared<const Result>(make());
    const std::lock_guard lock(mutex_);
    owner_ = c10::weak_intrusive_ptr(of.getIntrusivePtr());
    state_ = std::move(state);
    result_ = made;
    return made;
  }

 private:
  mutable std::mutex mutex_;
  mutable c10::weak_intrusive_ptr<c10::TensorImpl> owner_{c10::intrusive_ptr<c10::TensorImpl>()};
  mutable std::vector<int64_t> state_;
  mutable std::shared_ptr<const Result> result_;
};

}  // namespace emf
