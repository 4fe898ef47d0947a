// SPDX-License-Identifier: Apache-2.0
#include "encoders/chat_templates/chat_template.h"

#include <map>
#include <vector>

#include <fmt/ranges.h>

#include "encoders/tokenizers/folder_families.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/weights/gguf.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr const char *kDefault = "default", *kPrompt = "{prompt}";

struct Source {
  std::string text, origin;
};
using Sources = std::map<std::string, Source>;

/// "chat_template" of a JSON file: one template, or a list of named ones.
void add_of_json(const Json& value, const std::string& origin, Sources& sources) {
  if (value.is_string()) sources.try_emplace(kDefault, Source{value, origin});
  if (!value.is_array()) return;
  for (const Json& one : value) {
    if (!one.is_object() || !one.value("name", Json()).is_string() || !one.value("template", Json()).is_string()) {
      fail_input("{}: 'chat_template' lists something without a name and a template", origin);
    }
    sources.try_emplace(one.at("name"), Source{one.at("template"), origin});
  }
}

Sources sources_of_folder(const fs::path& folder) {
  Sources sources;
  const fs::path file = folder / "chat_template.jinja", more = folder / "additional_chat_templates";
  if (path_exists(file)) sources.emplace(kDefault, Source{read_file(file), file.string()});
  if (is_folder(more)) {
    for (const std::filesystem::path& entry : files_in(more)) {
      if (entry.extension() != ".jinja") continue;
      sources.emplace(entry.stem().string(), Source{read_file(entry), entry.string()});
    }
  }
  // Files of their own overrule what a JSON file holds.
  if (!sources.empty()) return sources;
  for (const char* name : {"tokenizer_config.json", "chat_template.json"}) {
    const fs::path path = folder / name;
    if (!path_exists(path)) continue;
    const Json values = read_json(path);
    if (values.is_object()) add_of_json(values.value("chat_template", Json()), path.string(), sources);
  }
  return sources;
}

Sources sources_of_gguf(const GgufFile& file) {
  const std::string key = "tokenizer.chat_template", origin = file.path().string();
  Sources sources;
  for (const std::string& name : file.keys()) {
    if (name == key) sources.emplace(kDefault, Source{std::string(file.text(name)), origin});
    if (name.starts_with(key + ".")) {
      sources.emplace(name.substr(key.size() + 1), Source{std::string(file.text(name)), origin});
    }
  }
  return sources;
}

TemplateNamespace marks_of_folder(const fs::path& folder) {
  const FolderConfig config(folder);
  const auto family = folder_family(config);
  TemplateNamespace marks;
  for (const char* key : mark_keys()) {
    if (const auto text = config.mark(key, family ? family->marks : Json::object())) {
      marks[key] = TemplateValue(*text);
    }
  }
  return marks;
}

TemplateNamespace marks_of_gguf(const GgufFile& file) {
  static const std::map<std::string, const char*> keys = {
      {"bos_token", "bos_token_id"},       {"eos_token", "eos_token_id"},     {"unk_token", "unknown_token_id"},
      {"sep_token", "seperator_token_id"}, {"pad_token", "padding_token_id"}, {"cls_token", "cls_token_id"},
      {"mask_token", "mask_token_id"}};
  const std::vector<std::string_view> pieces = file.texts("tokenizer.ggml.tokens");
  TemplateNamespace marks;
  for (const auto& [name, key] : keys) {
    const std::string full = std::string("tokenizer.ggml.") + key;
    if (!file.has(full)) continue;
    const int64_t id = file.integer(full);
    if (id >= 0 && id < static_cast<int64_t>(pieces.size())) {
      marks[name] = TemplateValue(std::string(pieces[static_cast<size_t>(id)]));
    }
  }
  return marks;
}

}  // namespace

ChatTemplate::ChatTemplate(const fs::path& tokenizer, ChatOptions options) : options_(std::move(options)) {
  Sources sources;
  if (is_folder(tokenizer)) {
    sources = sources_of_folder(tokenizer);
    marks_ = marks_of_folder(tokenizer);
  } else if (tokenizer.extension() == ".gguf") {
    const GgufFile file(tokenizer);
    sources = sources_of_gguf(file);
    marks_ = marks_of_gguf(file);
  }
  if (sources.empty()) {
    fail_missing(
        "{} holds no chat template; write one beside it as chat_template.jinja, or say template = \"... {{prompt}} "
        "...\"",
        tokenizer.string());
  }
  const std::string name = options_.name.empty() ? kDefault : options_.name;
  const auto found = sources.find(name);
  if (found == sources.end()) {
    std::vector<std::string> names;
    for (const auto& [one, source] : sources) names.push_back(one);
    fail_input("{} holds no chat template '{}'; it has {}", tokenizer.string(), name, fmt::join(names, ", "));
  }
  origin_ = found->second.origin;
  sha256_ = sha256_hex(found->second.text);
  if (!options_.variables.is_object()) fail_input("{}: variables of its chat template are no table", origin_);
  for (const char* own : {"messages", "tools", "documents", "add_generation_prompt"}) {
    if (options_.variables.contains(own)) fail_input("{}: '{}' is no variable of its chat template", origin_, own);
  }
  try {
    program_ = std::make_unique<const TemplateProgram>(found->second.text);
  } catch (const UserError& error) {
    fail_input("{}: chat template, {}", origin_, error.what());
  }
}

std::string ChatTemplate::text(const std::string& prompt) const {
  std::string user = options_.user;
  user.replace(user.find(kPrompt), std::string(kPrompt).size(), prompt);
  TemplateData messages = TemplateData::array();
  const auto say = [&](const char* role, const std::string& content) {
    messages.push_back(TemplateData::object({{"role", role}, {"content", content}}));
  };
  if (!options_.system.empty()) say("system", options_.system);
  say("user", user);
  TemplateNamespace values = marks_;
  values["messages"] = TemplateValue(std::move(messages));
  values["tools"] = values["documents"] = TemplateValue(TemplateData());
  values["add_generation_prompt"] = TemplateValue(options_.add_generation_prompt);
  for (const auto& [name, value] : options_.variables.items()) {
    values[name] = TemplateValue(TemplateData::parse(value.dump()));
  }
  try {
    return program_->run(values, options_.date) + options_.answer;
  } catch (const UserError& error) {
    fail_input("{}: chat template, {}", origin_, error.what());
  }
}

}  // namespace emf
