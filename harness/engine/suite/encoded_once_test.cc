// SPDX-License-Identifier: Apache-2.0
// A whole suite, counted at the encoder: training, probes and sampling together encode each text once.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "harness/api/encoder.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/engine/suite/suite_file.h"
#include "harness/engine/suite/suite_graph.h"
#include "harness/engine/suite/suite_record.h"

namespace emf {
namespace {

/// How often each text, as its token ids, went through forward().
struct Counts {
  std::mutex mutex;
  std::map<std::vector<int64_t>, int> of_text;
};
Counts& counts() {
  static Counts all;
  return all;
}

/// The hash encoder, counted.
class CountedEncoder : public Encoder {
 public:
  CountedEncoder(const Options&, const EncoderContext& context)
      : inner_(make_encoder("hash", Json::object(), context.seed)) {}

  EncoderInfo info() const override {
    EncoderInfo info = inner_->info();
    info.name = "counted";
    return info;
  }
  Json fingerprint() const override { return {{"encoder", "counted"}, {"inner", inner_->fingerprint()}}; }
  TokenInputs prepare(const std::vector<Prompt>& prompts) const override { return inner_->prepare(prompts); }
  TextFeatures forward(const TokenInputs& inputs) const override {
    const std::lock_guard<std::mutex> lock(counts().mutex);
    for (int64_t row = 0; row < inputs.ids.size(0); ++row) {
      const at::Tensor real = inputs.ids[row].masked_select(inputs.mask[row]).contiguous();
      ++counts().of_text[{real.data_ptr<int64_t>(), real.data_ptr<int64_t>() + real.numel()}];
    }
    return inner_->forward(inputs);
  }

 private:
  std::unique_ptr<Encoder> inner_;
};

std::unique_ptr<Encoder> make_counted(const Options& options, const EncoderContext& context) {
  return std::make_unique<CountedEncoder>(options, context);
}

EMF_REGISTER(EncoderRegistry, "counted", "the hash encoder, which counts what it encodes", make_counted);

TEST(EncodedOnce, ByTrainingProbesAndSamplingTogether) {
  Talk::quiet() = true;
  const std::filesystem::path store =
      std::filesystem::temp_directory_path() / ("emf_encoded_once_" + std::to_string(::getpid()));
  const Config config = parse_config(R"(encoders = ["counted"]
objectives = ["flow_matching", "mean_flow"]
steps = [1, 2]
probes = ["discriminability", "disentanglement"]
[suite]
name = "t"
question = "?"
[model]
width = 32
depth = 1
heads = 2
[train]
pictures = 256
batch = 32
[evaluation]
prompts = 18
)",
                                     "t.toml");
  const SuiteGraph graph = build_suite_graph(read_suite(config), store);
  const SuiteOutcome outcome = run_suite(graph, 2, {});
  ASSERT_TRUE(outcome.summary.failed.empty()) << outcome.summary.failed.front().dump();
  // The captions of the pool, the judged prompts, and what stands for no text.
  EXPECT_GT(counts().of_text.size(), 100u);
  for (const auto& [text, count] : counts().of_text) EXPECT_EQ(count, 1) << text.size() << " tokens";

  // The record names nothing that a second run would have to encode again.
  run_suite(build_suite_graph(read_suite(config), store), 2, {});
  for (const auto& [text, count] : counts().of_text) ASSERT_EQ(count, 1);
  std::filesystem::remove_all(store);
}

}  // namespace
}  // namespace emf
