// SPDX-License-Identifier: Apache-2.0
// The file as a whole: added tokens, the marks of the post-processor, and the stages in their order.
#include "encoders/tokenizers/tokenizer_json.h"

#include <map>

#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

int64_t read_id(const JsonSection& section) {
  const int64_t id = section.as_integer();
  if (id < 0 || id > std::numeric_limits<int32_t>::max()) section.fail("is no 32-bit index");
  return id;
}

/// The id that an added token gets: its own in the model's vocabulary, else the next one behind it, whatever the file
/// says. So does tokenizers, which warns of the difference.
class AddedIds {
 public:
  /// @param is_in_document  false: the file's ids hold.
  AddedIds(const Json& document, bool is_in_document)
      : pieces_(document), is_in_document_(is_in_document), next_(pieces_.size()) {}

  int64_t id(const AddedTokens::Token& token) {
    if (!is_in_document_) return token.id;
    const int64_t known = pieces_.id(token.text);
    const auto [place, is_new] = ids_.try_emplace(token.text, known >= 0 ? known : next_);
    next_ = std::max(next_, place->second + 1);
    return place->second;
  }

 private:
  ModelPieces pieces_;
  bool is_in_document_;
  int64_t next_;
  std::map<std::string, int64_t> ids_;
};

void read_added_tokens(const JsonSection& root, const TokenizerOptions& options, bool is_in_document,
                       Pipeline& stages) {
  if (!root.has("added_tokens")) return;
  AddedIds ids(root.value(), is_in_document);
  for (const JsonSection& section : root.list("added_tokens")) {
    section.accept({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"}, {});
    AddedTokens::Token token;
    token.text = section.text("content");
    token.id = read_id(section.at("id"));
    token.takes_left_space = section.flag_or("lstrip", false);
    token.takes_right_space = section.flag_or("rstrip", false);
    token.is_word = section.flag_or("single_word", false);
    token.id = ids.id(token);
    token.is_text = section.flag_or("special", false) && !options.parses_special;
    if (!section.flag_or("normalized", false)) {
      stages.raw_tokens.add(std::move(token));
      continue;
    }
    bool ignored = false;
    for (const TextStep& step : stages.texts) step(token.text, ignored);
    stages.normalised_tokens.add(std::move(token));
  }
}

/// TemplateProcessing: marks before and after the one sequence of "single".
void read_template(const JsonSection& section, SpecialIds& specials) {
  section.accept({"single", "special_tokens"}, {"pair"});  // of two texts, which no prompt is
  bool is_after = false;
  for (const JsonSection& item : section.list("single")) {
    if (item.has("Sequence")) {
      if (is_after) item.fail("is a second sequence");
      is_after = true;
      continue;
    }
    const std::string name = item.at("SpecialToken").text("id");
    const JsonSection ids = section.at("special_tokens").at(name.c_str()).at("ids");
    for (const JsonSection& id : ids.elements()) (is_after ? specials.after : specials.before).push_back(read_id(id));
  }
  if (!is_after) section.fail("has no sequence in 'single'");
}

void read_post_processor(const JsonSection& section, SpecialIds& specials) {
  const std::string type = section.type();
  if (type == "Sequence") {
    section.accept({"processors"}, {});
    for (const JsonSection& part : section.list("processors")) read_post_processor(part, specials);
  } else if (type == "TemplateProcessing") {
    read_template(section, specials);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    section.accept({"cls", "sep"}, {"trim_offsets", "add_prefix_space"});  // places in the text, never ids
    const auto second = [&](const char* key) {
      const std::vector<JsonSection> pair = section.list(key);
      if (pair.size() != 2) section.at(key).fail("is no pair of text and id");
      return read_id(pair[1]);
    };
    specials.before.push_back(second("cls"));
    specials.after.push_back(second("sep"));
  } else if (type != "ByteLevel") {  // which only moves offsets
    section.fail_unknown_type();
  }
}

}  // namespace

ModelPieces::ModelPieces(const Json& document) {
  const auto model = document.find("model");
  if (model == document.end() || !model->is_object() || !model->contains("vocab")) return;
  const Json& vocabulary = model->at("vocab");
  size_ = static_cast<int64_t>(vocabulary.size());
  if (vocabulary.is_object()) ids_ = &vocabulary;
  if (!vocabulary.is_array()) return;
  for (size_t id = 0; id < vocabulary.size(); ++id) {
    const Json& item = vocabulary[id];
    if (item.is_array() && !item.empty() && item[0].is_string()) listed_.emplace(item[0], static_cast<int64_t>(id));
  }
}

int64_t ModelPieces::id(const std::string& text) const {
  if (ids_ != nullptr) {
    const auto found = ids_->find(text);
    return found == ids_->end() || !found->is_number_integer() ? -1 : found->get<int64_t>();
  }
  const auto found = listed_.find(text);
  return found == listed_.end() ? -1 : found->second;
}

std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& path, const TokenizerOptions& options) {
  return tokenizer_of(read_json(path), path.string() + ":", options);
}

std::unique_ptr<Tokenizer> tokenizer_of(const Json& document, const std::string& where, const TokenizerOptions& options,
                                        std::unique_ptr<TokenModel> model, std::optional<int64_t> filler) {
  const JsonSection root(document, where);
  // Truncation is the encoder's own business, a decoder makes text of ids, and a version names the format.
  root.accept({"added_tokens", "normalizer", "pre_tokenizer", "post_processor", "model", "padding"},
              {"version", "truncation", "decoder"});
  const Json nothing;
  const auto section = [&](const char* key) {
    return root.has(key) ? root.at(key) : JsonSection(nothing, root.where() + "/" + key);
  };
  Pipeline stages;
  stages.texts = read_normalizer(section("normalizer"));
  read_added_tokens(root, options, model == nullptr, stages);
  JsonCuts cuts = read_pre_tokenizer(section("pre_tokenizer"));
  stages.pieces = std::move(cuts.steps);
  stages.model = model ? std::move(model) : read_model(root.at("model"), cuts.is_byte_level);
  if (!section("post_processor").is_null()) read_post_processor(root.at("post_processor"), stages.specials);
  stages.filler = filler;
  if (!filler && root.has("padding")) stages.filler = read_id(root.at("padding").at("pad_id"));
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

}  // namespace emf
