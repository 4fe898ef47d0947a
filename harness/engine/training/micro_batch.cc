// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/micro_batch.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/base/error.h"

namespace emf {
namespace {

/// sum + share * number; waits for nothing that a device is computing.
LossNumber add_share(const LossNumber& sum, const LossNumber& number, double share) {
  if (!sum.pending().defined() && !number.pending().defined()) return double{sum} + share * double{number};
  const auto as_tensor = [&](const LossNumber& one) {
    const at::Tensor& like = sum.pending().defined() ? sum.pending() : number.pending();
    return one.pending().defined() ? one.pending().to(at::kDouble) : at::full_like(like, double{one}, at::kDouble);
  };
  return as_tensor(sum) + share * as_tensor(number);
}

}  // namespace

Draw rows_of(const Draw& draw, int64_t begin, int64_t count) {
  const auto part = [&](const at::Tensor& x) { return x.defined() ? x.narrow(0, begin, count) : x; };
  Draw rows{part(draw.t), part(draw.r), part(draw.eps), part(draw.drop)};
  for (const auto& [name, extra] : draw.extras) rows.extras[name] = part(extra);
  rows.num_apart = (rows.r < rows.t).sum().item<int64_t>();
  return rows;
}

LossResult loss_by_parts(int64_t rows, int64_t micro_batch,
                         const std::function<LossResult(int64_t begin, int64_t count)>& loss_of) {
  if (micro_batch == 0 || micro_batch >= rows) return loss_of(0, rows);
  LossResult whole;
  at::Tensor before;  // of the parts whose backward is done
  for (int64_t begin = 0; begin < rows; begin += micro_batch) {
    const int64_t count = std::min(micro_batch, rows - begin);
    const double share = static_cast<double>(count) / static_cast<double>(rows);
    LossResult part = loss_of(begin, count);
    const at::Tensor loss = part.loss * share;
    if (begin == 0) {
      for (auto& [name, number] : part.numbers) whole.numbers.emplace_back(name, add_share(0.0, number, share));
    } else {
      ensure(part.numbers.size() == whole.numbers.size(), "a loss reports other numbers for other rows");
      for (size_t i = 0; i < part.numbers.size(); ++i) {
        whole.numbers[i].second = add_share(whole.numbers[i].second, part.numbers[i].second, share);
      }
    }
    if (begin + count < rows) {
      loss.backward();
      before = before.defined() ? before + loss.detach() : loss.detach();
    } else {
      whole.loss = loss + before;
    }
  }
  return whole;
}

}  // namespace emf
