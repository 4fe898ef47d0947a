// SPDX-License-Identifier: Apache-2.0
// What a prompt becomes under each option, against transformers' apply_chat_template where there is a chat
// (tests/oracle/chat_templates/make_cases.py).
#include "encoders/pretrained/prompt_form.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "encoders/tokenizers/base64.h"
#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class PromptForms : public testing::Test {
 protected:
  void SetUp() override {
    cases_ = read_json(project_root() / "tests/oracle/chat_templates/cases.json");
    const Json known = read_json(project_root() / "tests/oracle/encoders/tok_cases.json");
    for (const Json& one : known.at("cases")) {
      if (one.at("name") != cases_.at("tokenized").at("case")) continue;
      for (const auto& [name, value] : one.at("files").items()) {
        const Json& bytes = value.is_string() ? known.at("files").at(value.get<std::string>().substr(1)) : value;
        folder_.write(name, bytes.is_string() ? bytes.get<std::string>() : bytes.dump());
      }
    }
    for (const Json& one : cases_.at("templates")) {
      if (one.at("name") == cases_.at("tokenized").at("template"))
        folder_.write("chat_template.jinja", one.at("source"));
    }
    const auto tiny = project_root() / "tests/oracle/tiny_hf/qwen2";
    for (const char* file : {"config.json", "model.safetensors"}) {
      std::filesystem::copy_file(tiny / file, folder_ / file);
    }
  }
  std::unique_ptr<Encoder> make(Json options) const {
    options["argument"] = folder_.path().string();
    return make_encoder("checkpoint", options, 0);
  }
  std::string refusal(const Json& options) const {
    try {
      make(options)->prepare({{"a cat", Json()}});
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  }

  const TemporaryFolder folder_{"prompt_form"};
  Json cases_;
};

TEST_F(PromptForms, ChatsAreTransformersIds) {
  ASSERT_GE(cases_.at("tokenized").at("chats").size(), 20u);
  for (const Json& chat : cases_.at("tokenized").at("chats")) {
    Json options = chat.at("options");
    options["template"] = "chat";
    options["max_tokens"] = 512;
    const auto encoder = make(options);
    const Prompt prompt{chat.at("prompt"), Json()};
    const auto expected = chat.at("ids").get<std::vector<int64_t>>();
    EXPECT_EQ(encoder->tokenize({prompt}, true)[0], expected) << chat.dump();
    // The model is small, its positions fewer than some chats: prompts are cut at their ends and counted.
    const TokenInputs inputs = encoder->prepare({prompt});
    const auto most = static_cast<size_t>(encoder->info().max_tokens);
    EXPECT_EQ(inputs.num_cut, expected.size() > most ? 1 : 0);
    ASSERT_EQ(inputs.ids.size(1), static_cast<int64_t>(std::min(most, expected.size())));
    for (int64_t i = 0; i < inputs.ids.size(1); ++i) {
      EXPECT_EQ(inputs.ids[0][i].item<int64_t>(), expected[static_cast<size_t>(i)]);
    }
  }
}

TEST_F(PromptForms, EveryOptionOfAChatStandsInItsFingerprint) {
  const Json plain = make({{"template", "chat"}})->fingerprint();
  for (const Json& option : {Json{{"system", "S"}}, Json{{"user", "Paint {prompt}"}}, Json{{"answer", "x"}},
                             Json{{"add_generation_prompt", false}}, Json{{"date", "2026-01-31"}},
                             Json{{"variables", {{"enable_thinking", false}}}}}) {
    Json options = option;
    options["template"] = "chat";
    EXPECT_NE(make(options)->fingerprint(), plain) << option;
  }
  folder_.write("chat_template.jinja", "{{ messages[0].content }}");
  EXPECT_NE(make({{"template", "chat"}})->fingerprint(), plain);
  EXPECT_EQ(make({{"template", "{prompt}"}})->fingerprint(), make(Json::object())->fingerprint());
}

TEST_F(PromptForms, OptionsThatSayNothingAreRefused) {
  const std::string origin = "options of encoder 'checkpoint'";
  EXPECT_NE(refusal({{"system", "S"}}).find("'system' goes with template = \"chat\""), std::string::npos);
  EXPECT_NE(refusal({{"template", "a chat"}}).find("a template holds {prompt} once"), std::string::npos);
  EXPECT_NE(refusal({{"template", "chat"}, {"user", "no place"}}).find("'user' holds {prompt} once"),
            std::string::npos);
  EXPECT_NE(refusal({{"template", "chat"}, {"date", "31.01.2026"}}).find("not a day as in 2026-01-31"),
            std::string::npos);
  EXPECT_NE(refusal({{"template", "chat"}, {"date", "2026-02-30"}}).find("not a day"), std::string::npos);
  EXPECT_NE(refusal({{"template", "chat"}, {"variables", 3}}).find("'variables' is no table"), std::string::npos);
  EXPECT_NE(refusal({{"template", "chat"}, {"parse_special", false}}).find("are no marks"), std::string::npos);
  EXPECT_NE(refusal({{"template", "chat:tools"}}).find("no chat template 'tools'"), std::string::npos);
}

}  // namespace
}  // namespace emf
