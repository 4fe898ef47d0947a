// SPDX-License-Identifier: Apache-2.0
// A training step of the whole network on a CUDA device: forward with tangent, loss, backward, AdamW with the average,
// captured in one CUDA graph. Flow matching beside MeanFlow at several shares of rows with r != t; one JSON line each.
//
//   device_step [--width 1152 --depth 28 --heads 16 --side 16 --batch 64 --shares 0.25,1 --precision bf16 --plain]
//
// benchmarks/peers/device_step.py takes the same step in PyTorch's ways.
#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#include <torch/csrc/autograd/autograd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/api/objective.h"
#include "harness/kernels/device_operations.h"
#include "harness/tensor/autocast.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

struct Arguments {
  int64_t width = 1152, depth = 28, heads = 16, side = 16, channels = 4, text_tokens = 32, text_dimension = 768,
          batch = 64;
  std::vector<double> shares = {0.25, 1};
  std::string precision = "bf16";
  bool plain = false;  ///< ATen's operations in place of our kernels
  int replays = 10;    ///< 0: nothing is captured, for a profiler
};

const at::Device kDevice(at::kCUDA, 0);

void check(cudaError_t error) { ensure(error == cudaSuccess, "{}", cudaGetErrorString(error)); }

/// Median time of one call in seconds, by events on the current stream.
double median_seconds(const std::function<void()>& call, int repetitions) {
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream().stream();
  cudaEvent_t begin = nullptr, end = nullptr;
  check(cudaEventCreate(&begin));
  check(cudaEventCreate(&end));
  std::vector<float> milliseconds(static_cast<size_t>(repetitions));
  for (float& time : milliseconds) {
    check(cudaEventRecord(begin, stream));
    call();
    check(cudaEventRecord(end, stream));
    check(cudaEventSynchronize(end));
    check(cudaEventElapsedTime(&time, begin, end));
  }
  check(cudaEventDestroy(begin));
  check(cudaEventDestroy(end));
  std::nth_element(milliseconds.begin(), milliseconds.begin() + repetitions / 2, milliseconds.end());
  return milliseconds[static_cast<size_t>(repetitions / 2)] * 1e-3;
}

/// FLOP a second of a large product of random matrices: what the card's matrix units give in this precision.
double product_speed(at::ScalarType type) {
  constexpr int64_t kSide = 8192;
  const auto options = at::TensorOptions(kDevice).dtype(type);
  const at::Tensor a = at::randn({kSide, kSide}, options), b = at::randn({kSide, kSide}, options);
  at::Tensor c = at::mm(a, b);
  for (int i = 0; i < 3; ++i) at::mm_out(c, a, b);
  return 2.0 * kSide * kSide * kSide / median_seconds([&] { at::mm_out(c, a, b); }, 11);
}

double peak_gib() {
  using c10::CachingAllocator::StatType;
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(0);
  return static_cast<double>(stats.allocated_bytes[static_cast<size_t>(StatType::AGGREGATE)].peak) / (1 << 30);
}

/// The network with its optimizer, whatever it is trained as.
struct Network {
  explicit Network(const Arguments& arguments) {
    Placement placement;
    placement.device = kDevice;
    const ModelShape shape{arguments.channels, arguments.side, arguments.side, arguments.text_dimension};
    const Options options(Json{{"width", arguments.width}, {"depth", arguments.depth}, {"heads", arguments.heads}},
                          "device_step");
    model = ModelRegistry::instance().make("dit", options, {shape, 1, {}, placement});
    FusedAdamwTensors tensors;
    const at::NoGradGuard no_grad;
    for (const auto& [name, parameter] : model->parameters()) {
      // What starts at zero would leave whole branches without numbers, and products of zeros run faster.
      if (parameter.abs().max().item<double>() == 0) parameter.normal_(0, 0.02);
      weights.push_back(parameter);
      count += parameter.numel();
      tensors.weights.push_back(parameter.detach());
      for (auto* list : {&tensors.moments1, &tensors.moments2, &tensors.averages}) {
        list->push_back(at::zeros_like(parameter));
      }
    }
    rate = at::full({}, 1e-4, at::TensorOptions(kDevice).dtype(at::kDouble));
    const DeviceOperations* operations = device_operations(rate);
    ensure(operations != nullptr && operations->fused_adamw != nullptr, "no kernels for {}", kDevice.str());
    optimizer = operations->fused_adamw(tensors, {0.9, 0.99, 1e-8, 0.01, 1, 0.9999});
  }

  std::unique_ptr<Model> model;
  std::unique_ptr<FusedAdamw> optimizer;
  std::vector<at::Tensor> weights;
  at::Tensor rate;
  int64_t count = 0;
};

class Step {
 public:
  /// @param share  of rows with r != t; negative: flow matching.
  Step(Network& network, const Arguments& arguments, double share) : network_(network), arguments_(arguments) {
    Placement placement;
    placement.device = kDevice;
    const bool flow = share < 0;
    const Json own = flow ? Json::object() : Json{{"start", "scratch"}};
    objective_ = ObjectiveRegistry::instance().make(flow ? "flow_matching" : "mean_flow", Options(own, "device_step"),
                                                    ObjectiveContext{placement});
    const int64_t rows = arguments.batch;
    const at::TensorOptions there = placement.options();
    x_ = at::randn({rows, arguments.channels, arguments.side, arguments.side}, there);
    condition_ = {at::randn({rows, arguments.text_tokens, arguments.text_dimension}, there),
                  at::ones({rows, arguments.text_tokens}, there.dtype(at::kBool))};
    const int64_t apart = flow ? 0 : std::max<int64_t>(1, std::llround(share * static_cast<double>(rows)));
    const auto [r, t] = at::rand({rows, 2}, there).aminmax(1);
    draw_.t = t, draw_.r = at::where(at::arange(rows, there) < apart, r, t);
    draw_.eps = at::randn(x_.sizes(), there);
    draw_.drop = at::rand({rows}, there) < 0.1;
    draw_.num_apart = apart;
    flops_ = network.model->forward_flops_per_row(arguments.text_tokens) * static_cast<double>(rows) *
             (3 + static_cast<double>(apart) / static_cast<double>(rows));
  }

  void run() {
    const at::Tensor loss = [&] {
      const std::unique_ptr<PlainOperations> plain = arguments_.plain ? std::make_unique<PlainOperations>() : nullptr;
      const Autocast products(arguments_.precision == "bf16", kDevice.type());
      return objective_->loss({*network_.model, nullptr, x_, condition_, draw_, 0}).loss;
    }();
    // Flow matching does not read the interval's embedding.
    network_.optimizer->step(torch::autograd::grad({loss}, network_.weights, /*grad_outputs=*/{},
                                                   /*retain_graph=*/std::nullopt, /*create_graph=*/false,
                                                   /*allow_unused=*/true),
                             network_.rate);
  }

  double flops() const { return flops_; }

 private:
  Network& network_;
  const Arguments& arguments_;
  std::unique_ptr<Objective> objective_;
  at::Tensor x_;
  Condition condition_;
  Draw draw_;
  double flops_ = 0;
};

Json measure(Network& network, const Arguments& arguments, double share, double speed) {
  Step step(network, arguments, share);
  const c10::cuda::CUDAStreamGuard stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, 0));
  step.run();
  check(cudaDeviceSynchronize());
  c10::cuda::CUDACachingAllocator::resetPeakStats(0);
  const double eager = median_seconds([&] { step.run(); }, 3), peak = peak_gib();
  double captured = eager;
  if (arguments.replays > 0) {
    at::cuda::CUDAGraph graph;
    graph.capture_begin();
    step.run();
    graph.capture_end();
    graph.replay();
    captured = median_seconds([&] { graph.replay(); }, arguments.replays);
  }
  return {{"objective", share < 0 ? "flow_matching" : "mean_flow"},
          {"share", std::max(share, 0.0)},
          {"kernels", arguments.plain ? "ATen" : "emfbench"},
          {"precision", arguments.precision},
          {"batch", arguments.batch},
          {"depth", arguments.depth},
          {"parameters", network.count},
          {"seconds", captured},
          {"seconds_uncaptured", eager},
          {"needed_tflop", step.flops() * 1e-12},
          {"tflop_per_second", step.flops() / captured * 1e-12},
          {"share_of_matrix_speed", step.flops() / captured / speed},
          {"peak_gib", peak}};
}

int run(int count, char** words) {
  Arguments arguments;
  CLI::App app("Times a training step on a CUDA device");
  app.add_option("--width", arguments.width)->capture_default_str();
  app.add_option("--depth", arguments.depth)->capture_default_str();
  app.add_option("--heads", arguments.heads)->capture_default_str();
  app.add_option("--side", arguments.side, "tokens are side x side")->capture_default_str();
  app.add_option("--batch", arguments.batch)->capture_default_str();
  app.add_option("--text-tokens", arguments.text_tokens)->capture_default_str();
  app.add_option("--shares", arguments.shares, "of rows with r != t")->delimiter(',')->capture_default_str();
  app.add_option("--precision", arguments.precision)->check(CLI::IsMember({"bf16", "fp32"}))->capture_default_str();
  app.add_option("--replays", arguments.replays)->check(CLI::Range(0, 1000))->capture_default_str();
  app.add_flag("--plain", arguments.plain, "ATen's operations in place of emfbench's kernels");
  CLI11_PARSE(app, count, words);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::manual_seed(1);
  const double speed = product_speed(arguments.precision == "bf16" ? at::kBFloat16 : at::kFloat);
  fmt::print("{}\n", Json{{"matrix_tflop_per_second", speed * 1e-12}}.dump());
  Network network(arguments);
  std::vector<double> shares = arguments.shares;
  shares.insert(shares.begin(), -1);
  for (const double share : shares) {
    fmt::print("{}\n", measure(network, arguments, share, speed).dump());
    std::fflush(stdout);
    c10::cuda::CUDACachingAllocator::emptyCache();
  }
  return 0;
}

}  // namespace
}  // namespace emf

int main(int count, char** words) { return emf::run(count, words); }
