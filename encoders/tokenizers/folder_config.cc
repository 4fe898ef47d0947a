// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/folder_config.h"

#include <algorithm>
#include <map>
#include <set>

#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

Json read_object(const std::filesystem::path& path) {
  if (!path_exists(path)) return Json::object();
  Json document = read_json(path);
  if (!document.is_object()) fail_input("{}: not an object", path.string());
  return document;
}

/// The class by a model's type, where only config.json stands beside the vocabulary.
/// @source  transformers 5, models/auto/tokenization_auto.py.
std::string class_of_model_type(const std::string& type) {
  static const std::map<std::string, std::string> classes = {
      {"albert", "AlbertTokenizer"},
      {"bart", "RobertaTokenizer"},
      {"bert", "BertTokenizer"},
      {"blip_text_model", "BertTokenizer"},
      {"camembert", "CamembertTokenizer"},
      {"clip", "CLIPTokenizer"},
      {"clip_text_model", "CLIPTokenizer"},
      {"distilbert", "BertTokenizer"},
      {"electra", "BertTokenizer"},
      {"gemma", "GemmaTokenizer"},
      {"gemma2", "GemmaTokenizer"},
      {"gemma3", "GemmaTokenizer"},
      {"gemma3_text", "GemmaTokenizer"},
      {"gpt2", "GPT2Tokenizer"},
      {"gpt_neo", "GPT2Tokenizer"},
      {"gpt_neox", "GPTNeoXTokenizer"},
      {"gptj", "GPT2Tokenizer"},
      {"llama", "LlamaTokenizer"},
      {"mobilebert", "BertTokenizer"},
      {"mpnet", "MPNetTokenizer"},
      {"mt5", "T5Tokenizer"},
      {"nomic_bert", "BertTokenizer"},
      {"opt", "GPT2Tokenizer"},
      {"qwen2", "Qwen2Tokenizer"},
      {"qwen2_5_vl", "Qwen2Tokenizer"},
      {"qwen2_moe", "Qwen2Tokenizer"},
      {"qwen2_vl", "Qwen2Tokenizer"},
      {"qwen3", "Qwen2Tokenizer"},
      {"qwen3_5", "Qwen3_5Tokenizer"},
      {"qwen3_5_text", "Qwen3_5Tokenizer"},
      {"qwen3_moe", "Qwen2Tokenizer"},
      {"qwen3_vl", "Qwen2Tokenizer"},
      {"roberta", "RobertaTokenizer"},
      {"siglip", "SiglipTokenizer"},
      {"siglip_text_model", "SiglipTokenizer"},
      {"siglip2", "Siglip2Tokenizer"},
      {"siglip2_text_model", "Siglip2Tokenizer"},
      {"t5", "T5Tokenizer"},
      {"umt5", "T5Tokenizer"},
      {"xlm-roberta", "XLMRobertaTokenizer"},
  };
  const auto found = classes.find(type);
  return found == classes.end() ? "" : found->second;
}

/// Types of models whose folders are known to name a wrong class: transformers takes its own for them.
/// @source  transformers 5, MODELS_WITH_INCORRECT_HUB_TOKENIZER_CLASS, as far as they have one.
bool overrules_files(const std::string& type) { return type == "qwen2" || type == "qwen3_5" || type == "siglip2"; }

/// Types for which a tokenizer.json holds as it stands, whatever class the files name.
/// @source  transformers 5, the same list, those that have no class of their own.
bool is_of_backend_type(const std::string& type) {
  static const std::set<std::string> types = {"llava",     "llava_next", "minicpm3", "modernbert", "nemotron",
                                              "phi3",      "phimoe",     "phi3_v",   "smolvlm",    "vipllava",
                                              "internlm2", "jamba",      "ernie4_5"};
  return types.count(type) > 0;
}

/// A token as files write it, a plain string or an object, with every flag spelt out.
/// @param is_special  what a plain string and an object without the flag are.
Json full_token(const JsonSection& section, bool is_special) {
  Json token = {
      {"lstrip", false}, {"rstrip", false}, {"single_word", false}, {"special", false}, {"normalized", !is_special}};
  if (section.value().is_string()) {
    token["content"] = section.as_text();
    token["special"] = is_special;
    return token;
  }
  section.as_object();
  section.accept({"content", "lstrip", "rstrip", "single_word", "special", "normalized"}, {"__type", "id"});
  token["content"] = section.text("content");
  token["special"] = section.flag_or("special", is_special);
  // An added token is matched on normalised text unless it is special or says otherwise.
  token["normalized"] = !token["special"].get<bool>();
  for (const char* flag : {"lstrip", "rstrip", "single_word", "normalized"}) {
    token[flag] = section.flag_or(flag, token[flag].get<bool>());
  }
  return token;
}

/// Texts of a list or of an object's values.
std::vector<JsonSection> members(const JsonSection& section) {
  if (section.value().is_array()) return section.elements();
  std::vector<JsonSection> found;
  for (const auto& [key, value] : section.as_object().items()) found.emplace_back(value, section.where() + "/" + key);
  return found;
}

}  // namespace

const std::vector<const char*>& mark_keys() {
  static const std::vector<const char*> keys = {"bos_token", "eos_token", "unk_token", "sep_token",
                                                "pad_token", "cls_token", "mask_token"};
  return keys;
}

FolderPadding folder_padding(const std::filesystem::path& path) {
  FolderPadding padding;
  if (!is_folder(path)) return padding;
  const FolderConfig config(path);
  const JsonSection options = config.options();
  const std::string side =
      options.text_or("padding_side", config.class_name() == "Siglip2Tokenizer" ? "left" : "right");
  if (side != "left" && side != "right") options.at("padding_side").fail("is neither left nor right");
  padding.is_left = side == "left";
  if (!options.has("model_input_names")) return padding;
  const std::vector<JsonSection> names = options.list("model_input_names");
  padding.is_hidden = std::any_of(names.begin(), names.end(),
                                  [](const JsonSection& name) { return name.as_text() == "attention_mask"; });
  return padding;
}

std::unordered_map<std::string, int64_t> added_ids(const Json& added_tokens) {
  std::unordered_map<std::string, int64_t> ids;
  for (const Json& token : added_tokens) {
    if (!token.is_object() || !token.contains("content") || !token.at("content").is_string()) continue;
    const bool has_id = token.contains("id") && token.at("id").is_number_integer();
    ids.emplace(token.at("content"), has_id ? token.at("id").get<int64_t>() : -1);
  }
  return ids;
}

int64_t added_or(const std::unordered_map<std::string, int64_t>& ids, const std::string& text,
                 const std::function<int64_t(const std::string&)>& find) {
  const auto added = ids.find(text);
  return added != ids.end() && added->second >= 0 ? added->second : find(text);
}

FolderConfig::FolderConfig(const std::filesystem::path& folder)
    : folder_(folder), where_((folder / "tokenizer_config.json").string() + ":") {
  options_ = read_object(folder / "tokenizer_config.json");
  class_name_ = options().text_or("tokenizer_class", "");
  const std::filesystem::path path = folder / "config.json";
  model_ = read_object(path);
  const JsonSection model(model_, path.string() + ":");
  if (class_name_.empty()) class_name_ = model.text_or("tokenizer_class", "");
  const std::string type = model.text_or("model_type", ""), of_type = class_of_model_type(type);
  const bool names_backend = class_name_ == "PreTrainedTokenizerFast" || class_name_ == "PreTrainedTokenizer" ||
                             class_name_ == "TokenizersBackend";
  is_of_backend_ = is_of_backend_type(type) ||
                   (!overrules_files(type) && (names_backend || (class_name_.empty() && of_type.empty())));
  // Without a tokenizer.json the model's type says what the vocabulary is of.
  if (!of_type.empty() && (class_name_.empty() || names_backend || overrules_files(type))) class_name_ = of_type;
  if (class_name_.ends_with("Fast")) class_name_.resize(class_name_.size() - 4);
  read_listed();
}

void FolderConfig::read_listed() {
  std::map<int64_t, Json> by_id;
  if (options().has("added_tokens_decoder")) {
    const JsonSection decoder = options().at("added_tokens_decoder");
    for (const auto& [key, value] : decoder.as_object().items()) {
      const JsonSection section(value, decoder.where() + "/" + key);
      if (key.empty() || key.size() > 9 ||
          !std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        section.fail("stands under a key that is no id");
      }
      by_id[std::stoll(key)] = full_token(section, false);
    }
  } else {
    const Json map = read_object(folder_ / "special_tokens_map.json");
    for (const auto& [key, value] : map.items()) options_[key] = value;
    const std::filesystem::path path = folder_ / "added_tokens.json";
    const Json added = read_object(path);
    std::set<std::string> special;
    const auto insert = [&](const JsonSection& section) { special.insert(full_token(section, true).at("content")); };
    for (const char* key : mark_keys()) {
      if (options().has(key)) insert(options().at(key));
    }
    for (const char* key : extra_keys()) {
      for (const JsonSection& section : members(options().at(key))) insert(section);
    }
    for (const auto& [text, id] : added.items()) {
      const Json content = text;
      by_id[JsonSection(id, path.string() + ":/" + text).as_integer()] =
          full_token(JsonSection(content, path.string() + ":"), special.contains(text));
    }
  }
  for (auto& [id, token] : by_id) {
    if (id < 0 || id > std::numeric_limits<int32_t>::max()) {
      fail_input("{} the added token {} has the id {}, which is no 32-bit index", where_,
                 quoted_name(token.at("content").get<std::string>()), id);
    }
    token["id"] = id;
    listed_.push_back(std::move(token));
  }
}

std::vector<const char*> FolderConfig::extra_keys() const {
  const auto is_given = [&](const char* key) { return options().has(key) && !options().at(key).value().empty(); };
  if (is_given("extra_special_tokens")) return {"extra_special_tokens"};
  if (is_given("additional_special_tokens")) return {"additional_special_tokens"};
  return {};
}

std::vector<JsonSection> FolderConfig::named_marks() const {
  std::vector<JsonSection> found;
  for (const auto& [key, value] : options_.items()) {
    const bool is_known = std::find_if(mark_keys().begin(), mark_keys().end(), [&, &name = key](const char* mark) {
                            return name == mark;
                          }) != mark_keys().end();
    const bool is_token = value.is_string() || (value.is_object() && value.contains("content"));
    if (!is_known && key.ends_with("_token") && is_token) found.emplace_back(value, where_ + "/" + key);
  }
  for (const char* key : extra_keys()) {
    if (!options().at(key).value().is_object()) continue;
    for (const JsonSection& section : members(options().at(key))) found.push_back(section);
  }
  // What transformers saves of them; it writes them anew where the file names some.
  if (found.empty() && options().has("model_specific_special_tokens")) {
    found = members(options().at("model_specific_special_tokens"));
  }
  return found;
}

std::optional<std::string> FolderConfig::mark(const char* key, const Json& class_marks) const {
  if (options_.contains(key)) {
    if (!options().has(key)) return std::nullopt;
    return full_token(options().at(key), true).at("content").get<std::string>();
  }
  if (class_marks.contains(key)) return class_marks.at(key).get<std::string>();
  return std::nullopt;
}

std::optional<int64_t> FolderConfig::model_id(const char* key) const {
  const auto found = model_.find(key);
  if (found == model_.end()) return std::nullopt;
  const Json& id = found->is_array() && !found->empty() ? found->front() : *found;
  if (!id.is_number_integer() || id.get<int64_t>() < 0) return std::nullopt;
  return id.get<int64_t>();
}

Json FolderConfig::added_tokens(const Json& class_marks, const std::function<int64_t(const std::string&)>& find,
                                int64_t vocabulary_size, bool with_listed) const {
  Json tokens = Json::array();
  std::set<std::string> listed_texts;
  std::map<std::string, std::vector<Json>> said;  // each text's tokens as the files write them
  int64_t next = vocabulary_size;
  const auto add = [&](Json token) {
    const std::string content = token.at("content");
    if (content.empty() || listed_texts.contains(content)) return;  // the list says how it is matched
    std::vector<Json>& earlier = said[content];
    if (std::find(earlier.begin(), earlier.end(), token) != earlier.end()) return;
    earlier.push_back(token);
    if (earlier.size() > 1) {  // added once more, it is matched as said last
      for (Json& known : tokens) {
        if (known.at("content") == content) known.update(token);
      }
      return;
    }
    // A new token gets the next id, whichever the file gives it: so does tokenizers.
    const int64_t known = find(content);
    token["id"] = known >= 0 ? known : next;
    next = std::max(next, token.at("id").get<int64_t>() + 1);
    tokens.push_back(std::move(token));
  };
  std::set<std::string> marks;
  for (const char* key : mark_keys()) {
    if (const auto text = mark(key, class_marks)) marks.insert(*text);
  }
  for (Json token : with_listed ? listed_ : Json::array()) {
    const std::string content = token.at("content");
    if (marks.contains(content)) token["special"] = true;
    add(std::move(token));
    listed_texts.insert(content);  // of two the first holds
  }
  for (const char* key : mark_keys()) {
    const auto text = mark(key, class_marks);
    if (!text) continue;
    const Json plain = *text;
    Json token = options().has(key) ? full_token(options().at(key), true) : full_token({plain, where_}, true);
    token["special"] = true;
    add(std::move(token));
  }
  const int64_t before_named = next;
  for (const JsonSection& section : named_marks()) {
    Json token = full_token(section, true);
    token["special"] = true;
    marks.insert(token.at("content").get<std::string>());
    add(std::move(token));
  }
  if (next > before_named + 1 && next > vocabulary_size + 1) {
    // They would be numbered in the order in which the file names them, which is not kept.
    fail_input("{} several marks that a class names itself (image_token and the like) have no ids: list them in {}",
               where_, "added_tokens_decoder");
  }
  for (const char* key : extra_keys()) {
    if (options().at(key).value().is_object()) continue;  // named ones
    for (const JsonSection& section : options().at(key).elements()) {
      const Json token = full_token(section, true);
      marks.insert(token.at("content").get<std::string>());
      add(token);
    }
  }
  if (class_name_ == "Qwen2Tokenizer") {
    // The class adds its special tokens once more, as plain texts: what their flags said is gone.
    for (Json& token : tokens) {
      if (!marks.contains(token.at("content").get<std::string>())) continue;
      for (const char* flag : {"lstrip", "rstrip", "single_word", "normalized"}) token[flag] = false;
      token["special"] = true;
    }
  }
  return tokens;
}

}  // namespace emf
