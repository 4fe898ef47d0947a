// SPDX-License-Identifier: Apache-2.0
// What sentence-transformers puts behind a transformer: the modules that modules.json lists, each in its folder.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

/// Whether a folder lists modules: modules.json, or 1_Pooling/config.json of files older than it.
bool has_sentence_modules(const std::filesystem::path& folder);

/// The tokens to which sentence-transformers cuts a text; 0 where no file says so.
/// @param model  the transformer's folder.   @throws UserError  a damaged file.
int64_t sentence_max_tokens(const std::filesystem::path& model);

/// Pooling, Dense, Normalize and Dropout, in their order. Safe to use from any thread.
/// @source  sentence-transformers 6.2: modules/pooling.py, base/modules/dense.py and normalize.py, model.py.
class SentenceModules {
 public:
  /// @param folder  with the list.
  /// @throws UserError  a module, a key or a value that is not built (names file and item); damaged or absent files.
  explicit SentenceModules(const std::filesystem::path& folder);

  /// @param features  final hidden states.   @return  [B,P] float32.
  /// @throws UserError  a Dense of another width than what comes in.
  at::Tensor operator()(const TextFeatures& features) const;

  /// SHA-256 of every file that was read.
  const Json& identity() const { return identity_; }
  /// Texts are lowered before the tokenizer sees them.
  bool lowers_text() const { return lowers_text_; }
  /// What is written before every text unless a caller says otherwise; "" = nothing.
  const std::string& prompt() const { return prompt_; }
  /// Whether the tokens of a prompt before the text count when they are pooled.
  bool counts_prompt() const { return counts_prompt_; }

 private:
  struct Step {
    enum class Kind { kDense, kNormalize } kind;
    at::Tensor weight, bias, residual;  ///< Dense: [out, in], [out] or undefined, [out, in] or undefined
    bool adds_input = false;
    std::string activation, where;
  };

  Json read(const std::filesystem::path& path);
  void read_transformer(const std::filesystem::path& model);
  void read_model(const std::filesystem::path& folder);
  void read_pooling(const std::filesystem::path& path);
  void read_dense(const std::filesystem::path& folder);

  std::filesystem::path folder_;
  Json identity_ = Json::object();
  bool lowers_text_ = false, counts_prompt_ = true;
  std::string prompt_;
  std::vector<std::string> modes_;  ///< of the pooling, joined in their order
  std::vector<Step> steps_;
  int64_t truncated_ = 0;  ///< dimensions that are kept at the end; 0 = all
};

}  // namespace emf
