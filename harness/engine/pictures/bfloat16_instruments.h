// SPDX-License-Identifier: Apache-2.0
// Codecs, judges and backbones whose products run in bf16, whatever plugin they are of.
#pragma once

#include <memory>

#include "harness/api/backbone.h"
#include "harness/api/codec.h"
#include "harness/api/judge.h"

namespace emf {

/// The key by which fingerprints and identities say so.
inline constexpr const char* kPrecisionKey = "precision";

// Each gives the instrument again, which computes under autocast to bf16 on its device; where that has no products of
// bf16, it computes as before and is called the same, as a model is. Its fingerprint or identity says "precision":
// "bf16": what two precisions measured is never compared unseen.
std::unique_ptr<Codec> in_bfloat16(std::unique_ptr<Codec> codec, const Placement& placement);
std::unique_ptr<Judge> in_bfloat16(std::unique_ptr<Judge> judge, const Placement& placement);
std::unique_ptr<Backbone> in_bfloat16(std::unique_ptr<Backbone> backbone, const Placement& placement);

}  // namespace emf
