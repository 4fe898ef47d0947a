#include "harness/api/encoder.h"

namespace emf {

at::Tensor mean_over_mask(const TextFeatures& features) {
  const at::Tensor weight = features.mask.to(features.tokens.scalar_type()).unsqueeze(-1);
  return (features.tokens * weight).sum(1) / weight.sum(1);
}

}  // namespace emf
