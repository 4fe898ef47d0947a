// emfbench encode: features of a file of prompts, written as safetensors.
#include <chrono>

#include "harness/api/encoder.h"
#include "harness/base/prompt_file.h"
#include "harness/command/command.h"
#include "harness/command/encode_pooled.h"
#include "harness/engine/packed_features.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

class Encode : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("--encoder", encoder_, "a registered encoder (see: emfbench list encoders)")->required();
    app.add_option("--prompts", prompts_, ".txt, a prompt a line; or .jsonl")->required();
    app.add_option("--out", out_, "tokens [N,L,D] f32, mask [N,L] u8, pooled [N,D] f32, ids [N,L] i64")
        ->required();
    app.add_option("--options", options_, "the encoder's options as JSON, {\"layer\": 8}");
    app.add_flag("--pooled-only", pooled_only_, "write pooled alone; files of prompts may be larger than memory");
    app.add_option("--store", store_, "with --pooled-only: keep features in this store's cache, and read them there")
        ->needs("--pooled-only");
    app.add_option("--seed", seed_, "of random features and initial values")->capture_default_str();
  }

  ExitCode run(const CommonFlags& flags) override {
    if (pooled_only_) return run_pooled_only(flags);
    const std::vector<Prompt> prompts = read_prompts(prompts_);
    const Json options = parse_json(options_, "--options");
    const std::unique_ptr<Encoder> encoder = make_encoder(encoder_, options, seed_);
    const auto start = std::chrono::steady_clock::now();
    const TokenInputs inputs = encoder->prepare(prompts);
    const TextFeatures features = encode_all(*encoder, inputs);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    write_safetensors(out_,
                      {{"tokens", features.tokens},
                       {"mask", features.mask.to(at::kByte)},
                       {"pooled", mean_over_mask(features)},
                       {"ids", inputs.ids}},
                      {{"encoder", encoder_}, {"fingerprint", canonical_json(encoder->fingerprint())}});
    const int64_t num_tokens = inputs.mask.sum().item<int64_t>();
    if (inputs.num_cut > 0)
      say(fmt::format("{} prompts were cut to {} tokens", inputs.num_cut, encoder->info().max_tokens));
    if (flags.json) {
      print_json({{"encoder", encoder_},
                  {"fingerprint", encoder->fingerprint()},
                  {"prompts", prompts.size()},
                  {"num_tokens", num_tokens},
                  {"num_cut", inputs.num_cut},
                  {"length", features.tokens.size(1)},
                  {"dimension", features.tokens.size(2)},
                  {"seconds", seconds.count()},
                  {"out", out_}});
    } else {
      say(fmt::format("{} prompts, {} tokens in {:.2f} s -> {}", prompts.size(), num_tokens, seconds.count(),
                      out_));
    }
    return ExitCode::kGood;
  }

 private:
  ExitCode run_pooled_only(const CommonFlags& flags) const {
    const auto encoder = EncoderRegistry::instance().make(encoder_, parse_json(options_, "--options"), seed_);
    const auto start = std::chrono::steady_clock::now();
    Json said = encode_pooled(*encoder, prompts_, out_, store_);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    said["encoder"] = encoder_;
    said["fingerprint"] = encoder->fingerprint();
    said["seconds"] = seconds.count();
    said["out"] = out_;
    if (said.at("num_cut") > 0) {
      say(fmt::format("{} prompts were cut to {} tokens", said.at("num_cut").dump(), encoder->info().max_tokens));
    }
    if (flags.json) {
      print_json(said);
    } else {
      say(fmt::format("{} prompts, {} of them encoded now, in {:.2f} s -> {}", said.at("prompts").dump(),
                      said.at("encoded").dump(), seconds.count(), out_));
    }
    return ExitCode::kGood;
  }

  static TextFeatures encode_all(const Encoder& encoder, const TokenInputs& inputs) {
    const at::NoGradGuard no_grad;
    const int64_t width = inputs.mask.size(1);
    const std::vector<int64_t> lengths = lengths_of(inputs.mask);
    at::Tensor tokens;
    Progress progress("encode", static_cast<int64_t>(lengths.size()), "prompts");
    int64_t done = 0;
    for (const std::vector<int64_t>& batch : batches_by_length(lengths)) {
      const int64_t length = lengths[static_cast<size_t>(batch.back())];
      const at::Tensor rows = at::tensor(batch, at::kLong);
      const TextFeatures part = encoder.forward({inputs.ids.index_select(0, rows).narrow(1, 0, length),
                                                 inputs.mask.index_select(0, rows).narrow(1, 0, length)});
      if (!tokens.defined()) tokens = at::zeros({inputs.ids.size(0), width, part.tokens.size(2)}, at::kFloat);
      tokens.narrow(1, 0, length).index_copy_(0, rows, part.tokens);
      done += rows.numel();
      progress.update(done);
    }
    return {tokens, inputs.mask};
  }

  std::string encoder_, prompts_, out_, store_, options_ = "{}";
  bool pooled_only_ = false;
  uint64_t seed_ = 0;
};

EMF_REGISTER(CommandRegistry, "encode", "Features of a file of prompts, as safetensors",
             std::make_unique<Encode>);

}  // namespace
}  // namespace emf
