// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/tokenizer_folder.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "encoders/tokenizers/folder_families.h"
#include "encoders/tokenizers/folder_sentence_piece.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/text_lines.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

[[noreturn]] void fail_class(const FolderConfig& config, const std::string& files) {
  if (config.class_name().empty()) {
    fail_input(
        "{}: {} may be of several families, and no tokenizer_config.json names a \"tokenizer_class\" and no "
        "config.json "
        "a \"model_type\" that tells which; add one (read here: {})",
        config.folder().string(), files, fmt::join(folder_family_names(), ", "));
  }
  fail_input("{}: a tokenizer of class {} is not read out of {} here; save it as tokenizer.json (read here: {})",
             config.folder().string(), quoted_name(config.class_name()), files, fmt::join(folder_family_names(), ", "));
}

/// The family, when it has such files.
FolderFamily require_family(const FolderConfig& config, FamilyFiles files, const std::string& names) {
  auto family = folder_family(config);
  if (!family || family->files != files) fail_class(config, names);
  return std::move(*family);
}

std::unique_ptr<Tokenizer> load_vocabulary_and_merges(const FolderConfig& config, const TokenizerOptions& options) {
  const std::filesystem::path path = config.folder() / "vocab.json";
  const FolderFamily family = require_family(config, FamilyFiles::kVocabularyAndMerges, "vocab.json with merges.txt");
  Json document = family_document(family);
  document["model"]["vocab"] = read_json(path);
  const std::string text = read_text_or_gzip(config.folder() / "merges.txt");
  Json merges = Json::array();
  for (const std::string_view line : text_lines(text)) {
    if (!line.empty() && !line.starts_with("#version")) merges.push_back(line);
  }
  document["model"]["merges"] = std::move(merges);
  if (!document["model"]["vocab"].is_object()) fail_input("{}: not an object", path.string());
  return finish_folder(config, family, std::move(document), path.string() + ":", options);
}

std::unique_ptr<Tokenizer> load_word_pieces(const FolderConfig& config, const std::filesystem::path& path,
                                            const TokenizerOptions& options) {
  // One list of words is BERT's where no file speaks of another class.
  const FolderFamily family = config.class_name().empty()
                                  ? word_piece_family(config)
                                  : require_family(config, FamilyFiles::kWordPiece, "vocab.txt");
  Json document = family_document(family);
  const std::string text = read_text_or_gzip(path);
  Json& vocabulary = document["model"]["vocab"] = Json::object();
  int64_t id = 0;
  for (const std::string_view line : text_lines(text)) {
    const auto [place, is_new] = vocabulary.emplace(std::string(line), id++);
    if (!is_new)
      fail_input("{}: piece {} is there twice, as {} and {}", path.string(), quoted_name(line), place->get<int64_t>(),
                 id - 1);
  }
  return finish_folder(config, family, std::move(document), path.string() + ":", options);
}

/// Whether a section of a tokenizer.json, or one of its parts, is of a type.
bool has_type(const Json& section, const char* type) {
  if (section.is_array()) {
    return std::any_of(section.begin(), section.end(), [&](const Json& part) { return has_type(part, type); });
  }
  if (!section.is_object()) return false;
  if (section.value("type", Json()) == type) return true;
  for (const char* list : {"normalizers", "pretokenizers", "processors", "decoders"}) {
    if (section.contains(list) && has_type(section.at(list), type)) return true;
  }
  return false;
}

/// The table by which sentencepiece changes characters, where a normaliser has one.
Json precompiled_of(const Json& normalizer) {
  if (!normalizer.is_object()) return nullptr;
  if (normalizer.value("type", Json()) == "Precompiled") return normalizer;
  for (const Json& part : normalizer.value("normalizers", Json::array())) {
    if (Json found = precompiled_of(part); !found.is_null()) return found;
  }
  return nullptr;
}

/// The family whose stages transformers builds round a tokenizer.json's vocabulary, where the files name one.
std::optional<FolderFamily> family_of_json(const FolderConfig& config, const Json& document) {
  if (config.is_of_backend()) return std::nullopt;
  // Files of byte-level models name Llama's class now and then, which has none.
  bool is_byte_level = false;
  for (const char* section : {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
    is_byte_level = is_byte_level || has_type(document.value(section, Json()), "ByteLevel");
  }
  if (config.class_name() == "LlamaTokenizer" && is_byte_level) return std::nullopt;
  return folder_family(config);
}

/// A tokenizer.json with the stages of its class instead of its own, as transformers 5 builds it: the vocabulary, the
/// added tokens, the table of a normaliser and, where the class has no marks of its own, those of the file.
/// @source  transformers 5, TokenizersBackend.convert_to_native_format and each class's __init__.
void build_by_class(const FolderConfig& config, const FolderFamily& family, Json& document) {
  Json built = family_document(family);
  Json& model = document["model"];
  const std::string type = model.value("type", model.contains("merges") ? "BPE" : "");
  if (!type.empty() && built["model"]["type"] != type) {
    fail_input("{}: its tokenizer.json is a model of type {}, and {} has {}", config.folder().string(),
               quoted_name(type), config.class_name(), built["model"]["type"].get<std::string>());
  }
  for (const char* key : {"vocab", "merges"}) {
    if (model.contains(key)) built["model"][key] = std::move(model[key]);
  }
  model = std::move(built["model"]);
  document["pre_tokenizer"] = std::move(built["pre_tokenizer"]);
  const bool keeps_table = model["type"] == "Unigram";
  document["normalizer"] =
      keeps_table ? precompiled_of(document.value("normalizer", Json())) : std::move(built["normalizer"]);
}

/// "padding" names a mark that is added where neither the files nor the class have one.
void add_padding_mark(const FolderConfig& config, const std::optional<FolderFamily>& family, Json& document,
                      const std::function<int64_t(const std::string&)>& find) {
  const Json padding = document.value("padding", Json());
  const bool is_named =
      config.options().value().contains("pad_token") || (family && family->marks.contains("pad_token"));
  if (is_named || !padding.is_object() || !padding.value("pad_token", Json()).is_string()) return;
  const std::string text = padding.at("pad_token");
  Json& tokens = document["added_tokens"];
  int64_t next = ModelPieces(document).size();
  for (const auto& [content, id] : added_ids(tokens)) {
    if (content == text) return;
    next = std::max(next, id + 1);
  }
  const int64_t known = find(text);
  tokens.push_back({{"id", known >= 0 ? known : next},
                    {"content", text},
                    {"special", true},
                    {"normalized", false},
                    {"lstrip", false},
                    {"rstrip", false},
                    {"single_word", false}});
}

std::unique_ptr<Tokenizer> load_json_folder(const FolderConfig& config, const TokenizerOptions& options) {
  const std::filesystem::path path = config.folder() / "tokenizer.json";
  Json document = read_json(path);
  if (!document.is_object()) fail_input("{}: not an object", path.string());
  const std::optional<FolderFamily> family = family_of_json(config, document);
  if (family) build_by_class(config, *family, document);
  Json& tokens = document["added_tokens"];
  // Where the class is built anew, tokenizer_config.json's own list stands instead of the file's.
  if (tokens.is_null() || (family && config.lists_added_tokens())) tokens = Json::array();
  const ModelPieces pieces(document);
  const auto listed = tokens.is_array() ? added_ids(tokens) : std::unordered_map<std::string, int64_t>();
  const auto find = [&](const std::string& text) {
    return added_or(listed, text, [&](const std::string& piece) { return pieces.id(piece); });
  };
  if (tokens.is_array()) {
    int64_t size = pieces.size();
    for (const auto& [text, id] : listed) size = std::max(size, id + 1);
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < tokens.size(); ++i) places.emplace(tokens[i].value("content", std::string()), i);
    for (Json& token : config.added_tokens(family ? family->marks : Json::object(), find, size)) {
      const auto place = places.find(token.at("content").get<std::string>());
      if (place == places.end()) {
        tokens.push_back(std::move(token));
      } else if (config.class_name() == "Qwen2Tokenizer" && family && token.at("special").get<bool>()) {
        tokens[place->second] = std::move(token);
      }
    }
    add_padding_mark(config, family, document, find);
  }
  const auto added = tokens.is_array() ? added_ids(tokens) : listed;
  const auto find_any = [&](const std::string& text) { return added_or(added, text, find); };
  // The class's own marks; GPT-NeoX's has none, and takes those of the file away.
  if (family && (!family->before.empty() || !family->after.empty())) {
    document["post_processor"] = folder_marks(config, *family, find_any);
  } else if (family && config.class_name() == "GPTNeoXTokenizer") {
    document["post_processor"] = nullptr;
  }
  const auto filler = folder_filler(config, family ? family->marks : Json::object(), find);
  return tokenizer_of(document, path.string() + ":", options, nullptr, filler);
}

}  // namespace

std::optional<int64_t> folder_filler(const FolderConfig& config, const Json& class_marks,
                                     const std::function<int64_t(const std::string&)>& find) {
  for (const char* key : {"pad_token", "eos_token", "bos_token"}) {
    const auto text = config.mark(key, class_marks);
    if (!text) continue;
    if (const int64_t id = find(*text); id >= 0) return id;
  }
  for (const char* key : {"pad_token_id", "eos_token_id", "bos_token_id"}) {
    if (const auto id = config.model_id(key)) return id;
  }
  return std::nullopt;
}

Json family_document(const FolderFamily& family) {
  return {{"normalizer", family.normalizer}, {"pre_tokenizer", family.pre_tokenizer}, {"model", family.model}};
}

std::unique_ptr<Tokenizer> finish_folder(const FolderConfig& config, const FolderFamily& family, Json document,
                                         const std::string& where, const TokenizerOptions& options) {
  const ModelPieces pieces(document);
  const auto find = [&](const std::string& text) { return pieces.id(text); };
  Json tokens = config.added_tokens(family.marks, find, pieces.size());
  const auto ids = added_ids(tokens);
  const auto find_any = [&](const std::string& text) { return added_or(ids, text, find); };
  document["post_processor"] = folder_marks(config, family, find_any);
  const auto filler = folder_filler(config, family.marks, find_any);
  document["added_tokens"] = std::move(tokens);
  return tokenizer_of(document, where, options, nullptr, filler);
}

Json folder_marks(const FolderConfig& config, const FolderFamily& family,
                  const std::function<int64_t(const std::string&)>& find) {
  std::vector<const char*> before = family.before, after = family.after;
  if (before.empty() && after.empty()) {
    if (config.flag_or("add_bos_token", false)) before = {"bos_token"};
    if (config.flag_or("add_eos_token", false)) after = {"eos_token"};
  }
  Json single = Json::array(), ids = Json::object();
  const auto add = [&](const char* key) {
    const auto text = config.mark(key, family.marks);
    if (!text) return;
    const int64_t id = find(*text);
    if (id < 0)
      fail_input("{}: the mark {} ({}) is not in the vocabulary", config.folder().string(), key, quoted_name(*text));
    single.push_back({{"SpecialToken", {{"id", *text}, {"type_id", 0}}}});
    ids[*text] = {{"id", *text}, {"ids", Json::array({id})}};
  };
  for (const char* key : before) add(key);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  for (const char* key : after) add(key);
  return {{"type", "TemplateProcessing"}, {"single", single}, {"special_tokens", ids}};
}

std::unique_ptr<Tokenizer> load_tokenizer_folder(const std::filesystem::path& folder, const TokenizerOptions& asked) {
  const FolderConfig config(folder);
  refuse_unread_options(config);
  TokenizerOptions options = asked;
  if (config.flag_or("split_special_tokens", false)) options.parses_special = false;
  const auto has = [&](const char* name) { return path_exists(folder / name); };
  if (has("tokenizer.json")) return load_json_folder(config, options);
  for (const char* name : {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model"}) {
    if (!has(name)) continue;
    // Without any word on the class a model is read as sentencepiece itself reads it.
    if (config.class_name().empty()) return load_sentence_piece(folder / name);
    if (config.class_name() == "SiglipTokenizer") return load_siglip(config, folder / name, options);
    return load_sentence_piece_family(config, require_family(config, FamilyFiles::kSentencePiece, name), folder / name,
                                      options);
  }
  if (has("vocab.json") && has("merges.txt")) return load_vocabulary_and_merges(config, options);
  if (has("vocab.txt")) return load_word_pieces(config, folder / "vocab.txt", options);
  fail_missing(
      "{} holds no tokenizer: none of tokenizer.json, tokenizer.model, spiece.model, sentencepiece.bpe.model, "
      "spm.model, "
      "vocab.json with merges.txt, vocab.txt",
      folder.string());
}

std::unique_ptr<Tokenizer> load_bert_vocabulary(const std::filesystem::path& path, const TokenizerOptions& options) {
  return load_word_pieces(FolderConfig(path.parent_path()), path, options);
}

}  // namespace emf
