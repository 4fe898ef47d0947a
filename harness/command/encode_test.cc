// SPDX-License-Identifier: Apache-2.0
// `encode` with its layers, precisions, poolings and ids, on a tiny checkpoint: what it writes agrees with itself.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "harness/api/encoder.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"
#include "tests/command_run.h"

namespace emf {
namespace {

class EncodeCommand : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(folder_);
    at::manual_seed(1);
    // Rows of lengths 3, 7, 1 ...: several batches' worth of padding in one.
    ids_ = at::randint(5, 90, {5, 7}, at::kLong);
    mask_ = at::arange(7).unsqueeze(0) < at::tensor({3, 7, 1, 5, 2}, at::kLong).unsqueeze(1);
    write_safetensors(file("ids.safetensors"), {{"input_ids", ids_}, {"attention_mask", mask_.to(at::kLong)}});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  /// Runs encode on the ids; returns what it wrote.
  NamedTensors encode(std::vector<std::string> more, std::string model = "") {
    if (model.empty()) model = model_;
    std::vector<std::string> words = {
        "encode", "--encoder", model, "--ids", file("ids.safetensors"), "--out", file("out.safetensors"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run(words), 0) << talk_;
    return read_safetensors(file("out.safetensors"));
  }
  int run(std::vector<std::string> words) {
    const CommandOutcome outcome = run_command(words);
    out_ = outcome.out;
    talk_ = outcome.talk;
    return outcome.code;
  }
  static double difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).norm() / b.norm()).item<double>();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_encode_test_{}", ::getpid());
  const std::string model_ = (project_root() / "tests/oracle/tiny_hf/llama").string();
  at::Tensor ids_, mask_;
  std::string out_, talk_;
};

TEST_F(EncodeCommand, WritesWhatItSays) {
  const NamedTensors out = encode({});
  const at::Tensor tokens = out.at("tokens");
  EXPECT_TRUE(at::equal(out.at("ids"), ids_));
  EXPECT_TRUE(at::equal(out.at("mask").to(at::kBool), mask_));
  EXPECT_EQ(tokens.index({mask_.logical_not()}).abs().max().item<float>(), 0);
  const at::Tensor mean = tokens.sum(1) / mask_.sum(1, true);
  EXPECT_LT(difference(out.at("pooled"), mean), 1e-6);
  const Json said = Json::parse(out_);
  EXPECT_EQ(said.at("num_tokens"), 18);
  EXPECT_EQ(said.at("length"), 7);
  EXPECT_EQ(said.at("dimension"), tokens.size(2));
  // In the order of write_safetensors, so that a file read and written again has the same bytes.
  TensorMetadata metadata;
  const NamedTensors read = read_safetensors(file("out.safetensors"), &metadata);
  write_safetensors(file("again.safetensors"), read, metadata);
  EXPECT_EQ(read_file(file("again.safetensors")), read_file(file("out.safetensors")));
}

TEST_F(EncodeCommand, Poolings) {
  const at::Tensor tokens = encode({}).at("tokens");
  const at::Tensor last = encode({"--pooling", "last"}).at("pooled");
  EXPECT_TRUE(at::equal(last[1], tokens[1][6]));
  EXPECT_TRUE(at::equal(last[2], tokens[2][0]));
  const at::Tensor dropped = encode({"--pooling", "drop_first"}).at("pooled");
  EXPECT_LT(difference(dropped[4], tokens[4][1]), 1e-6);
  const at::Tensor means = encode({}).at("pooled");
  std::filesystem::rename(file("out.safetensors"), file("means.safetensors"));
  const at::Tensor centred = encode({"--pooling", "centred:" + file("means.safetensors")}).at("pooled");
  EXPECT_LT(difference(centred, means - means.mean(0, true)), 1e-5);
}

TEST_F(EncodeCommand, ThePoolingOfTheCheckpointsFiles) {
  const std::filesystem::path tiny = project_root() / "tests/oracle/tiny_hf", model = folder_ / "bge";
  std::filesystem::copy(tiny / "pooled/roberta_bge", model, std::filesystem::copy_options::recursive);
  for (const char* name : {"config.json", "model.safetensors"}) {
    std::filesystem::copy_file(tiny / "roberta" / name, model / name);
  }
  const NamedTensors own = encode({}, model.string());
  EXPECT_EQ(Json::parse(out_).at("pooling"), "own");
  const at::Tensor first = own.at("tokens").select(1, 0);
  EXPECT_LT(difference(own.at("pooled"), first / first.norm(2, {-1}, true)), 1e-6);
  const NamedTensors mean = encode({"--pooling", "mean"}, model.string());
  EXPECT_EQ(Json::parse(out_).at("pooling"), "mean");
  EXPECT_GT(difference(mean.at("pooled"), own.at("pooled")), .1);
  EXPECT_EQ(run({"encode", "--encoder", model_, "--ids", file("ids.safetensors"), "--out", file("no.safetensors"),
                 "--pooling", "own"}),
            2);
  EXPECT_NE(talk_.find("has no pooling 'own'"), std::string::npos) << talk_;
}

TEST_F(EncodeCommand, LayersAndPrecision) {
  const at::Tensor final = encode({}).at("tokens"), embedded = encode({"--layer", "0"}).at("tokens");
  EXPECT_GT(difference(embedded, final), 0.1);
  EXPECT_TRUE(at::equal(encode({"--layer", "-1"}).at("tokens"), final));
  const double rounded = difference(encode({"--precision", "bf16"}).at("tokens"), final);
  EXPECT_GT(rounded, 1e-5);
  EXPECT_LT(rounded, 0.05);
}

TEST_F(EncodeCommand, SpansOfGivenIds) {
  const at::Tensor whole = encode({}).at("tokens");
  std::string lines;
  const std::vector<std::pair<int64_t, int64_t>> spans = {{1, 3}, {2, 7}, {0, 1}, {0, 5}, {1, 2}};
  for (int64_t row = 0; row < 5; ++row) {
    const int64_t length = mask_[row].sum().item<int64_t>();
    Json line = {{"text", "caption " + std::to_string(row)}, {"ids", Json::array()}};
    for (int64_t i = 0; i < length; ++i) line["ids"].push_back(ids_[row][i].item<int64_t>());
    const auto [begin, end] = spans[static_cast<size_t>(row)];
    line["span"] = {begin, end};
    lines += line.dump() + "\n";
  }
  write_atomically(file("plan.jsonl"), lines);
  const auto run_plan = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {
        "encode", "--encoder", model_, "--ids", file("plan.jsonl"), "--out", file("plan.safetensors"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  ASSERT_EQ(run_plan({}), 0) << talk_;
  const NamedTensors out = read_safetensors(file("plan.safetensors"));
  EXPECT_EQ(out.at("tokens").sizes(), (std::vector<int64_t>{5, 5, whole.size(2)}));
  EXPECT_EQ(Json::parse(out_).at("length"), 5);
  for (int64_t row = 0; row < 5; ++row) {
    const auto [begin, end] = spans[static_cast<size_t>(row)];
    // A span is encoded in its place: what stands before it is seen.
    EXPECT_LT(difference(out.at("tokens")[row].slice(0, 0, end - begin), whole[row].slice(0, begin, end)), 1e-6);
    EXPECT_LT(difference(out.at("pooled")[row], whole[row].slice(0, begin, end).mean(0)), 1e-5);
    EXPECT_TRUE(at::equal(out.at("ids")[row].slice(0, 0, end - begin), ids_[row].slice(0, begin, end)));
    EXPECT_EQ(out.at("mask")[row].sum().item<int64_t>(), end - begin);
  }
  // By text it is what the encoder `features` reads.
  ASSERT_EQ(run_plan({"--by-text"}), 0) << talk_;
  const auto features = make_encoder("features:" + file("plan.safetensors"), Json(), 0);
  const TextFeatures read = features->forward(features->prepare({{"caption 1", Json()}, {"caption 4", Json()}}));
  EXPECT_LT(difference(read.tokens[0], whole[1].slice(0, 2, 7)), 1e-6);
  EXPECT_LT(difference(read.tokens[1][0], whole[4][1]), 1e-6);
  EXPECT_EQ(read.mask.sum().item<int64_t>(), 6);
  // The same as tensors.
  write_safetensors(file("ids.safetensors"), {{"input_ids", ids_},
                                              {"attention_mask", mask_.to(at::kLong)},
                                              {"spans", at::tensor({1, 3, 2, 7, 0, 1, 0, 5, 1, 2}).view({5, 2})}});
  EXPECT_LT(difference(encode({}).at("tokens"), out.at("tokens")), 1e-6);
  const auto expect_refused = [&](const std::string& text, const std::string& hint) {
    write_atomically(file("plan.jsonl"), text);
    EXPECT_EQ(run_plan({"--by-text"}), 2);
    EXPECT_NE(talk_.find(hint), std::string::npos) << talk_;
  };
  expect_refused(R"({"ids": [5, 6], "text": "a"}
{"ids": [5, 7], "text": "a"})",
                 "rows 1 and 2 are of one text, \"a\", and have other ids");
  expect_refused(R"({"ids": [5, 6], "text": "a", "span": [1, 3]})", "not [begin, end] within its 2 tokens");
  expect_refused(R"({"ids": [5, 6], "text": "a", "sapn": [0, 1]})", "the key 'sapn' is none of ids, text, span");
  expect_refused(R"({"ids": [5, 6]})", "--by-text needs a \"text\" in every row");
  expect_refused(R"({"ids": [5, 6], "text": "a"}
{"ids": [5, 6]})",
                 "'text' stands in some rows and not in others");
  expect_refused(R"({"ids": [], "text": "a"})", "no list of whole numbers");
}

TEST_F(EncodeCommand, FeaturesByText) {
  write_atomically(file("p.jsonl"), "\"a cat\"\n\"two\\nlines\"\n\"a cat\"\n\"\"\n");
  const std::string out = file("h.safetensors");
  ASSERT_EQ(run({"encode", "--encoder", "hash", "--prompts", file("p.jsonl"), "--out", out, "--by-text"}), 0) << talk_;
  EXPECT_EQ(read_safetensors(out).size(), 3u);
  const auto hash = make_encoder("hash", Json(), 0), read = make_encoder("features:" + out, Json(), 0);
  for (const char* text : {"a cat", "two\nlines", ""}) {
    const std::vector<Prompt> prompt = {{text, Json()}};
    EXPECT_TRUE(at::equal(read->forward(read->prepare(prompt)).tokens, hash->forward(hash->prepare(prompt)).tokens));
  }
}

TEST_F(EncodeCommand, ASuitesTextsAreListed) {
  const std::string texts = file("texts.jsonl"), features = file("f.safetensors");
  ASSERT_EQ(run({"plan", "smoke", "encoders=hash", "--store", file("store"), "--texts", texts}), 0) << talk_;
  const std::vector<Json> lines = read_json_lines(texts);
  EXPECT_GT(lines.size(), 30u);
  std::set<std::string> distinct;
  for (const Json& line : lines) distinct.insert(line.at("text"));
  EXPECT_EQ(distinct.size(), lines.size());
  // They are all that its rows ask for.
  ASSERT_EQ(run({"encode", "--encoder", "hash", "--prompts", texts, "--out", features, "--by-text"}), 0) << talk_;
  ASSERT_EQ(run({"run", "smoke", "encoders=features:" + features, "probes=[]", "steps=1", "--store", file("store")}), 0)
      << talk_;
}

TEST_F(EncodeCommand, IdsThatDoNotFitAreRefused) {
  const auto expect_refused = [&](const std::string& hint) {
    EXPECT_EQ(run({"encode", "--encoder", model_, "--ids", file("ids.safetensors"), "--out", file("bad.safetensors")}),
              2);
    EXPECT_EQ(std::count(talk_.begin(), talk_.end(), '\n'), 1) << talk_;
    EXPECT_NE(talk_.find(hint), std::string::npos) << talk_;
    EXPECT_FALSE(std::filesystem::exists(file("bad.safetensors")));
  };
  write_safetensors(file("ids.safetensors"), {{"input_ids", ids_}});
  expect_refused("no 'attention_mask' [N,L] of integers");
  write_safetensors(file("ids.safetensors"), {{"input_ids", ids_}, {"attention_mask", mask_.to(at::kLong) * 0}});
  expect_refused("a row of attention_mask is all 0");
  write_safetensors(file("ids.safetensors"), {{"input_ids", ids_ + 1000000}, {"attention_mask", mask_.to(at::kLong)}});
  expect_refused("1000");
}

}  // namespace
}  // namespace emf
