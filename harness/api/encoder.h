// SPDX-License-Identifier: Apache-2.0
// What a text encoder gives: token features with a mask, the same for class labels, language models and controls.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/base/options.h"
#include "harness/base/registry.h"
#include "harness/tensor/named_parameters.h"
#include "harness/tensor/placement.h"

namespace emf {

/// What an encoder reads of a prompt.
enum class EncoderInput {
  kText,    ///< its words
  kLabels,  ///< its facts, as class labels: it needs a dataset with a world, or captions of GenEval's grammar
};

/// Facts about an encoder, known without loading its weights.
struct EncoderInfo {
  std::string name;
  std::string family;   ///< "labels", "llama", "hash" ...
  std::string summary;  ///< one line
  std::string source;   ///< paper or model card
  std::string licence;  ///< of the weights; "" when there are none
  int64_t num_parameters = 0;
  int64_t dimension = 0;       ///< D of tokens
  int64_t max_tokens = 0;      ///< longer prompts are cut and counted
  std::string weights_path;    ///< "" when it needs none
  std::string weights_sha256;  ///< "" when it needs none
  bool weights_present = true;
  EncoderInput reads = EncoderInput::kText;
  bool trainable = false;   ///< its parameters train with the generator
  int64_t vocabulary = 0;   ///< token ids lie below it; 0 where ids are something else
  std::string pretraining;  ///< the Pretraining that makes it from nothing (api/pretraining.h); "" = none is needed
};

/// Prompts turned to integers: the input of forward(). Cacheable, always in the host's memory.
struct TokenInputs {
  at::Tensor ids;       ///< [B,L] int64
  at::Tensor mask;      ///< [B,L] bool, true = real token; every row has at least one
  int64_t num_cut = 0;  ///< prompts that were longer than info().max_tokens
};

/// What the generator and the probes read.
struct TextFeatures {
  at::Tensor tokens;  ///< [B,L,D] float32; zero where mask is false
  at::Tensor mask;    ///< [B,L] bool, where tokens lie
};

/// The same in the host's memory.
inline TextFeatures on_host(const TextFeatures& features) { return {features.tokens.cpu(), features.mask.cpu()}; }

/// A way from tokens to one vector a text that lies in an encoder's own files: "own", what they ask for (the modules of
/// sentence-transformers), or "projected", what the model's class makes of one token (CLIP's projection).
struct OwnPooling {
  std::string name;
  Json identity;  ///< all that decides it beside the encoder's fingerprint
  /// @return  [B,P] float32, of the features that forward() gave for these inputs.
  std::function<at::Tensor(const TokenInputs& inputs, const TextFeatures& features)> pool;
};

/// A text encoder. Construction and info() are cheap and never fail for absent weights: prepare() loads the tokenizer
/// and forward() the weights, each on first use. Methods are thread-compatible (one thread at a time).
class Encoder {
 public:
  static constexpr const char* kKind = "encoder";
  virtual ~Encoder() = default;

  virtual EncoderInfo info() const = 0;
  /// Everything that decides the features: weights hash, tokenizer, layer, pooling, seed. Key of the feature cache.
  virtual Json fingerprint() const = 0;

  /// Prompts to token ids, padded to the longest of the batch.
  /// @param prompts  B prompts, UTF-8, any length; longer than info().max_tokens are cut.
  /// @throws UserError  text not UTF-8 (names the index); labels needed but absent and not parsable; kMissing: no
  ///   weights.
  virtual TokenInputs prepare(const std::vector<Prompt>& prompts) const = 0;

  /// The ids of each text, never cut or padded. The default takes prepare()'s; encoders that cut override it.
  /// @param with_specials  with the marks a family's tokenizer adds by itself ([CLS], BOS); no difference for most.
  virtual std::vector<std::vector<int64_t>> tokenize(const std::vector<Prompt>& prompts, bool with_specials) const;

  /// Token ids to features. Differentiable with respect to parameters() for trainable encoders, whose features lie
  /// where
  /// those do; features of frozen ones lie in the host's memory, wherever they were computed. Call under
  /// at::NoGradGuard
  /// where nothing is trained.   @cost  one forward.
  virtual TextFeatures forward(const TokenInputs& inputs) const = 0;

  /// Multiply-adds times two of forward()'s matrix products on real tokens, attention's included; 0 where there are
  /// none.
  virtual double forward_flops(const TokenInputs& inputs) const {
    (void)inputs;
    return 0;
  }

  /// Names of the ways to one vector that its files hold; what they ask for, "own", stands first; none where
  /// the files are absent. Weights are not read.
  virtual std::vector<std::string> own_poolings() const { return {}; }
  /// @throws UserError  one that it has not, or that asks for what is not built (names it).
  virtual OwnPooling own_pooling(const std::string& name) const;

  /// Leaves that train with the generator, by name; empty for frozen encoders. Encoders that have any take an option
  /// `values`: a .safetensors file with trained values of these names.
  virtual NamedParameters parameters() const { return {}; }
};

/// Plain mean over real tokens.   @return [B,D].   @source  EMF Sec. 3.3.
at::Tensor mean_over_mask(const TextFeatures& features);

/// Rows of ids, cut to max_tokens and right-padded with 0 to the longest.
/// @throws InternalError  an empty row.
TokenInputs padded_inputs(const std::vector<std::vector<int64_t>>& rows, int64_t max_tokens);

/// @throws UserError  a text that is not UTF-8: its index in the batch and the byte.
void require_utf8(const std::vector<Prompt>& prompts);

struct EncoderContext {
  uint64_t seed = 0;  ///< of random initial values
  Placement placement;
};

/// @param options  the encoder's own: a suite's table [encoder.NAME], or --option key=value words.
using EncoderRegistry = Registry<Encoder, const Options&, const EncoderContext&>;

/// How an encoder is written on a command line or in a suite, taken apart.
struct EncoderSpec {
  std::string plugin;    ///< a registered name
  std::string argument;  ///< what stood behind the colon, or the path; "" when there was none
};

/// Reads "hash", "clip:/path" (a registered name and what it is given), a folder in Hugging Face layout, or a .gguf
/// file.
/// @return  nothing when it is none of these; a path need not exist yet.
std::optional<EncoderSpec> parse_encoder_spec(const std::string& spec);

/// Makes the encoder that `spec` names; its argument reaches the factory as the option "argument".
/// @throws UserError  as parse_encoder_spec finds nothing (offers the nearest name), or as the factory.
std::unique_ptr<Encoder> make_encoder(const std::string& spec, const Options& options, const EncoderContext& context);
/// Likewise with options that came from no file, on the CPU.
std::unique_ptr<Encoder> make_encoder(const std::string& spec, const Json& options, uint64_t seed);

}  // namespace emf
