// The file as a whole: added tokens, the marks of the post-processor, and the stages in their order.
#include "encoders/tokenizers/tokenizer_json.h"

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

void read_added_tokens(const JsonSection& root, Pipeline& stages) {
  if (!root.has("added_tokens")) return;
  const bool finds_special = root.at("model").text_or("type", "") == "WordPiece";
  for (const JsonSection& section : root.list("added_tokens")) {
    if (section.flag_or("special", false) && !finds_special) continue;
    AddedTokens::Token token{section.text("content"), read_id(section.at("id")), section.flag_or("lstrip", false),
                             section.flag_or("rstrip", false), section.flag_or("single_word", false)};
    if (!section.flag_or("normalized", false)) {
      stages.raw_tokens.add(std::move(token));
      continue;
    }
    for (const TextStep& step : stages.texts) step(token.text, false);
    stages.normalised_tokens.add(std::move(token));
  }
}

/// TemplateProcessing: marks before and after the one sequence of "single".
void read_template(const JsonSection& section, SpecialIds& specials) {
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
    for (const JsonSection& part : section.list("processors")) read_post_processor(part, specials);
  } else if (type == "TemplateProcessing") {
    read_template(section, specials);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
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

std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& path) {
  const Json document = read_json(path);
  const JsonSection root(document, path.string() + ":");
  const Json nothing;
  const auto section = [&](const char* key) {
    return root.has(key) ? root.at(key) : JsonSection(nothing, root.where() + "/" + key);
  };
  Pipeline stages;
  JsonTexts texts = read_normalizer(section("normalizer"));
  JsonCuts cuts = read_pre_tokenizer(section("pre_tokenizer"));
  stages.texts = texts.steps;
  read_added_tokens(root, stages);
  stages.model = read_model(root, texts, cuts);
  stages.texts = std::move(texts.steps);
  stages.texts.insert(stages.texts.end(), cuts.texts.begin(), cuts.texts.end());
  stages.cuts = std::move(cuts.cuts);
  if (!section("post_processor").is_null()) read_post_processor(root.at("post_processor"), stages.specials);
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

}  // namespace emf
