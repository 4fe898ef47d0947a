// SPDX-License-Identifier: Apache-2.0
// One vector a text as sentence-transformers and transformers make it (tests/oracle/tiny_hf/make_poolings.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "encoders/tokenizers/base64.h"
#include "harness/api/pooling.h"
#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

fs::path oracle() { return project_root() / "tests/oracle/tiny_hf"; }

double relative_error(const at::Tensor& value, const at::Tensor& expected) {
  return ((value - expected).norm() / expected.norm()).item<double>();
}

at::Tensor matrix(const Json& rows) {
  const auto values = rows.get<std::vector<std::vector<double>>>();
  at::Tensor all = at::empty({static_cast<int64_t>(values.size()), static_cast<int64_t>(values[0].size())}, at::kFloat);
  for (size_t i = 0; i < values.size(); ++i) all[static_cast<int64_t>(i)].copy_(at::tensor(values[i], at::kDouble));
  return all;
}

class OwnPoolings : public testing::TestWithParam<std::string> {
 protected:
  /// The case's checkpoint with its small files beside it.
  void write(const std::string& name) {
    const fs::path from = oracle() / "pooled" / name;
    for (const auto& entry : fs::directory_iterator(folder_.path())) fs::remove_all(entry);
    case_ = read_json(from / "case.json");
    const fs::path base = oracle() / case_.at("base").get<std::string>();
    fs::create_directories(folder_ / case_.value("under", ""));
    const fs::path model = folder_ / case_.value("under", "");
    for (const auto& entry : fs::directory_iterator(from)) {
      if (entry.path().filename() != "added.safetensors") {
        fs::copy(entry.path(), folder_ / entry.path().filename(), fs::copy_options::recursive);
      }
    }
    Json config = read_json(base / "config.json");
    config.update(case_.value("config", Json::object()));
    std::ofstream(model / "config.json") << config.dump();
    NamedTensors tensors = read_safetensors(base / "model.safetensors");
    if (fs::exists(from / "added.safetensors")) tensors.merge(read_safetensors(from / "added.safetensors"));
    write_safetensors(model / "model.safetensors", tensors);
    NamedTensors expected = read_safetensors(base / "expected.safetensors");
    inputs_ = {expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
    if (case_.contains("ids")) inputs_.ids = matrix(case_.at("ids")).to(at::kLong);
    if (case_.contains("whole")) inputs_.mask = at::ones_like(inputs_.mask);
  }
  std::unique_ptr<Encoder> make(Json options = Json::object()) const {
    options["argument"] = folder_.path().string();
    return make_encoder("checkpoint", options, 0);
  }
  std::string refusal(const std::string& pooling, const Json& options = Json::object()) const {
    try {
      const auto encoder = make(options);
      const EncoderPooling made(*encoder, pooling);
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  }

  const TemporaryFolder folder_{"own_poolings"};
  Json case_;
  TokenInputs inputs_;
};

TEST_P(OwnPoolings, EqualTheirLibrarys) {
  write(GetParam());
  const std::string name = case_.at("pooling");
  const auto encoder = make(case_.contains("whole") ? Json{{"fill", false}} : Json::object());
  EXPECT_EQ(chosen_pooling(*encoder, ""), name == "own" ? "own" : "mean");
  const at::Tensor vectors = EncoderPooling(*encoder, name)(inputs_, encoder->forward(inputs_));
  const at::Tensor expected = matrix(case_.at("vectors"));
  ASSERT_EQ(vectors.sizes(), expected.sizes());
  EXPECT_LT(relative_error(vectors, expected), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Oracle, OwnPoolings,
                         testing::Values("bert_cls", "bert_lasttoken", "bert_max", "bert_mean",
                                         "bert_mean_sqrt_len_tokens", "bert_numbered", "bert_pooler",
                                         "bert_weightedmean", "clip_absent", "clip_first_mark", "clip_greatest",
                                         "gemma_dense", "mt5_residual", "qwen_joined", "roberta_bge", "roberta_pooler",
                                         "siglip2_head", "siglip_head"),
                         [](const auto& test) { return test.param; });

class Pooled : public OwnPoolings {};

TEST_F(Pooled, WhatIsNotBuiltIsRefusedByName) {
  write("roberta_bge");
  EXPECT_EQ(refusal(""), "none");
  const auto expect_refused = [&](const std::string& hint, const Json& options = Json::object()) {
    const std::string found = refusal("own", options);
    EXPECT_NE(found.find(hint), std::string::npos) << found;
    EXPECT_EQ(found.find('\n'), std::string::npos) << found;
    // Whoever names another pooling needs none of it.
    EXPECT_EQ(refusal("first", options), "none");
  };
  const std::string modules = read_file(folder_ / "modules.json");
  const auto with = [&](const std::string& before, const std::string& after, const std::string& file) {
    std::string text = read_file(folder_ / file);
    ASSERT_NE(text.find(before), std::string::npos) << file;
    folder_.write(file, text.replace(text.find(before), before.size(), after));
  };
  with("modules.Normalize", "modules.LSTM", "modules.json");
  expect_refused("module 2 is a LSTM, which is not built here");
  folder_.write("modules.json", modules);
  with("sentence_transformers.base.modules.Pooling", "custom_st.Pooling", "modules.json");
  expect_refused("\"custom_st.Pooling\" is code of the model's own");
  folder_.write("modules.json", modules);
  with("\"cls\"", "\"middle\"", "1_Pooling/config.json");
  expect_refused("its pooling_mode is 'middle'");
  with("\"middle\"", "\"cls\", \"layers\": 3", "1_Pooling/config.json");
  expect_refused("it says 'layers'");
  with(", \"layers\": 3", "", "1_Pooling/config.json");
  with("null", "\"query\"", "config_sentence_transformers.json");
  expect_refused("write \"q: \" before every text; say so by the option template = \"q: {prompt}\"");
  EXPECT_EQ(refusal("own", {{"template", "q: {prompt}"}}), "none");
  with("true", "false", "1_Pooling/config.json");
  expect_refused("leaves out the words before a text", {{"template", "q: {prompt}"}});
  EXPECT_NE(refusal("projectd").find("unknown pooling"), std::string::npos);
}

TEST_F(Pooled, ThoseThatAnEncoderHasNotAreRefused) {
  write("bert_pooler");
  EXPECT_NE(refusal("own").find("has no pooling 'own'"), std::string::npos) << refusal("own");
  write("gemma_dense");
  EXPECT_NE(refusal("projected").find("has no pooling 'projected'"), std::string::npos);
  // Another layer's states are none that the files speak of.
  EXPECT_EQ(chosen_pooling(*make({{"layer", 1}}), ""), "mean");
  EXPECT_NE(refusal("own", {{"layer", 1}}).find("has no pooling 'own'"), std::string::npos);
}

TEST(GgufPooling, IsWhatTheFileSays) {
  const fs::path gguf = project_root() / "tests/oracle/tiny_gguf";
  const auto make = [&](const char* name) { return make_encoder((gguf / name).string(), Json(), 0); };
  const auto pool = [](const Encoder& encoder, const TokenInputs& inputs, const char* name) {
    return EncoderPooling(encoder, name)(inputs, encoder.forward(inputs));
  };
  const auto inputs_of = [](const fs::path& path) {
    const NamedTensors tensors = read_safetensors(path);
    return TokenInputs{tensors.at("input_ids").to(at::kLong), tensors.at("attention_mask").to(at::kBool)};
  };
  const TokenInputs plain = inputs_of(gguf / "bert.safetensors");
  const auto cls = make("bert.gguf"), mean = make("bert_of_roberta.gguf"), none = make("t5_relu.gguf");
  EXPECT_TRUE(at::equal(pool(*cls, plain, ""), pool(*cls, plain, "first")));
  EXPECT_TRUE(at::equal(pool(*mean, plain, ""), pool(*mean, plain, "mean")));
  EXPECT_EQ(chosen_pooling(*mean, ""), "own");
  EXPECT_EQ(chosen_pooling(*none, ""), "mean");
  // EmbeddingGemma's two products behind the mean.
  const auto gemma = make("gemma_embedding.gguf");
  const TokenInputs inputs = inputs_of(oracle() / "embedding_gemma/expected.safetensors");
  const at::Tensor expected = read_safetensors(gguf / "gemma_embedding.safetensors").at("pooled");
  EXPECT_LT(relative_error(pool(*gemma, inputs, "own"), expected), 1e-5);
}

TEST_F(Pooled, FilesSayHowManyTokensCount) {
  write("roberta_bge");
  EXPECT_EQ(make()->info().max_tokens, 9);
  EXPECT_EQ(make({{"max_tokens", 11}})->info().max_tokens, 11);
}

class FilledPrompts : public testing::TestWithParam<std::string> {};

TEST_P(FilledPrompts, EqualTheProcessors) {
  const fs::path from = oracle() / "pooled" / GetParam();
  const Json test = read_json(from / "case.json");
  const Json files = read_json(project_root() / "tests/oracle/encoders/tok_cases.json").at("files");
  const TemporaryFolder folder("filled");
  for (const char* name : {"config.json", "model.safetensors", "tokenizer_config.json"}) {
    fs::copy_file(from / name, folder / name);
  }
  for (const auto& [name, key] : test.at("tokenizer").items()) {
    folder.write(name, *from_base64(files.at(key.get<std::string>().substr(1)).at("base64").get<std::string>()));
  }
  std::vector<Prompt> prompts;
  for (const Json& text : test.at("texts")) prompts.push_back({text, Json()});
  const auto encoder = make_encoder("checkpoint", Json{{"argument", folder.path().string()}}, 0);
  const TokenInputs inputs = encoder->prepare(prompts);
  const NamedTensors expected = read_safetensors(from / "expected.safetensors");
  EXPECT_TRUE(at::equal(inputs.ids, expected.at("input_ids").to(at::kLong))) << inputs.ids;
  EXPECT_TRUE(inputs.mask.all().item<bool>());
  const TextFeatures features = encoder->forward(inputs);
  EXPECT_LT(relative_error(features.tokens, expected.at("last_hidden_state")), 1e-5);
  const at::Tensor projected = EncoderPooling(*encoder, "projected")(inputs, features);
  EXPECT_LT(relative_error(projected, expected.at("pooler_output")), 1e-5);
  EXPECT_EQ(encoder->fingerprint().at("fill"), true);
  // Asked for otherwise, or with an attention mask, every text is as long as it is.
  const auto bare = make_encoder("checkpoint", Json{{"argument", folder.path().string()}, {"fill", false}}, 0);
  EXPECT_LT(bare->prepare({prompts[0]}).ids.size(1), 24);
  Json options = read_json(folder / "tokenizer_config.json");
  options["model_input_names"] = {"input_ids", "attention_mask"};
  folder.write("tokenizer_config.json", options.dump());
  const auto masked = make_encoder("checkpoint", Json{{"argument", folder.path().string()}}, 0);
  if (options.at("padding_side") == "left") {
    EXPECT_THROW(masked->prepare(prompts), UserError);
  } else {
    EXPECT_LT(masked->prepare({prompts[0]}).ids.size(1), 24);
    EXPECT_THROW(EncoderPooling(*masked, "projected"), UserError);
  }
}

INSTANTIATE_TEST_SUITE_P(Siglip, FilledPrompts,
                         testing::Values("siglip2_filled", "siglip2_filled_left", "siglip_filled"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace emf
