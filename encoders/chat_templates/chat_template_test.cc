// SPDX-License-Identifier: Apache-2.0
// Chat templates as transformers renders them (tests/oracle/chat_templates/make_cases.py), and where they lie.
#include "encoders/chat_templates/chat_template.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

constexpr const char* kDate = "2026-01-31";

class ChatTemplates : public testing::Test {
 protected:
  /// What a template makes of a conversation; nothing where it is refused.
  std::optional<std::string> rendered(const std::string& source, const TemplateData& messages,
                                      const TemplateData& variables = TemplateData::object()) {
    TemplateNamespace values = {{"messages", TemplateValue(messages)},
                                {"tools", TemplateValue(TemplateData())},
                                {"documents", TemplateValue(TemplateData())},
                                {"add_generation_prompt", TemplateValue(false)}};
    for (const auto& [name, value] : cases_.at("marks").items()) values[name] = TemplateValue(value);
    for (const auto& [name, value] : variables.items()) values[name] = TemplateValue(value);
    try {
      return TemplateProgram(source).run(values, kDate);
    } catch (const UserError& error) {
      refusal_ = error.what();
      EXPECT_TRUE(refusal_.starts_with("line ")) << refusal_ << "\n" << source;
      EXPECT_EQ(refusal_.find('\n'), std::string::npos) << refusal_;
      return std::nullopt;
    }
  }

  const TemplateData cases_ = TemplateData::parse(read_file(project_root() / "tests/oracle/chat_templates/cases.json"));
  std::string refusal_;
};

TEST_F(ChatTemplates, OfTheFamiliesEqualTransformers) {
  size_t equal = 0, refused = 0;
  for (const TemplateData& one : cases_.at("templates")) {
    for (size_t i = 0; i < cases_.at("conversations").size(); ++i) {
      for (size_t k = 0; k < cases_.at("variables").size(); ++k) {
        const TemplateData& expected = one.at("texts").at(i).at(k);
        const TemplateData& variables = cases_.at("variables").at(k);
        const auto text = rendered(one.at("source"), cases_.at("conversations").at(i), variables);
        const std::string where = one.at("name").get<std::string>() + fmt::format(", {}, {}", i, k);
        if (expected.is_null()) {
          EXPECT_FALSE(text) << where << ": " << *text;
          ++refused;
        } else {
          // A message of parts in a template for plain ones.
          if (!text && refusal_.find("as Python spells it") != std::string::npos) continue;
          ASSERT_TRUE(text) << where << ": " << refusal_;
          EXPECT_EQ(*text, expected.get<std::string>()) << where;
          ++equal;
        }
      }
    }
  }
  EXPECT_GT(equal, 400u);
  EXPECT_GT(refused, 30u);
}

TEST_F(ChatTemplates, PartByPartAreEqualOrRefused) {
  const auto must = cases_.at("single").get<size_t>();
  size_t equal = 0, refused = 0, wished = 0;
  for (const TemplateData& one : cases_.at("parts")) {
    const auto text = rendered(one.at("source"), cases_.at("conversations").at(2));
    const std::string source = one.at("source");
    if (one.at("text").is_null()) {
      EXPECT_FALSE(text) << source << "\ngives " << *text << "\nwhere Jinja fails";
      ++refused;
    } else if (text) {
      EXPECT_EQ(*text, one.at("text").get<std::string>()) << source;
      ++equal;
    } else {
      ++wished;
      if (std::getenv("EMF_LIST_REFUSALS") != nullptr) std::printf("%s\n  %s\n", source.c_str(), refusal_.c_str());
    }
  }
  std::printf("%zu equal, %zu refused as Jinja does, %zu refused here alone\n", equal, refused, wished);
  EXPECT_GT(must, 150u);
  EXPECT_GT(equal, 1400u);
  EXPECT_LT(wished, 600u);
}

TEST_F(ChatTemplates, RefusalsNameLineAndItem) {
  const auto expect = [&](const std::string& source, const std::string& what) {
    EXPECT_FALSE(rendered(source, cases_.at("conversations").at(0)));
    EXPECT_EQ(refusal_, what);
  };
  expect("a\n{% macro f() %}{% endmacro %}", "line 2: the tag 'macro' is not built here, before 'macro'");
  expect("\n\n{{ x | trin }}", "line 3: the filter 'trin' is not built here; did you mean 'trim'?");
  expect("{{ 1 +\n x }}", "line 2: a number + 'x', which is undefined");
  expect("{{ raise_exception('Too long') }}", "line 1: the template itself refuses the conversation: Too long");
  EXPECT_THROW(TemplateProgram("{{ strftime_now('%Y') }}").run({}, ""), UserError);
  std::string deep;
  for (int i = 0; i < 10000; ++i) deep += "(";
  EXPECT_THROW(TemplateProgram("{{ " + deep), UserError);
  EXPECT_THROW(TemplateProgram("{{ \xff }}"), UserError);
  for (const char* start : {"'aaaaaaaa'", "[1]"}) {
    for (const char* op : {"+", "~"}) {
      const std::string source = fmt::format(
          "{{% set x = namespace(v={}) %}}{{% for i in range(40) %}}{{% set x.v = x.v {} x.v %}}{{% endfor %}}", start,
          op);
      EXPECT_THROW(TemplateProgram(source).run({}, ""), UserError) << source;
    }
  }
  for (const char* source : {"{{ ('a' * 10000) * 10000 }}", "{{ ('a' * 10000).replace('a', 'b' * 10000) }}",
                             "{{ range(9000) | join('a' * 10000) }}", "{{ [1] | tojson(indent=1000000000) }}"}) {
    EXPECT_THROW(TemplateProgram(source).run({}, ""), UserError) << source;
  }
  for (const char* link : {" + 1", " or 0", " and 1", " | trim", " is none", ".a", "[0]", " if 1"}) {
    const auto chain = [&](int links) {
      std::string text = "{{ x";
      for (int i = 0; i < links; ++i) text += link;
      return text + " }}";
    };
    EXPECT_THROW(TemplateProgram(chain(30000)), UserError) << link;
    EXPECT_NO_THROW(TemplateProgram(chain(900))) << link;
  }
}

class ChatTemplateFiles : public testing::Test {
 protected:
  std::string text(const ChatOptions& options = {}) const {
    return ChatTemplate(folder_.path(), options).text("a cat");
  }
  std::string refusal(const ChatOptions& options = {}) const {
    try {
      text(options);
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  }
  const TemporaryFolder folder_{"chat_template"};
};

TEST_F(ChatTemplateFiles, LieWhereTransformersLooks) {
  EXPECT_NE(refusal().find("holds no chat template"), std::string::npos);
  folder_.write("chat_template.json", R"({"chat_template": "old {{ messages[0].content }}"})");
  EXPECT_EQ(text(), "old a cat");
  folder_.write("tokenizer_config.json",
                R"({"tokenizer_class": "Qwen2Tokenizer", "bos_token": {"content": "<b>"}, "chat_template":
                    [{"name": "default", "template": "{{ bos_token }}{{ eos_token }}{{ unk_token }}"},
                     {"name": "tools", "template": "T{{ sep_token }}"}]})");
  EXPECT_EQ(text(), "<b><|endoftext|><|endoftext|>");
  EXPECT_EQ(text({.name = "tools"}), "T");
  EXPECT_NE(refusal({.name = "tool"}).find("holds no chat template 'tool'; it has default, tools"), std::string::npos);
  folder_.write("chat_template.jinja", "{{ messages | length }} {{ x }}{{ messages[-1].content }}\n");
  EXPECT_EQ(text({.variables = {{"x", "X"}}}), "1 Xa cat");
  EXPECT_NE(refusal({.name = "tools"}).find("it has default"), std::string::npos) << "files overrule the list";
  folder_.write("additional_chat_templates/rag.jinja", "R");
  EXPECT_EQ(text({.name = "rag"}), "R");
  folder_.write("chat_template.jinja",
                "{{ messages[0].role }} {{ messages[1].content }}{% if add_generation_prompt %}!{% endif %}");
  EXPECT_EQ(text({.system = "S", .user = "Paint {prompt}.", .answer = "<p>"}), "system Paint a cat.!<p>");
  EXPECT_EQ(text({.system = "S", .add_generation_prompt = false}), "system a cat");
  EXPECT_NE(refusal({.variables = {{"messages", 1}}}).find("'messages' is no variable"), std::string::npos);
  folder_.write("chat_template.jinja", "\n{% macro a() %}{% endmacro %}");
  EXPECT_NE(refusal().find("chat_template.jinja: chat template, line 2: the tag 'macro' is not built here"),
            std::string::npos)
      << refusal();
}

}  // namespace
}  // namespace emf
