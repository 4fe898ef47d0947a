// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretrained/prompt_form.h"

#include <algorithm>
#include <chrono>

#include "encoders/tokenizers/folder_config.h"
#include "harness/base/error.h"

namespace emf {
namespace {

constexpr std::string_view kPromptMark = "{prompt}", kChat = "chat";

void require_one_prompt(const std::string& text, const std::string& place, const std::string& encoder,
                        const char* what) {
  const size_t mark = text.find(kPromptMark);
  if (mark == std::string::npos || text.find(kPromptMark, mark + 1) != std::string::npos) {
    fail_input("{}: encoder '{}': {} holds {} once, where the prompt goes", place, encoder, what, kPromptMark);
  }
}

/// A day of the calendar, "2026-01-31".
bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t at : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[at] < '0' || text[at] > '9') return false;
  }
  const std::chrono::year_month_day day{std::chrono::year(std::stoi(text.substr(0, 4))),
                                        std::chrono::month(static_cast<unsigned>(std::stoi(text.substr(5, 2)))),
                                        std::chrono::day(static_cast<unsigned>(std::stoi(text.substr(8, 2))))};
  return day.ok();
}

}  // namespace

PromptForm::PromptForm(ConfigReader& reader, const std::string& encoder, bool marks_are_text,
                       std::optional<int64_t> filler)
    : names_template_(reader.has("template")), filler_(filler) {
  template_ = reader.text(
      "template", std::string(kPromptMark),
      "words around every prompt, with {prompt} in them; chat or chat:NAME = the checkpoint's conversation");
  read_chat(reader, encoder);
  if (!chat_options_) require_one_prompt(template_, reader.place("template"), encoder, "a template");
  // A template's marks are meant as marks.
  marks_are_text_ = marks_are_text && template_ == kPromptMark;
  parses_special_ = reader.flag("parse_special", !marks_are_text_,
                                "special tokens that a prompt spells are tokens; absent: as the encoder has it");
  if (chat_options_ && !parses_special_) {
    fail_input("{}: encoder '{}': the marks of a chat template are no marks where parse_special is false",
               reader.place("parse_special"), encoder);
  }
  const bool fill = reader.flag(
      "fill", false, "short prompts are filled up to the same length; absent: as the checkpoint was trained");
  if (reader.has("fill")) fill_ = fill;
}

void PromptForm::read_chat(ConfigReader& reader, const std::string& encoder) {
  const bool is_chat = template_ == kChat || template_.starts_with(std::string(kChat) + ":");
  if (is_chat) {
    ChatOptions chat;
    if (template_.size() > kChat.size()) chat.name = template_.substr(kChat.size() + 1);
    chat.system = reader.text("system", "", "system message of the chat");
    chat.user = reader.text("user", chat.user, "user message of the chat, with {prompt} in it");
    chat.answer = reader.text("answer", "", "beginning of the answer of the chat");
    chat.add_generation_prompt =
        reader.flag("add_generation_prompt", true, "the chat ends with the beginning of an answer");
    chat.date = reader.text("date", "", "day that the chat template is told, as 2026-01-31; \"\" = none");
    if (const Json variables = reader.raw("variables", "further variables of the chat template"); !variables.is_null())
      chat.variables = variables;
    require_one_prompt(chat.user, reader.place("user"), encoder, "'user'");
    if (!chat.variables.is_object()) {
      fail_input("{}: encoder '{}': 'variables' is no table of names and values", reader.place("variables"), encoder);
    }
    if (!chat.date.empty() && !is_date(chat.date)) {
      fail_input("{}: encoder '{}': 'date' is '{}', not a day as in 2026-01-31", reader.place("date"), encoder,
                 chat.date);
    }
    chat_options_ = std::move(chat);
    return;
  }
  for (const char* key : {"system", "user", "answer", "add_generation_prompt", "variables", "date"}) {
    if (reader.has(key)) {
      fail_input("{}: encoder '{}': '{}' goes with template = \"chat\"", reader.place(key), encoder, key);
    }
  }
}

void PromptForm::describe(const CheckpointFiles* files, Json& fingerprint) const {
  if (files != nullptr || parses_special_ == marks_are_text_) fingerprint["parse_special"] = parses_special_;
  if (chat_options_) {
    const ChatOptions& chat = *chat_options_;
    fingerprint["template"] = {{"chat", chat.name},
                               {"system", chat.system},
                               {"user", chat.user},
                               {"answer", chat.answer},
                               {"add_generation_prompt", chat.add_generation_prompt},
                               {"variables", chat.variables},
                               {"date", chat.date}};
    // A package's lies in files that are pinned.
    if (files != nullptr) fingerprint["template"]["sha256"] = this->chat(*files).sha256();
  } else if (template_ != kPromptMark) {
    fingerprint["template"] = template_;
  }
  if (files != nullptr ? fills(*files) : fill_.value_or(false)) fingerprint["fill"] = true;
}

std::vector<int64_t> PromptForm::ids(const std::string& text, const CheckpointFiles& files, bool with_specials) const {
  std::vector<int64_t> ids;
  if (chat_options_) {
    ids = tokenizer(files).encode(chat(files).text(text), false);
  } else {
    std::string whole = template_;
    whole.replace(whole.find(kPromptMark), kPromptMark.size(), text);
    ids = tokenizer(files).encode(whole, with_specials);
  }
  if (with_specials && ids.empty()) ids.push_back(filler(files));
  return ids;
}

TokenInputs PromptForm::inputs(const std::vector<Prompt>& prompts, const CheckpointFiles& files, int64_t most) const {
  require_utf8(prompts);
  // A chat template writes its marks itself.
  const SpecialIds marks = chat_options_ ? SpecialIds() : tokenizer(files).specials();
  const auto length = static_cast<size_t>(most);
  const size_t room = length - std::min(length, marks.before.size() + marks.after.size());
  const Filling& filling = this->filling(files);
  std::vector<std::vector<int64_t>> rows;
  rows.reserve(prompts.size());
  int64_t num_cut = 0;
  for (const Prompt& prompt : prompts) {
    std::vector<int64_t>& row = rows.emplace_back(ids(prompt.text, files, false));
    if (row.size() > room) {
      row.resize(room);
      ++num_cut;
    }
    marks.add_to(row);
    if (filling.is_on && row.size() < length) {
      const int64_t id = filling.id ? *filling.id : filler(files);
      row.insert(filling.is_left ? row.begin() : row.end(), length - row.size(), id);
    }
    if (row.empty()) row.push_back(filler(files));
  }
  TokenInputs inputs = padded_inputs(rows, most);
  inputs.num_cut = num_cut;
  return inputs;
}

const PromptForm::Filling& PromptForm::filling(const CheckpointFiles& files) const {
  if (filling_) return *filling_;
  const std::optional<ContextFill> wanted = files.fill();
  Filling filling;
  if (wanted && wanted->id >= 0) {
    // OpenCLIP's own names come without any mask.
    filling = {fill_.value_or(true), false, wanted->id};
  } else if (wanted || fill_.value_or(false)) {
    const FolderPadding padding = folder_padding(files.tokenizer_path());
    if (!fill_ && padding.is_hidden && padding.is_left) {
      fail_input(
          "{}: its tokenizer fills up on the left under an attention mask, so that a text's positions hang on its "
          "length, which is not built here; set \"padding_side\" or \"model_input_names\" in "
          "tokenizer_config.json, or say fill = true or false",
          files.tokenizer_path().string());
    }
    filling = {fill_.value_or(!padding.is_hidden), padding.is_left, std::nullopt};
  }
  filling_ = filling;
  return *filling_;
}

bool PromptForm::lowers_text(const CheckpointFiles& files) const {
  return tokenizer(files).encode("A Photo OF Ä CAT", false) == tokenizer(files).encode("a photo of ä cat", false);
}

const ChatTemplate& PromptForm::chat(const CheckpointFiles& files) const {
  if (!chat_) chat_ = std::make_unique<const ChatTemplate>(files.tokenizer_path(), *chat_options_);
  return *chat_;
}

const Tokenizer& PromptForm::tokenizer(const CheckpointFiles& files) const {
  if (!tokenizer_) tokenizer_ = files.tokenizer({.parses_special = parses_special_});
  return *tokenizer_;
}

int64_t PromptForm::filler(const CheckpointFiles& files) const {
  if (filler_) return *filler_;
  if (const auto id = tokenizer(files).filler()) return *id;
  fail_input(
      "{}: a prompt has no tokens at all, and the tokenizer names neither a pad nor an end mark to stand for it; leave "
      "empty prompts out, or name a \"pad_token\" in tokenizer_config.json",
      files.path().string());
}

}  // namespace emf
