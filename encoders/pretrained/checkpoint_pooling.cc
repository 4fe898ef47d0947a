// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretrained/checkpoint_pooling.h"

#include <ATen/ATen.h>

#include <memory>

#include "harness/api/pooling.h"
#include "harness/base/error.h"

namespace emf {
namespace {

/// sentence-transformers may write before every text and lower it; here a suite's words are what is encoded, so what
/// it asks for is checked and never done behind somebody's back.
void require_form(const CheckpointFiles& files, const PromptForm& form, const SentenceModules& modules) {
  const std::string where = files.path().string();
  if (!modules.prompt().empty() && !form.names_template()) {
    fail_input(
        "{}: its files write {} before every text; say so by the option template = {}, or \"{{prompt}}\" for "
        "nothing, or name another pooling",
        where, Json(modules.prompt()).dump(), Json(modules.prompt() + "{prompt}").dump());
  }
  if (!modules.counts_prompt() && form.names_template()) {
    fail_input("{}: its pooling leaves out the words before a text, and a template is given; name another pooling",
               where);
  }
  if (modules.lowers_text() && !form.lowers_text(files)) {
    fail_input(
        "{}: its files ask for texts in lower case, which its tokenizer leaves as they are; set \"do_lower_case\" in "
        "tokenizer_config.json, or name another pooling",
        where);
  }
}

OwnPooling of_gguf(const CheckpointFiles& files) {
  const auto found = files.gguf_pooling();
  ensure(found.has_value(), "{}: no pooling", files.path().string());
  return {
      "own",
      {{"pooling", found->name}, {"products", found->products.size()}},
      [pooling = Pooling(found->name), products = found->products](const TokenInputs&, const TextFeatures& features) {
        at::Tensor vectors = pooling(features);
        for (const at::Tensor& product : products) vectors = at::linear(vectors, product);
        return vectors;
      }};
}

}  // namespace

std::vector<std::string> checkpoint_poolings(const CheckpointFiles& files) {
  std::vector<std::string> names;
  if (files.has_sentence_modules() || files.gguf_pooling()) names.emplace_back("own");
  if (files.has_projection()) names.emplace_back("projected");
  return names;
}

OwnPooling checkpoint_pooling(const CheckpointFiles& files, const PromptForm& form, const std::string& name) {
  if (name == "own") {
    if (!files.has_sentence_modules()) return of_gguf(files);
    const auto modules = std::make_shared<const SentenceModules>(*files.sentence_modules());
    require_form(files, form, *modules);
    return {name, modules->identity(),
            [modules](const TokenInputs&, const TextFeatures& features) { return (*modules)(features); }};
  }
  ensure(name == "projected", "a checkpoint has no pooling '{}'", name);
  const auto projection = std::make_shared<const TextProjection>(files.projection());
  if (projection->token == TextProjection::Token::kLast && !form.fills(files) && !form.names_fill()) {
    fail_input(
        "{}: its projection reads the state of the last padding token, and its tokenizer's files hide padding from "
        "the model; say by the option fill = true or false whether prompts are filled up",
        files.path().string());
  }
  // Its weights and its mark lie in the files that the encoder's fingerprint covers.
  return {name, Json::object(), [projection](const TokenInputs& inputs, const TextFeatures& features) {
            return (*projection)(inputs, features);
          }};
}

}  // namespace emf
