#include "encoders/tokenizers/tokenizer_folder.h"

#include <fmt/ranges.h>

#include "encoders/tokenizers/folder_families.h"
#include "encoders/tokenizers/folder_sentence_piece.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/text_lines.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/vocabulary.h"
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

/// What tokenizer_config.json says otherwise than a tokenizer.json beside it: transformers follows the former.
void apply_config(const FolderConfig& config, Json& document) {
  const auto set_where = [](Json& section, const char* type, const char* key, const Json& value,
                            const auto& self) -> void {
    if (section.is_array()) {
      for (Json& part : section) self(part, type, key, value, self);
    }
    if (!section.is_object()) return;
    if (section.value("type", "") == type) section[key] = value;
    for (const char* list : {"normalizers", "pretokenizers"}) {
      if (section.contains(list)) self(section[list], type, key, value, self);
    }
  };
  const auto apply = [&](const char* option, const char* part, const char* type, const char* key) {
    if (config.options().has(option) && document.contains(part)) {
      set_where(document[part], type, key, config.flag_or(option, false), set_where);
    }
  };
  const auto family = folder_family(config);
  if (family && family->files == FamilyFiles::kWordPiece) {
    apply("do_lower_case", "normalizer", "BertNormalizer", "lowercase");
    apply("strip_accents", "normalizer", "BertNormalizer", "strip_accents");
    apply("tokenize_chinese_chars", "normalizer", "BertNormalizer", "handle_chinese_chars");
  }
  if (family && family->files == FamilyFiles::kVocabularyAndMerges) {
    apply("add_prefix_space", "pre_tokenizer", "ByteLevel", "add_prefix_space");
  }
  if (config.class_name() == "Siglip2Tokenizer" && document.contains("normalizer") &&
      document["normalizer"].dump().find("\"Lowercase\"") == std::string::npos) {
    const Json lower = {{"type", "Lowercase"}}, other = document["normalizer"];
    Json parts = Json::array({lower});
    if (!other.is_null()) parts.push_back(other);
    document["normalizer"] = {{"type", "Sequence"}, {"normalizers", parts}};
  }
}

std::unique_ptr<Tokenizer> load_json_folder(const FolderConfig& config, const TokenizerOptions& options) {
  const std::filesystem::path path = config.folder() / "tokenizer.json";
  Json document = read_json(path);
  if (!document.is_object()) fail_input("{}: not an object", path.string());
  apply_config(config, document);
  Json& tokens = document["added_tokens"];
  if (tokens.is_null()) tokens = Json::array();
  const ModelPieces pieces(document);
  const auto listed = tokens.is_array() ? added_ids(tokens) : std::unordered_map<std::string, int64_t>();
  const auto find = [&](const std::string& text) {
    return added_or(listed, text, [&](const std::string& piece) { return pieces.id(piece); });
  };
  if (tokens.is_array()) {
    int64_t size = pieces.size();
    for (const auto& [text, id] : listed) size = std::max(size, id + 1);
    for (Json& token : config.added_tokens(Json::object(), find, size)) {
      if (listed.count(token.at("content").get<std::string>()) == 0) tokens.push_back(std::move(token));
    }
  }
  const auto family = folder_family(config);
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
  const auto has = [&](const char* name) { return std::filesystem::exists(folder / name); };
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
