// SPDX-License-Identifier: Apache-2.0
// Launchers of harness/kernels/cuda that run the kernels' row and element functions on the host, one thread after the
// other: what the device runs but for its own sums of a warp, its launches and its rounding of exp.
#include <cstring>
#include <limits>

#include "harness/base/error.h"
#include "harness/kernels/cuda/activation_element.h"
#include "harness/kernels/cuda/adamw_element.h"
#include "harness/kernels/cuda/cuda_launchers.h"
#include "harness/kernels/cuda/dispatch.h"
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/cuda/random_rows_element.h"
#include "harness/kernels/cuda/residual_norm_backward_element.h"
#include "harness/kernels/cuda/time_embedding_element.h"
#include "harness/kernels/fused/operations.h"
#include "tests/kernels_in_use.h"

namespace emf {

at::Device kernel_device() { return at::kCPU; }
DeviceOperations operations_under_test() { return fused::operations(kernel_device().type(), kernel_launchers()); }
bool has_kernel_device() { return true; }

fused::Launchers kernel_launchers() {
  fused::Launchers table = fused::cuda_launchers();
  table.current_stream = [](const c10::Device&) -> void* { return nullptr; };
  return table;
}

namespace fused {

const char* launch_residual_norm(const ResidualNorm& call, void*) {
  const auto run = [&](auto wide, auto narrow, auto shape) {
    using Shape = decltype(shape);
    for (int64_t row = 0; row < call.samples * call.tokens; ++row) {
      HostGroup<ResidualNormLane<Shape::kQuads>, Shape::kThreads> group;
      residual_norm_row<decltype(wide), decltype(narrow), Shape::kQuads>(call, row, group);
    }
  };
  with_types(call.stream, call.narrow, [&](auto wide, auto narrow) {
#define EMF_RUN(largest, threads, quads) \
  if (call.width <= largest) return run(wide, narrow, GroupShape<threads, quads>());
    EMF_RESIDUAL_NORM_GROUPS(EMF_RUN)
#undef EMF_RUN
  });
  return nullptr;
}

const char* launch_residual_norm_backward(const ResidualNormBackward& call, void*) {
  const auto run = [&](auto wide, auto narrow, auto shape) {
    using Shape = decltype(shape);
    for (int64_t sample = 0; sample < call.samples; ++sample) {
      for (int64_t piece = 0; piece < pieces_of(call.samples, call.tokens); ++piece) {
        HostGroup<ResidualNormBackwardLane<Shape::kQuads>, Shape::kThreads> group;
        residual_norm_backward_piece<decltype(wide), decltype(narrow), Shape::kQuads>(call, sample, piece, group);
      }
    }
  };
  with_types(call.stream, call.narrow, [&](auto wide, auto narrow) {
#define EMF_RUN(largest, threads, quads) \
  if (call.width <= largest) return run(wide, narrow, GroupShape<threads, quads>());
    EMF_RESIDUAL_NORM_BACKWARD_GROUPS(EMF_RUN)
#undef EMF_RUN
  });
  if (call.partial_sums == nullptr) return nullptr;
  with_type(call.narrow, [&](auto narrow) {
    for (int which = 0; which < kPartialSums; ++which) {
      for (int64_t quad = 0; quad < call.samples * (call.width / kQuad); ++quad) {
        residual_norm_add_pieces<decltype(narrow)>(call, which, quad);
      }
    }
  });
  return nullptr;
}

const char* launch_activation(const Activation& call, void*) {
  with_type(call.type, [&](auto element) {
    using Element = decltype(element);
    for (int64_t pack = 0; pack < packs_of<Element>(call.count); ++pack) activation_pack<Element>(call, pack);
  });
  return nullptr;
}

const char* launch_activation_backward(const ActivationBackward& call, void*) {
  with_type(call.type, [&](auto element) {
    using Element = decltype(element);
    for (int64_t pack = 0; pack < packs_of<Element>(call.count); ++pack) activation_backward_pack<Element>(call, pack);
  });
  return nullptr;
}

const char* launch_time_embedding(const TimeEmbedding& call, void*) {
  for (int64_t index = 0; index < call.samples * call.half; ++index) time_embedding_angle(call, index);
  return nullptr;
}

template <bool kNormal>
const char* draw(const RandomRows& call) {
  for (int64_t place = 0; place < call.rows * blocks_of_row(call.count); ++place) {
    random_rows_block<kNormal>(call, place);
  }
  return nullptr;
}

const char* launch_normal_rows(const RandomRows& call, void*) { return draw<true>(call); }
const char* launch_uniform_rows(const RandomRows& call, void*) { return draw<false>(call); }

constexpr int kAdamwThreads = 256;

const char* launch_adamw_gradients(const AdamwCall& call, const AdamwGradients& gradients, void*) {
  for (int thread = 0; thread < AdamwGradients::kMost; ++thread) adamw_enter_gradient(call.tensors, gradients, thread);
  return nullptr;
}

const char* launch_adamw_norm(const AdamwCall& call, void*) {
  double squares = 0;
  with_type(call.gradient_type, [&](auto gradient) {
    for (int64_t i = 0; i < call.num_chunks; ++i) {
      const AdamwChunk chunk = call.chunks[i];
      call.chunk_squares[i] = 0;
      for (int thread = 0; thread < kAdamwThreads; ++thread) {
        call.chunk_squares[i] +=
            adamw_chunk_squares<decltype(gradient)>(call.tensors[chunk.tensor], chunk.first, thread, kAdamwThreads);
      }
      squares += call.chunk_squares[i];
    }
  });
  adamw_begin_step(call, squares, *call.state);
  return nullptr;
}

const char* launch_adamw_step(const AdamwCall& call, void*) {
  if (call.state->is_finite == 0) return nullptr;
  with_type(call.gradient_type, [&](auto gradient) {
    for (int64_t i = 0; i < call.num_chunks; ++i) {
      const AdamwChunk chunk = call.chunks[i];
      const AdamwTensor tensor = call.tensors[chunk.tensor];
      const AdamwConstants constants = adamw_constants(call, *call.state, tensor.rate_share);
      for (int thread = 0; thread < kAdamwThreads; ++thread) {
        adamw_chunk_step<decltype(gradient)>(tensor, constants, chunk.first, thread, kAdamwThreads);
      }
    }
  });
  return nullptr;
}

}  // namespace fused
}  // namespace emf
