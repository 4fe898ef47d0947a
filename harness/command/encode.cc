// emfbench encode: features of a file of prompts, written as safetensors.
#include <ATen/core/grad_mode.h>

#include <chrono>

#include "harness/api/encoder.h"
#include "harness/api/pooling.h"
#include "harness/base/interrupt.h"
#include "harness/captions/prompt_file.h"
#include "harness/command/command.h"
#include "harness/command/encode_pooled.h"
#include "harness/command/untrained_notice.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/text/packed_features.h"
#include "harness/engine/text/pooled_encoder.h"
#include "harness/tensor/safetensors.h"
#include "harness/tensor/safetensors_in_place.h"

namespace emf {
namespace {

class Encode : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option(
           "--encoder", encoder_,
           "a registered encoder (see: emfbench list encoders), name:argument, a Hugging Face folder or a .gguf")
        ->required();
    auto* source = app.add_option_group("source");
    source->add_option("--prompts", prompts_, ".txt, a prompt a line; or .jsonl");
    source->add_option("--ids", ids_, "token ids instead: safetensors with input_ids [N,L] and attention_mask [N,L]");
    source->require_option(1);
    app.add_option("--out", out_, "tokens [N,L,D] f32, mask [N,L] u8, pooled [N,D] f32, ids [N,L] i64")->required();
    app.add_option("--options", options_, "the encoder's options as JSON, {\"layer\": 8}");
    app.add_option("--layer", layer_, "hidden states after so many blocks, before the final norm; -1: the final ones");
    app.add_option("--precision", precision_, "of matrix products: fp32 or bf16")
        ->check(CLI::IsMember({"fp32", "bf16"}));
    app.add_option("--pooling", pooling_,
                   "of pooled: mean, drop_first, normalised, first, last, eos, centred:FILE, whitened:FILE; own: as "
                   "the checkpoint's files say (sentence-transformers' modules); projected: by the model's own "
                   "projection (CLIP, SigLIP, BERT's pooler); without it own where the files say one, else mean");
    app.add_flag("--pooled-only", pooled_only_,
                 "write pooled alone (mean, own or projected); files of prompts may be larger than memory");
    app.add_option("--store", store_, "with --pooled-only: keep features in this store's cache, and read them there")
        ->needs("--pooled-only");
    app.add_option("--seed", seed_, "of random features and initial values")->capture_default_str();
  }

  ExitCode run(const CommonFlags& flags) override {
    catch_interrupts();
    const std::shared_ptr<const Encoder> encoder = make_encoder(encoder_, options(), seed_);
    say_if_untrained(encoder->info());
    if (pooled_only_) return run_pooled_only(encoder, flags);
    const EncoderPooling pooling(*encoder, pooling_);
    const std::vector<Prompt> prompts = ids_.empty() ? read_prompts(prompts_) : std::vector<Prompt>();
    const auto start = std::chrono::steady_clock::now();
    const TokenInputs inputs = ids_.empty() ? encoder->prepare(prompts) : read_ids(encoder->info());
    write_features(*encoder, inputs, pooling);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const int64_t num_tokens = inputs.mask.sum().item<int64_t>();
    if (inputs.num_cut > 0)
      say(fmt::format("{} prompts were cut to {} tokens", inputs.num_cut, encoder->info().max_tokens));
    if (flags.json) {
      print_json({{"encoder", encoder_},
                  {"fingerprint", encoder->fingerprint()},
                  {"pooling", pooling.name()},
                  {"prompts", inputs.ids.size(0)},
                  {"num_tokens", num_tokens},
                  {"num_cut", inputs.num_cut},
                  {"length", inputs.ids.size(1)},
                  {"dimension", encoder->info().dimension},
                  {"seconds", seconds.count()},
                  {"out", out_}});
    } else {
      say(fmt::format("{} prompts, {} tokens in {:.2f} s -> {}", inputs.ids.size(0), num_tokens, seconds.count(),
                      out_));
    }
    return ExitCode::kGood;
  }

 private:
  /// --options with the flags that have names of their own.
  Json options() const {
    Json options = parse_json(options_, "--options");
    if (!options.is_object()) fail_input("--options must be a JSON object, not {}", options.type_name());
    if (layer_) options["layer"] = *layer_;
    if (!precision_.empty()) options["precision"] = precision_;
    return options;
  }

  TokenInputs read_ids(const EncoderInfo& info) const {
    const NamedTensors tensors = read_safetensors(ids_);
    for (const char* name : {"input_ids", "attention_mask"}) {
      const auto found = tensors.find(name);
      if (found == tensors.end() || found->second.dim() != 2 || at::isFloatingType(found->second.scalar_type())) {
        fail_input("{}: no '{}' [N,L] of integers", ids_, name);
      }
    }
    TokenInputs inputs{tensors.at("input_ids").to(at::kLong), tensors.at("attention_mask").to(at::kBool)};
    if (inputs.ids.sizes() != inputs.mask.sizes() || inputs.ids.numel() == 0) {
      fail_input("{}: input_ids and attention_mask must be of one shape and not empty", ids_);
    }
    if (!inputs.mask.any(1).all().item<bool>()) fail_input("{}: a row of attention_mask is all 0", ids_);
    if (inputs.ids.size(1) > info.max_tokens) {
      fail_input("{}: rows of {} tokens; {} takes {} at most", ids_, inputs.ids.size(1), encoder_, info.max_tokens);
    }
    return inputs;
  }

  ExitCode run_pooled_only(const std::shared_ptr<const Encoder>& given, const CommonFlags& flags) const {
    if (!ids_.empty()) fail_input("--pooled-only takes --prompts, no --ids");
    const std::string pooling = chosen_pooling(*given, pooling_);
    const bool is_own = is_pooling_of_encoders(pooling);
    if (!is_own && pooling != "mean") {
      fail_input("--pooled-only takes the poolings mean, own and projected, not '{}'", pooling);
    }
    // The cache keeps means, and that of one vector is itself.
    const std::shared_ptr<const Encoder> encoder = is_own ? std::make_shared<PooledEncoder>(given, pooling) : given;
    const auto start = std::chrono::steady_clock::now();
    Json said = encode_pooled(*encoder, pooling, prompts_, out_, store_);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    said["encoder"] = encoder_;
    said["fingerprint"] = encoder->fingerprint();
    said["pooling"] = pooling;
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

  /// Batch by batch into the file, so that memory holds the ids and one batch.
  void write_features(const Encoder& encoder, const TokenInputs& inputs, const EncoderPooling& pooling) const {
    const at::NoGradGuard no_grad;
    const int64_t count = inputs.ids.size(0), width = inputs.ids.size(1);
    const std::vector<int64_t> lengths = lengths_of(inputs.mask);
    std::optional<SafetensorsInPlace> file;
    Progress progress("encode", count, "prompts");
    int64_t done = 0;
    for (const std::vector<int64_t>& batch : batches_by_length(lengths)) {
      if (interrupted()) stop_interrupted();
      const int64_t length = lengths[static_cast<size_t>(batch.back())];
      const at::Tensor rows = at::tensor(batch, at::kLong);
      const TokenInputs given{inputs.ids.index_select(0, rows).narrow(1, 0, length),
                              inputs.mask.index_select(0, rows).narrow(1, 0, length)};
      const TextFeatures part = encoder.forward(given);
      const at::Tensor tokens = part.tokens.to(at::kFloat), pooled = pooling(given, {tokens, part.mask}).to(at::kFloat);
      if (!file) {
        const TensorMetadata metadata = {
            {"encoder", encoder_}, {"fingerprint", canonical_json(encoder.fingerprint())}, {"pooling", pooling.name()}};
        file.emplace(
            out_,
            std::map<std::string, SafetensorsInPlace::Shape>{{"tokens", {at::kFloat, {count, width, tokens.size(2)}}},
                                                             {"mask", {at::kByte, {count, width}}},
                                                             {"pooled", {at::kFloat, {count, pooled.size(1)}}},
                                                             {"ids", {at::kLong, {count, width}}}},
            metadata);
      }
      for (size_t i = 0; i < batch.size(); ++i) {
        const auto at = static_cast<int64_t>(i);
        file->write_row("tokens", batch[i], tokens[at]);
        file->write_row("pooled", batch[i], pooled[at]);
        file->write_row("mask", batch[i], inputs.mask[batch[i]].to(at::kByte));
        file->write_row("ids", batch[i], inputs.ids[batch[i]]);
      }
      done += rows.numel();
      progress.update(done);
    }
    file->finish();  // a file without a prompt ended in the reader
  }

  std::string encoder_, prompts_, ids_, out_, store_, precision_, pooling_, options_ = "{}";
  std::optional<int64_t> layer_;
  bool pooled_only_ = false;
  uint64_t seed_ = 0;
};

EMF_REGISTER(CommandRegistry, "encode", "Features of a file of prompts, as safetensors", std::make_unique<Encode>);

}  // namespace
}  // namespace emf
