// SPDX-License-Identifier: Apache-2.0
// What a prompt becomes before a checkpoint reads it: words around it, ids, marks, and what short ones are filled with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "encoders/chat_templates/chat_template.h"
#include "encoders/pretrained/checkpoint_files.h"
#include "harness/api/encoder.h"

namespace emf {

/// Reads the options `template`, `parse_special` and `fill` of an encoder, and with template = "chat" those of the
/// conversation: `system`, `user`, `answer`, `add_generation_prompt`, `variables`, `date`. Thread-compatible.
class PromptForm {
 public:
  /// @param marks_are_text  special tokens that a prompt spells are text to this encoder unless an option says other.
  /// @param filler          of a text without any token; nothing = what the tokenizer names.
  /// @throws UserError  a template without exactly one {prompt}, an option of another type, or of a chat without one.
  PromptForm(ConfigReader& reader, const std::string& encoder, bool marks_are_text, std::optional<int64_t> filler);

  /// What decides the ids beside the tokenizer; keys are left out where they change nothing, so that features of before
  /// are found again.
  /// @param files  of a checkpoint that a user names; null for a package, whose own ways go without saying.
  /// @throws UserError  as CheckpointFiles.
  void describe(const CheckpointFiles* files, Json& fingerprint) const;

  /// Ids of a text, never cut.
  std::vector<int64_t> ids(const std::string& text, const CheckpointFiles& files, bool with_specials) const;
  /// Ids with their marks, cut to `most`, closing marks kept; filled up where the model was trained so.
  /// @throws UserError  a text without tokens and no mark to stand for it; padding that cannot be followed.
  TokenInputs inputs(const std::vector<Prompt>& prompts, const CheckpointFiles& files, int64_t most) const;

  /// Whether the option `template` is given, or `fill`.
  bool names_template() const { return names_template_; }
  bool names_fill() const { return fill_.has_value(); }
  /// Whether prompts are filled up, with padding that the model attends to.
  bool fills(const CheckpointFiles& files) const { return filling(files).is_on; }
  /// Whether large and small letters become one.
  bool lowers_text(const CheckpointFiles& files) const;

 private:
  void read_chat(ConfigReader& reader, const std::string& encoder);
  const ChatTemplate& chat(const CheckpointFiles& files) const;
  struct Filling {
    bool is_on = false, is_left = false;
    std::optional<int64_t> id;  ///< nothing: the tokenizer's own
  };
  const Filling& filling(const CheckpointFiles& files) const;
  const Tokenizer& tokenizer(const CheckpointFiles& files) const;
  int64_t filler(const CheckpointFiles& files) const;

  std::string template_;
  std::optional<ChatOptions> chat_options_;  ///< nothing: template_ holds
  bool names_template_ = false;
  bool marks_are_text_, parses_special_;  ///< the default's opposite, and what is asked for
  std::optional<bool> fill_;
  std::optional<int64_t> filler_;
  // Filled on first use.
  mutable std::unique_ptr<const Tokenizer> tokenizer_;
  mutable std::optional<Filling> filling_;
  mutable std::unique_ptr<const ChatTemplate> chat_;
};

}  // namespace emf
