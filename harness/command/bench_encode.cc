#include "harness/command/bench_encode.h"

#include <algorithm>

#include "harness/api/encoder.h"
#include "harness/base/prompt_file.h"
#include "harness/command/bench_clock.h"
#include "harness/engine/packed_features.h"
#include "harness/engine/probing.h"

namespace emf {
namespace {

std::vector<Prompt> some_captions() {
  constexpr int64_t kCaptions = 500;
  Config config;
  config.origin = "bench encode";
  config.values["data"] = {{"name", "scenes"}};
  return probe_captions(*DatasetRegistry::instance().make("scenes", config, 0), kCaptions);
}

}  // namespace

Json bench_encode(const EncodeBench& bench, int threads) {
  Json options = Json::object();
  if (!bench.precision.empty()) options["precision"] = bench.precision;
  const std::unique_ptr<Encoder> encoder = make_encoder(bench.encoder, options, 0);
  const std::vector<Prompt> prompts = bench.prompts.empty() ? some_captions() : read_prompts(bench.prompts);
  const TokenInputs inputs = encoder->prepare(prompts);
  const Clock clock = time_of([&] { encode_packed(*encoder, inputs, FeatureContent::kPooled); }, 2);

  const std::vector<int64_t> lengths = lengths_of(inputs.mask);
  int64_t real = inputs.mask.sum().item<int64_t>(), padded = 0;
  for (const std::vector<int64_t>& batch : batches_by_length(lengths)) {
    padded += static_cast<int64_t>(batch.size()) * lengths[static_cast<size_t>(batch.back())];
  }
  const double flops = encoder->forward_flops(inputs);
  const double roofline = gemm_roofline(bench.precision == "bf16" ? at::kBFloat16 : at::kFloat);
  return {{"what", "encode"},
          {"encoder", bench.encoder},
          {"precision", bench.precision.empty() ? "fp32" : bench.precision},
          {"threads", threads},
          {"prompts", prompts.size()},
          {"num_tokens", real},
          {"padding", static_cast<double>(padded) / static_cast<double>(real) - 1},
          {"seconds", clock.wall_s},
          {"cpu_seconds", clock.cpu_s},
          {"samples_per_second", static_cast<double>(prompts.size()) / clock.wall_s},
          {"tokens_per_second", static_cast<double>(real) / clock.wall_s},
          {"needed_gflop", flops * 1e-9},
          {"gemm_gflop_per_cpu_second", roofline * 1e-9},
          {"share_of_gemm", flops / clock.cpu_s / roofline},
          {"peak_rss_bytes", peak_bytes()}};
}

}  // namespace emf
