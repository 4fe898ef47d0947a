// SPDX-License-Identifier: Apache-2.0
// emfbench encode: features of a file of prompts, written as safetensors.
#include <chrono>
#include <optional>

#include "harness/api/encoder.h"
#include "harness/api/pooling.h"
#include "harness/base/interrupt.h"
#include "harness/captions/prompt_file.h"
#include "harness/command/command.h"
#include "harness/command/device_option.h"
#include "harness/command/encode_file.h"
#include "harness/command/encode_ids.h"
#include "harness/command/encode_pooled.h"
#include "harness/command/output_name.h"
#include "harness/command/untrained_notice.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/text/pooled_encoder.h"

namespace emf {
namespace {

class Encode : public Command {
 public:
  void declare(const Flags& flags) override {
    flags
        .option("--encoder", encoder_,
                "a registered encoder (see: emfbench list encoders), name:argument, a Hugging Face folder or a .gguf")
        .required();
    const Flags source = flags.exactly_one("source");
    source.option("--prompts", prompts_, ".txt, a prompt a line; or .jsonl");
    source.option("--ids", ids_,
                  "token ids instead: .safetensors with input_ids [N,L] and attention_mask [N,L], or .jsonl with "
                  "{\"ids\": [..], \"text\": .., \"span\": [begin, end]} a line: only the span's features are "
                  "written");
    flags.option("--out", out_, "tokens [N,L,D] f32, mask [N,L] u8, pooled [N,D] f32, ids [N,L] i64").required();
    flags.option("--options", options_, "the encoder's options as JSON, {\"layer\": 8}");
    flags.option("--layer", layer_, "hidden states after so many blocks, before the final norm; -1: the final ones");
    flags.option("--precision", precision_, "of matrix products: fp32 or bf16").one_of({"fp32", "bf16"});
    flags.option("--pooling", pooling_,
                 "of pooled: mean, drop_first, normalised, first, last, eos, centred:FILE, whitened:FILE; own: as "
                 "the checkpoint's files say (sentence-transformers' modules); projected: by the model's own "
                 "projection (CLIP, SigLIP, BERT's pooler); without it own where the files say one, else mean");
    flags.flag("--by-text", by_text_,
               "write one tensor [tokens, D] a text instead, named by it: what the encoder features:FILE reads");
    flags.flag("--pooled-only", pooled_only_,
               "write pooled alone (mean, own or projected); files of prompts may be larger than memory");
    flags.option("--store", store_, "with --pooled-only: keep features in this store's cache, and read them there")
        .needs("--pooled-only");
    flags.option("--seed", seed_, "of random features and initial values").shows_default();
    add_device_option(flags, device_, "what encodes");
  }

  ExitCode run(const CommonFlags& flags) override {
    catch_interrupts();
    require_ending(out_, ".safetensors", "a .safetensors");
    const std::shared_ptr<const Encoder> encoder =
        make_encoder(encoder_, Options(options(), "options of encoder '" + encoder_ + "'"),
                     {.seed = seed_, .placement = ready_placement(device_, "--device")});
    say_if_untrained(encoder->info());
    if (!ids_.empty() && encoder->info().reads == EncoderInput::kLabels) {
      fail_input("encoder '{}' reads labels, which are no token ids; give --prompts", encoder_);
    }
    if (pooled_only_) return run_pooled_only(encoder, flags);
    if (by_text_ && !pooling_.empty()) fail_input("--by-text writes tokens alone, so it takes no --pooling");
    std::optional<EncoderPooling> pooling;
    if (!by_text_) pooling.emplace(*encoder, pooling_);
    const std::vector<Prompt> prompts = ids_.empty() ? read_prompts(prompts_) : std::vector<Prompt>();
    const auto start = std::chrono::steady_clock::now();
    const GivenIds given =
        ids_.empty() ? of_prompts(*encoder, prompts) : read_given_ids(ids_, encoder_, encoder->info().max_tokens);
    if (by_text_ && given.texts.empty()) fail_input("{}: --by-text needs a \"text\" in every row of a .jsonl", ids_);
    const TokenInputs& inputs = given.inputs;
    const int64_t length = EncodedFile{encoder_, out_, by_text_}.write(*encoder, given, pooling ? &*pooling : nullptr);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const int64_t num_tokens = inputs.mask.sum().item<int64_t>();
    if (inputs.num_cut > 0)
      say(fmt::format("{} prompts were cut to {} tokens", inputs.num_cut, encoder->info().max_tokens));
    if (flags.json) {
      print_json({{"encoder", encoder_},
                  {"fingerprint", encoder->fingerprint()},
                  {"pooling", pooling ? Json(pooling->name()) : Json()},
                  {"prompts", inputs.ids.size(0)},
                  {"num_tokens", num_tokens},
                  {"num_cut", inputs.num_cut},
                  {"length", length},
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
  GivenIds of_prompts(const Encoder& encoder, const std::vector<Prompt>& prompts) const {
    GivenIds given;
    given.inputs = encoder.prepare(prompts);
    if (by_text_) {
      for (const Prompt& prompt : prompts) given.texts.push_back(prompt.text);
    }
    return given;
  }

  /// --options with the flags that have names of their own.
  Json options() const {
    Json options = parse_json(options_, "--options");
    if (!options.is_object()) fail_input("--options must be a JSON object, not {}", options.type_name());
    if (layer_) options["layer"] = *layer_;
    if (!precision_.empty()) options["precision"] = precision_;
    return options;
  }

  ExitCode run_pooled_only(const std::shared_ptr<const Encoder>& given, const CommonFlags& flags) const {
    if (!ids_.empty() || by_text_) fail_input("--pooled-only takes --prompts, no --ids and no --by-text");
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

  std::string encoder_, prompts_, ids_, out_, store_, precision_, pooling_, options_ = "{}", device_ = "cpu";
  std::optional<int64_t> layer_;
  bool pooled_only_ = false, by_text_ = false;
  uint64_t seed_ = 0;
};

EMF_REGISTER(CommandRegistry, "encode", "Features of a file of prompts, as safetensors", std::make_unique<Encode>);

}  // namespace
}  // namespace emf
