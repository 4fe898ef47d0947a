// SPDX-License-Identifier: Apache-2.0
// class_label: which ids say what, and what text it refuses.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/api/encoder.h"

namespace emf {
namespace {

std::unique_ptr<Encoder> encoder() { return make_encoder("class_label", Json(), 3); }

Prompt labels(const std::string& json) { return {"", Json::parse(json)}; }

TEST(ClassLabel, AbsentFieldsHaveNoToken) {
  const TokenInputs inputs =
      encoder()->prepare({labels(R"({"tag":"single_object","include":[{"class":"cat","count":1}]})"),
                          labels(R"({"tag":"position","include":[{"class":"cat","count":1},
                  {"class":"dog","count":1,"position":["above",0]}]})"),
                          labels(R"({"tag":"color_attr","include":[{"class":"cat","count":1,"color":"red"},
                  {"class":"dog","count":1,"color":"blue"}]})")});
  // task, class 1, colour 1, count 1, relation, class 2, colour 2
  const at::Tensor expected = at::tensor({1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1}).view({3, 7});
  EXPECT_TRUE(at::equal(inputs.mask, expected.to(at::kBool)));
}

TEST(ClassLabel, OneFactChangedChangesOneToken) {
  const auto row = [](const char* json) { return encoder()->prepare({labels(json)}).ids; };
  const at::Tensor red = row(R"({"tag":"colors","include":[{"class":"cat","count":1,"color":"red"}]})");
  const at::Tensor blue = row(R"({"tag":"colors","include":[{"class":"cat","count":1,"color":"blue"}]})");
  EXPECT_EQ(red.ne(blue).sum().item<int64_t>(), 1);
  const at::Tensor two = row(R"({"tag":"counting","include":[{"class":"cat","count":2}]})");
  const at::Tensor four = row(R"({"tag":"counting","include":[{"class":"cat","count":4}]})");
  EXPECT_EQ(four.sub(two).abs().sum().item<int64_t>(), 2);
}

TEST(ClassLabel, CaptionsSayWhatTheirLabelsSay) {
  const TokenInputs by_labels =
      encoder()->prepare({labels(R"({"tag":"color_attr","include":[{"class":"cat","count":1,"color":"red"},
                  {"class":"dog","count":1,"color":"blue"}]})")});
  const TokenInputs by_text = encoder()->prepare({{"a photo of a red cat and a blue dog", Json()}});
  EXPECT_TRUE(at::equal(by_labels.ids, by_text.ids));
  EXPECT_TRUE(at::equal(by_labels.mask, by_text.mask));
}

TEST(ClassLabel, WhatItCannotReadIsNamed) {
  const auto message = [](const Prompt& prompt) -> std::string {
    try {
      encoder()->prepare({{"a photo of a cat", Json()}, prompt});
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message({"an essay\nabout cats", Json()}),
            "prompt 1: class_label reads GenEval's captions and labels only, not \"an essay\\nabout cats\"");
  const std::string unknown = message(labels(R"({"tag":"single_object","include":[{"class":"catt","count":1}]})"));
  EXPECT_EQ(unknown.find("prompt 1: "), 0u) << unknown;
  EXPECT_NE(unknown.find("catt"), std::string::npos) << unknown;
  for (const char* bad :
       {R"({"tag":"counting","include":[{"class":"cat","count":"two"}]})",
        R"({"tag":"counting","include":[{"class":"cat","count":99}]})", R"({"tag":"counting","include":[3]})",
        R"({"tag":"counting","include":"cat"})", R"({"tag":7,"include":[{"class":"cat"}]})", R"({"include":[]})",
        R"({"tag":"position","include":[{"class":"cat"},{"class":"dog","position":5}]})"}) {
    EXPECT_EQ(message(labels(bad)).find("prompt 1: "), 0u) << bad;
  }
}

}  // namespace
}  // namespace emf
