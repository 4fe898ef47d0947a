// SPDX-License-Identifier: Apache-2.0
#include "harness/api/objective.h"

#include <ATen/ATen.h>

namespace emf {

Condition with_null(const SamplerRequest& request) {
  const Condition &text = request.condition, &null = request.null_condition;
  const int64_t missing = text.tokens.size(1) - null.tokens.size(1);
  const at::Tensor tokens = at::constant_pad_nd(null.tokens, {0, 0, 0, missing}),
                   mask = at::constant_pad_nd(null.mask, {0, missing}, false);
  return {at::cat({text.tokens, tokens}), at::cat({text.mask, mask})};
}

}  // namespace emf
