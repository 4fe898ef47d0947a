// SPDX-License-Identifier: Apache-2.0
#include "harness/command/bench_encode.h"

#include <ATen/ATen.h>
#include <algorithm>

#include "harness/api/encoder.h"
#include "harness/captions/prompt_file.h"
#include "harness/command/bench_clock.h"
#include "harness/engine/stages/probe_stages.h"
#include "harness/engine/text/packed_features.h"

namespace emf {
namespace {

std::vector<Prompt> some_captions() {
  constexpr int64_t kCaptions = 500;
  return probe_captions(*DatasetRegistry::instance().make("scenes", Options(Json(), "bench encode"), {}), kCaptions);
}

/// What padding adds: products see real tokens alone, attention every pair of places of a padded row. FLOPs of a row
/// are a * tokens + b * tokens^2, so two lengths tell b.
double padding_flops(const Encoder& encoder, const std::vector<int64_t>& lengths) {
  const auto flops_of = [&](int64_t length) {
    return encoder.forward_flops({at::zeros({1, length}, at::kLong), at::ones({1, length}, at::kBool)});
  };
  const double a_pair = (flops_of(2) - 2 * flops_of(1)) / 2;
  double pairs = 0;
  for (const std::vector<int64_t>& batch : batches_by_length(lengths)) {
    const auto longest = static_cast<double>(lengths[static_cast<size_t>(batch.back())]);
    for (const int64_t row : batch) {
      const auto own = static_cast<double>(lengths[static_cast<size_t>(row)]);
      pairs += longest * longest - own * own;
    }
  }
  return a_pair * pairs;
}

}  // namespace

Json bench_encode(const EncodeBench& bench, int threads, const Placement& placement) {
  Json options = Json::object();
  if (!bench.precision.empty()) options["precision"] = bench.precision;
  const std::unique_ptr<Encoder> encoder =
      make_encoder(bench.encoder, Options(options, "options of encoder '" + bench.encoder + "'"),
                   {.seed = 0, .placement = placement});
  const std::vector<Prompt> prompts = bench.prompts.empty() ? some_captions() : read_prompts(bench.prompts);
  const TokenInputs inputs = encoder->prepare(prompts);
  const Clock clock = time_of([&] { encode_packed(*encoder, inputs, FeatureContent::kPooled); }, 2);

  const int64_t num_tokens = inputs.mask.sum().item<int64_t>();
  const double flops = encoder->forward_flops(inputs);
  const Speed speed = speed_of(flops, clock, placement, bench.precision == "bf16" ? at::kBFloat16 : at::kFloat);
  return {{"what", "encode"},
          {"encoder", bench.encoder},
          {"precision", bench.precision.empty() ? "fp32" : bench.precision},
          {"threads", threads},
          {"device", placement.device.str()},
          {"prompts", prompts.size()},
          {"num_tokens", num_tokens},
          {"padding", flops > 0 ? padding_flops(*encoder, lengths_of(inputs.mask)) / flops : 0},
          {"seconds", clock.wall_s},
          {"cpu_seconds", clock.cpu_s},
          {"samples_per_second", static_cast<double>(prompts.size()) / clock.wall_s},
          {"tokens_per_second", static_cast<double>(num_tokens) / clock.wall_s},
          {"needed_gflop", flops * 1e-9},
          {speed.key, speed.gemm * 1e-9},
          {"share_of_gemm", speed.share},
          {"peak_rss_bytes", peak_bytes()}};
}

}  // namespace emf
