// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/folder_families.h"

#include <map>

namespace emf {
namespace {

constexpr const char* kSpaceMark = "\u2581";

Json split(const char* expression, const char* behavior, bool is_inverted) {
  return {{"type", "Split"}, {"pattern", {{"Regex", expression}}}, {"behavior", behavior}, {"invert", is_inverted}};
}

Json byte_level(bool adds_space, bool cuts) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", adds_space}, {"use_regex", cuts}};
}

Json in_a_row(const char* key, Json parts) { return {{"type", "Sequence"}, {key, std::move(parts)}}; }

Json metaspace(const char* scheme, bool splits) {
  return {{"type", "Metaspace"}, {"replacement", kSpaceMark}, {"prepend_scheme", scheme}, {"split", splits}};
}

/// Qwen's expression; those from 3.5 on keep a letter's marks with it.
FolderFamily qwen(const FolderConfig& config, const char* expression) {
  return {FamilyFiles::kVocabularyAndMerges,
          {{"unk_token", "<|endoftext|>"}, {"eos_token", "<|endoftext|>"}, {"pad_token", "<|endoftext|>"}},
          {{"type", "NFC"}},
          in_a_row("pretokenizers", {split(expression, "Isolated", false),
                                     byte_level(config.flag_or("add_prefix_space", false), false)}),
          {{"type", "BPE"}},
          {},
          {}};
}

FolderFamily qwen2(const FolderConfig& config) {
  return qwen(config,
              R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+)"
              R"(|\s+(?!\S)|\s+)");
}

FolderFamily qwen3_5(const FolderConfig& config) {
  return qwen(config,
              R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)"
              R"(|\s*[\r\n]+|\s+(?!\S)|\s+)");
}

FolderFamily gpt2(const FolderConfig& config) {
  return {FamilyFiles::kVocabularyAndMerges,
          {{"unk_token", "<|endoftext|>"}, {"bos_token", "<|endoftext|>"}, {"eos_token", "<|endoftext|>"}},
          nullptr,
          byte_level(config.flag_or("add_prefix_space", false), true),
          {{"type", "BPE"}},
          {},
          {}};
}

FolderFamily gpt_neox(const FolderConfig& config) {
  FolderFamily family = gpt2(config);
  family.normalizer = {{"type", "NFC"}};
  family.marks["pad_token"] = "<|padding|>";
  return family;
}

Json roberta_marks() {
  return {{"bos_token", "<s>"},   {"eos_token", "</s>"},  {"sep_token", "</s>"},   {"cls_token", "<s>"},
          {"unk_token", "<unk>"}, {"pad_token", "<pad>"}, {"mask_token", "<mask>"}};
}

FolderFamily roberta(const FolderConfig& config) {
  FolderFamily family = gpt2(config);
  family.marks = roberta_marks();
  family.before = {"cls_token"};
  family.after = {"sep_token"};
  return family;
}

FolderFamily clip(const FolderConfig& config) {
  const Json marks = {{"unk_token", "<|endoftext|>"},
                      {"bos_token", "<|startoftext|>"},
                      {"eos_token", "<|endoftext|>"},
                      {"pad_token", "<|endoftext|>"}};
  const Json space = {{"type", "Replace"}, {"pattern", {{"Regex", R"(\s+)"}}}, {"content", " "}};
  Json model = {{"type", "BPE"}, {"end_of_word_suffix", "</w>"}};
  if (const auto unknown = config.mark("unk_token", marks)) model["unk_token"] = *unknown;
  return {
      FamilyFiles::kVocabularyAndMerges,
      marks,
      in_a_row("normalizers", {{{"type", "NFC"}}, space, {{"type", "Lowercase"}}}),
      in_a_row("pretokenizers", {split(R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}])"
                                       R"(|[^\s\p{L}\p{N}]+)",
                                       "Removed", true),
                                 byte_level(false, true)}),
      std::move(model),
      {"bos_token"},
      {"eos_token"}};
}

FolderFamily word_piece(const FolderConfig& config, Json marks) {
  Json normalizer = {{"type", "BertNormalizer"},
                     {"clean_text", true},
                     {"handle_chinese_chars", config.flag_or("tokenize_chinese_chars", true)},
                     {"lowercase", config.flag_or("do_lower_case", true)}};
  // Left out it follows the lower case.
  if (config.options().has("strip_accents")) normalizer["strip_accents"] = config.flag_or("strip_accents", false);
  Json model = {{"type", "WordPiece"}};
  if (const auto unknown = config.mark("unk_token", marks)) model["unk_token"] = *unknown;
  return {FamilyFiles::kWordPiece, std::move(marks), std::move(normalizer), {{"type", "BertPreTokenizer"}},
          std::move(model),        {"cls_token"},    {"sep_token"}};
}

FolderFamily bert(const FolderConfig& config) {
  return word_piece(config, {{"unk_token", "[UNK]"},
                             {"sep_token", "[SEP]"},
                             {"pad_token", "[PAD]"},
                             {"cls_token", "[CLS]"},
                             {"mask_token", "[MASK]"}});
}

FolderFamily mpnet(const FolderConfig& config) {
  Json marks = roberta_marks();
  marks["unk_token"] = "[UNK]";
  return word_piece(config, std::move(marks));
}

Json words_with_marks(bool adds_space) {
  return in_a_row("pretokenizers", {{{"type", "WhitespaceSplit"}}, metaspace(adds_space ? "always" : "never", true)});
}

FolderFamily t5(const FolderConfig&) {
  return {FamilyFiles::kSentencePiece,
          {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}},
          nullptr,
          words_with_marks(true),
          {{"type", "Unigram"}, {"unk_id", 2}},
          {},
          {"eos_token"}};
}

FolderFamily xlm_roberta(const FolderConfig& config) {
  return {FamilyFiles::kSentencePiece,
          roberta_marks(),
          nullptr,
          words_with_marks(config.flag_or("add_prefix_space", true)),
          {{"type", "Unigram"}, {"unk_id", 3}},
          {"bos_token"},
          {"eos_token"}};
}

FolderFamily gemma(const FolderConfig& config) {
  Json marks = {{"bos_token", "<bos>"},
                {"eos_token", "<eos>"},
                {"unk_token", "<unk>"},
                {"pad_token", "<pad>"},
                {"mask_token", "<mask>"}};
  Json model = {{"type", "BPE"}, {"fuse_unk", true}, {"byte_fallback", true}};
  if (const auto unknown = config.mark("unk_token", marks)) model["unk_token"] = *unknown;
  return {FamilyFiles::kSentencePiece,
          std::move(marks),
          {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpaceMark}},
          nullptr,
          std::move(model),
          {},
          {}};
}

FolderFamily siglip2(const FolderConfig& config) {
  FolderFamily family = gemma(config);
  family.normalizer = in_a_row("normalizers", {{{"type", "Lowercase"}}, family.normalizer});
  return family;
}

FolderFamily llama(const FolderConfig& config) {
  const bool is_legacy = config.flag_or("legacy", false);
  const char* scheme = !config.flag_or("add_prefix_space", true) ? "never" : is_legacy ? "always" : "first";
  return {FamilyFiles::kSentencePiece,
          {{"bos_token", "<s>"}, {"eos_token", "</s>"}, {"unk_token", "<unk>"}},
          nullptr,
          metaspace(scheme, false),
          {{"type", "BPE"}, {"fuse_unk", true}, {"byte_fallback", true}},
          {},
          {}};
}

using Maker = FolderFamily (*)(const FolderConfig&);

const std::map<std::string, Maker>& makers() {
  static const std::map<std::string, Maker> known = {
      {"BartTokenizer", roberta},
      {"BertTokenizer", bert},
      {"CLIPTokenizer", clip},
      {"ConvBertTokenizer", bert},
      {"DistilBertTokenizer", bert},
      {"ElectraTokenizer", bert},
      {"GPT2Tokenizer", gpt2},
      {"GPTNeoXTokenizer", gpt_neox},
      {"GemmaTokenizer", gemma},
      {"LlamaTokenizer", llama},
      {"LongformerTokenizer", roberta},
      {"MPNetTokenizer", mpnet},
      {"MT5Tokenizer", t5},
      {"MobileBertTokenizer", bert},
      {"Qwen2Tokenizer", qwen2},
      {"Qwen3_5Tokenizer", qwen3_5},
      {"RetriBertTokenizer", bert},
      {"RobertaTokenizer", roberta},
      {"Siglip2Tokenizer", siglip2},
      {"SqueezeBertTokenizer", bert},
      {"T5Tokenizer", t5},
      {"XLMRobertaTokenizer", xlm_roberta},
  };
  return known;
}

}  // namespace

std::optional<FolderFamily> folder_family(const FolderConfig& config) {
  const auto maker = makers().find(config.class_name());
  if (maker == makers().end()) return std::nullopt;
  return maker->second(config);
}

FolderFamily word_piece_family(const FolderConfig& config) { return bert(config); }

void refuse_unread_options(const FolderConfig& config) {
  // Of the many keys of tokenizer_config.json these move ids and are read nowhere here; each with the value that moves
  // none. All others concern decoding, padding, cutting, chat templates or how the file came to be.
  const std::map<std::string, Json> idle = {
      {"do_basic_tokenize", true},
      {"never_split", Json::array()},
      {"sp_model_kwargs", Json::object()},
      {"split_by_punct", false},
      {"word_tokenizer_type", "basic"},
      {"subword_tokenizer_type", "wordpiece"},
      {"normalization", false},
      {"do_subword_tokenize", true},
      {"do_word_tokenize", true},
      {"do_phonemize", false},
      {"replace_word_delimiter_char", " "},
      {"fix_mistral_regex", false},
      {"init_inputs", Json::array()},
      {"fast_tokenizer_files", Json::array({"tokenizer.json"})},
  };
  for (const auto& [key, value] : config.options().as_object().items()) {
    const auto known = idle.find(key);
    if (known == idle.end() || value.is_null() || value == known->second) continue;
    config.options().at(key.c_str()).fail("is " + value.dump() + ", which may change ids and is not read here");
  }
}

std::vector<std::string> folder_family_names() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : makers()) names.push_back(name);
  return names;
}

}  // namespace emf
