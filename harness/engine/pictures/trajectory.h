// SPDX-License-Identifier: Apache-2.0
// How straight are the paths from noise to picture, and how far is the velocity at an instant from that of the whole
// way?
#pragma once

#include "harness/engine/pictures/sampler.h"

namespace emf {

/// Measures the paths of a sampler in latent space, z_t from t = 1 (noise) to 0, on a uniform grid.
///
/// Straightness is E |(z_1 - z_0) - v_t|^2 over t and paths, divided by E |z_1 - z_0|^2: 0 for straight lines at
/// constant speed, which one step paints exactly. The gap at t is E |v_t - (z_t - z_0) / t|^2 / E |v_t|^2: what one
/// step from there would miss.
/// @param sample  samples what it is given, calling on_step; see Objective::sample.
/// @return  {"steps", "pictures", "straightness", "gap": [[t, value] a step, from t = 1 down]}; straightness null and
///   no gap where the sampler never called on_step.
/// @source  Liu, Gong and Liu 2023 (arXiv 2209.03003), section 2.2; the gap as EMF's figure 7 draws it.
Json measure_paths(const std::function<SamplerResult(const SamplerRequest&)>& sample, SamplerRequest request);

}  // namespace emf
