// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/late_numbers.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace emf {
namespace {

/// Every number of a step, in one order.
std::vector<LossNumber*> all_of(StepNumbers& numbers) {
  std::vector<LossNumber*> all = {&numbers.loss, &numbers.gradient_norm};
  for (auto& [name, number] : numbers.numbers) all.push_back(&number);
  return all;
}

bool is_elsewhere(const LossNumber& number) { return number.pending().defined() && !number.pending().is_cpu(); }

}  // namespace

void LateNumbers::push(StepNumbers numbers) {
  Waiting waiting{std::move(numbers), {}, {}};
  std::vector<at::Tensor> values;
  for (const LossNumber* number : all_of(waiting.numbers)) {
    if (is_elsewhere(*number)) values.push_back(number->pending().reshape({}).to(at::kDouble));
  }
  if (!values.empty()) {
    const at::NoGradGuard no_grad;
    // A copy to the host that does not block makes pinned memory by itself.
    waiting.host = at::stack(values).to(at::TensorOptions().device(Placement().device), device_.is_cuda());
    if (device_.is_cuda()) {
      waiting.copied.emplace(device_.type());
      waiting.copied->record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
    }
  }
  queue_.push_back(std::move(waiting));
}

StepNumbers LateNumbers::next() {
  Waiting waiting = std::move(queue_.front());
  queue_.pop_front();
  if (!waiting.host.defined()) return std::move(waiting.numbers);
  if (waiting.copied) waiting.copied->synchronize();
  const double* value = waiting.host.const_data_ptr<double>();
  for (LossNumber* number : all_of(waiting.numbers)) {
    if (is_elsewhere(*number)) *number = LossNumber(*value++);
  }
  return std::move(waiting.numbers);
}

}  // namespace emf
