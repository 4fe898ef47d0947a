#include "encoders/tokenizers/tokenizer_file.h"

#include "encoders/tokenizers/byte_level_bpe.h"
#include "encoders/tokenizers/clip_bpe.h"
#include "encoders/tokenizers/gguf_tokenizer.h"
#include "encoders/tokenizers/named_patterns.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/text_lines.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/word_piece.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

/// vocab.json and merges.txt: CLIP's where pieces carry "</w>", else GPT-2's.
std::unique_ptr<Tokenizer> load_vocabulary_and_merges(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "vocab.json";
  const Json document = read_json(path);
  const JsonSection root(document, path.string() + ":");
  Vocabulary vocabulary(path.string());
  for (const auto& [piece, id] : root.as_object().items()) {
    vocabulary.add(piece, JsonSection(id, root.where() + quoted_name(piece)).as_integer());
  }
  vocabulary.check_distinct_ids();
  const std::string text = read_text_or_gzip(folder / "merges.txt");
  MergeList merges;
  for (const std::string_view line : text_lines(text)) {
    if (!line.empty() && !line.starts_with("#version")) merges.push_back(split_merge(line));
  }
  if (vocabulary.find("a</w>") >= 0) return clip_tokenizer(std::move(vocabulary), merges);
  Pipeline stages;
  stages.cuts.push_back([pattern = named_pattern("gpt-2", path.string())](std::string_view piece, auto& pieces) {
    for (const Pattern::Span& span : pattern.spans(piece)) pieces.push_back(span.text);
  });
  stages.model = std::make_unique<ByteLevelBpe>(std::move(vocabulary), merges, ByteLevelBpe::Options());
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

/// BERT's vocab.txt, a piece a line; lower-case unless the folder's tokenizer_config.json says otherwise.
std::unique_ptr<Tokenizer> load_bert_vocabulary(const std::filesystem::path& path) {
  const std::string text = read_text_or_gzip(path);
  const Vocabulary vocabulary(text_lines(text), path.string());
  BertText options;
  if (const auto config = path.parent_path() / "tokenizer_config.json"; std::filesystem::exists(config)) {
    const Json document = read_json(config);
    options.lowers = JsonSection(document, config.string() + ":").flag_or("do_lower_case", true);
    options.strips_accents = options.lowers;
  }
  Pipeline stages;
  for (const char* mark : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    if (const int32_t id = vocabulary.find(mark); id >= 0) stages.raw_tokens.add({mark, id, false, false, false});
  }
  stages.specials.before = {vocabulary.require("[CLS]", "the mark")};
  stages.specials.after = {vocabulary.require("[SEP]", "the mark")};
  stages.texts.push_back([options](std::string& words, bool) { words = bert_text(words, options); });
  stages.cuts.push_back(cut_bert_words);
  stages.model = std::make_unique<WordPiece>(vocabulary, WordPiece::Options());
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

std::unique_ptr<Tokenizer> load_folder(const std::filesystem::path& folder) {
  const auto has = [&](const char* name) { return std::filesystem::exists(folder / name); };
  if (has("tokenizer.json")) return load_tokenizer_json(folder / "tokenizer.json");
  for (const char* name : {"tokenizer.model", "spiece.model"}) {
    if (has(name)) return load_sentence_piece(folder / name);
  }
  if (has("vocab.json") && has("merges.txt")) return load_vocabulary_and_merges(folder);
  if (has("vocab.txt")) return load_bert_vocabulary(folder / "vocab.txt");
  fail_missing(
      "{} holds no tokenizer: none of tokenizer.json, tokenizer.model, spiece.model, vocab.json with "
      "merges.txt, vocab.txt",
      folder.string());
}

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder_or_file) {
  if (std::filesystem::is_directory(folder_or_file)) return load_folder(folder_or_file);
  if (!std::filesystem::exists(folder_or_file)) {
    fail_missing("there is no tokenizer at {}", folder_or_file.string());
  }
  const std::filesystem::path kind = folder_or_file.extension();
  if (kind == ".gguf") return gguf_tokenizer(GgufFile(folder_or_file));
  if (kind == ".model") return load_sentence_piece(folder_or_file);
  if (kind == ".json") return load_tokenizer_json(folder_or_file);
  if (kind == ".gz") return load_clip_merges(folder_or_file);
  if (kind == ".txt") return load_bert_vocabulary(folder_or_file);
  fail_input("{} is no tokenizer file (.gguf, .model, .json, .txt, .txt.gz) or folder", folder_or_file.string());
}

}  // namespace emf
