// SPDX-License-Identifier: Apache-2.0
// The chat template of a checkpoint: how its model was taught to be asked.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "encoders/chat_templates/template_program.h"
#include "harness/base/json.h"

namespace emf {

/// What a suite says of the conversation that a prompt becomes.
struct ChatOptions {
  std::string name;               ///< of several templates; "" = the default one
  std::string system;             ///< "" = no system message
  std::string user = "{prompt}";  ///< the user's message, with the prompt where {prompt} stands
  std::string answer;             ///< what the answer begins with, behind the template's own text
  bool add_generation_prompt = true;
  Json variables = Json::object();  ///< further names of the template: {"enable_thinking": false}
  std::string date;                 ///< "2026-01-31", of templates that write today's; "" = refused
};

/// As transformers' apply_chat_template writes one conversation. Safe to use from any thread.
class ChatTemplate {
 public:
  /// @param tokenizer  a tokenizer's folder (chat_template.jinja, additional_chat_templates/NAME.jinja, the key of
  ///   tokenizer_config.json, chat_template.json, in this order), or a .gguf file.
  /// @throws UserError  none there (kMissing), none of that name (names those there are), what is not built of Jinja
  ///   (names file and line); variables that are the template's own.
  ChatTemplate(const std::filesystem::path& tokenizer, ChatOptions options);

  /// @throws UserError  what the template refuses (names file and line).
  std::string text(const std::string& prompt) const;
  /// Of the template's own text.
  const std::string& sha256() const { return sha256_; }

 private:
  ChatOptions options_;
  std::string origin_, sha256_;
  TemplateNamespace marks_;
  std::unique_ptr<const TemplateProgram> program_;
};

}  // namespace emf
