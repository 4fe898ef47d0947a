// SPDX-License-Identifier: Apache-2.0
// The launchers of the .cu files: what fills in harness/kernels/fused/launchers.h, and its parts.
//
// Each queues its work on `stream` (a cudaStream_t) and returns at once; nothing is synchronised, all of it can be
// captured in a graph. It returns null, or what CUDA says went wrong with the launch.
#pragma once

#include "harness/kernels/fused/activation.h"
#include "harness/kernels/fused/adamw.h"
#include "harness/kernels/fused/attention.h"
#include "harness/kernels/fused/random_rows.h"
#include "harness/kernels/fused/residual_norm.h"
#include "harness/kernels/fused/time_embedding.h"

namespace emf::fused {

const char* launch_activation(const Activation& call, void* stream);
const char* launch_activation_backward(const ActivationBackward& call, void* stream);

const char* launch_residual_norm(const ResidualNorm& call, void* stream);
const char* launch_residual_norm_backward(const ResidualNormBackward& call, void* stream);
int64_t partial_sums_of(int64_t samples, int64_t tokens, int width);
bool residual_norm_takes(int64_t width, ElementType stream, ElementType narrow);

const char* launch_time_embedding(const TimeEmbedding& call, void* stream);
const char* launch_normal_rows(const RandomRows& call, void* stream);
const char* launch_uniform_rows(const RandomRows& call, void* stream);

const char* launch_adamw_gradients(const AdamwCall& call, const AdamwGradients& gradients, void* stream);
const char* launch_adamw_norm(const AdamwCall& call, void* stream);
const char* launch_adamw_step(const AdamwCall& call, void* stream);

/// On Hopper devices bfloat16 runs on wgmma (attention_hopper.cu), everything else in attention_plain.cu.
/// @cost  4 B N M H d, and for the tangent 8 (all move) or 4 (q's alone) times K N M H d. Memory: inputs and outputs
///   once, keys and values again for each 128 queries out of the L2 cache.
const char* launch(const DualAttention& problem, void* stream);
/// The plain kernel alone, whatever the device: the reference on the device, and what other cards run.
const char* launch_plain(const DualAttention& problem, void* stream);
/// The Hopper kernel alone.
const char* launch_hopper(const DualAttention& problem, void* stream);
/// What this device and these sizes can be given; the reason else.   @return  nullptr: supported.
const char* unsupported(const DualAttention& problem);

/// As of the value; the same bytes on every run, no atomics.
/// @cost  14 B N M H d: scores and their gradients are computed twice, for rows and for columns, instead of being kept.
const char* launch(const AttentionGradient& problem, void* stream);
const char* launch_plain(const AttentionGradient& problem, void* stream);
const char* launch_hopper(const AttentionGradient& problem, void* stream);
/// Fills the scratch.
const char* launch_row_numbers(const AttentionGradient& problem, void* stream);

}  // namespace emf::fused
