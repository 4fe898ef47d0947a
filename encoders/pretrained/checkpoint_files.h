// SPDX-License-Identifier: Apache-2.0
// A checkpoint on disk, whichever form it has: its config, its weights and its tokenizer.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "encoders/architectures/architecture.h"
#include "encoders/pretrained/checkpoint_layout.h"
#include "encoders/pretrained/sentence_modules.h"
#include "encoders/tokenizers/tokenizer.h"
#include "encoders/tokenizers/tokenizer_options.h"
#include "harness/weights/gguf_parts.h"

namespace emf {

/// A folder as checkpoint_layout() knows it, or a .gguf file. Opened on first use and kept open.
class CheckpointFiles {
 public:
  /// @param tokenizer  a folder or file whose tokenizer holds instead of the checkpoint's own; empty: its own.
  explicit CheckpointFiles(std::filesystem::path path, std::filesystem::path tokenizer = {})
      : path_(std::move(path)), tokenizer_path_(std::move(tokenizer)) {}

  const std::filesystem::path& path() const { return path_; }
  /// @throws UserError  absent (kMissing), damaged, or an architecture that is not built; so do all below.
  std::string model_type() const;
  TransformerConfig sizes() const;
  /// Of the text tower, embedding included.
  int64_t num_parameters() const;
  /// @cost  one pass over the weights at the first call.
  std::string weights_sha256() const;
  /// Of everything but the weights: config and tokenizer files; "in the weights" for GGUF.
  std::string tokenizer_sha256() const;
  std::unique_ptr<Tokenizer> tokenizer(const TokenizerOptions& options) const;
  /// Where it is read from: a folder or a file.
  std::filesystem::path tokenizer_path() const;
  /// Tokens to which the files say that texts are cut, the model's positions aside; 0 where they say nothing.
  int64_t max_tokens() const;
  /// How prompts are filled up; nothing where padding is not attended to.
  std::optional<ContextFill> fill() const { return choice().architecture->fill(choice().config); }

  /// Nothing where no modules of sentence-transformers stand behind the model.   @throws UserError  one not built.
  std::optional<SentenceModules> sentence_modules() const;
  bool has_sentence_modules() const { return !is_gguf() && !layout().modules.empty(); }
  /// Whether the model's class projects one token, by weights that are there.
  bool has_projection() const { return choice().architecture->has_projection(choice().config, *weights()); }
  TextProjection projection() const;
  /// A GGUF file's way to one vector.
  struct GgufPooling {
    std::string name;                  ///< of api/pooling.h; "" = none is named
    std::vector<at::Tensor> products;  ///< EmbeddingGemma's two, in their order
  };
  std::optional<GgufPooling> gguf_pooling() const;

  /// @param precision    at::kFloat or at::kBFloat16: of matrix products.
  /// @param whole_table  embeddings as one float32 tensor, for training; else rows are read as they are stored.
  Transformer load(at::ScalarType precision, bool whole_table) const;

 private:
  bool is_gguf() const { return path_.extension() == ".gguf"; }
  const ArchitectureChoice& choice() const;
  const CheckpointLayout& layout() const;
  std::shared_ptr<const WeightSource> weights() const;
  std::shared_ptr<const GgufParts> gguf() const;

  std::filesystem::path path_, tokenizer_path_;
  mutable std::optional<CheckpointLayout> layout_;
  mutable std::shared_ptr<const GgufParts> gguf_;
  mutable std::shared_ptr<const WeightSource> weights_;
  mutable std::shared_ptr<const ArchitectureChoice> choice_;
  mutable std::string weights_sha256_;
};

}  // namespace emf
