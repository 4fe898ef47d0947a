// SPDX-License-Identifier: Apache-2.0
// The feature cache: encoded once, right after damage, equal between processes.
#include "harness/engine/text/feature_cache.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/progress.h"
#include "harness/engine/text/cache_audit.h"

namespace emf {
namespace {

/// Tokens that tell word and place, one a character; counts what it encodes.
class CountingEncoder : public Encoder {
 public:
  explicit CountingEncoder(int64_t seed = 0) : seed_(seed) {}
  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = "counting";
    info.dimension = 3;
    info.max_tokens = 16;
    info.trainable = trainable;
    return info;
  }
  Json fingerprint() const override { return {{"encoder", "counting"}, {"seed", seed_}}; }
  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    encoded += prompts.size();
    std::vector<std::vector<int64_t>> rows;
    for (const Prompt& prompt : prompts) rows.emplace_back(prompt.text.begin(), prompt.text.end());
    return padded_inputs(rows, 16);
  }
  TextFeatures forward(const TokenInputs& inputs) const override {
    const at::Tensor ids = inputs.ids.to(at::kFloat).unsqueeze(-1);
    const at::Tensor place = at::arange(inputs.ids.size(1), at::kFloat).view({1, -1, 1}).expand_as(ids);
    const at::Tensor tokens = at::cat({ids, place, at::full_like(ids, static_cast<double>(seed_))}, 2);
    return {tokens * inputs.mask.unsqueeze(-1), inputs.mask};
  }

  bool trainable = false;
  mutable size_t encoded = 0;

 private:
  int64_t seed_;
};

class FeatureCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = std::filesystem::temp_directory_path() / ("emf_cache_" + std::to_string(getpid()));
    Talk::quiet() = true;
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  static std::vector<Prompt> prompts_of(const std::vector<std::string>& texts) {
    std::vector<Prompt> prompts;
    for (const std::string& text : texts) prompts.push_back({text, Json()});
    return prompts;
  }
  /// What `cache` gives is what the encoder gives.
  static void expect_right(FeatureCache& cache, const Encoder& encoder, const std::vector<std::string>& texts) {
    const PackedFeatures got = cache.features(prompts_of(texts));
    const TextFeatures padded = unpack(got);
    for (size_t i = 0; i < texts.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      const TextFeatures alone = encoder.forward(CountingEncoder().prepare(prompts_of({texts[i]})));
      const int64_t length = alone.tokens.size(1);
      EXPECT_EQ(got.offsets[i + 1] - got.offsets[i], length);
      EXPECT_TRUE(at::equal(got.tokens.narrow(0, got.offsets[i], length), alone.tokens[0])) << texts[i];
      EXPECT_TRUE(at::equal(padded.tokens[row].narrow(0, 0, length), alone.tokens[0])) << texts[i];
      EXPECT_EQ(padded.mask[row].sum().item<int64_t>(), length);
      EXPECT_LT((got.pooled[row] - mean_over_mask(alone)[0]).abs().max().item<float>(), 1e-4);
    }
  }
  std::vector<std::filesystem::path> shards(const FeatureCache& cache, const std::string& ending = ".safetensors") {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(cache.folder())) {
      if (entry.path().extension() == ending) found.push_back(entry.path());
    }
    return found;
  }

  std::filesystem::path store_;
};

TEST_F(FeatureCacheTest, EncodesEachTextOnce) {
  const CountingEncoder encoder;
  FeatureCache cache(encoder, FeatureContent::kTokens, store_);
  expect_right(cache, encoder, {"a cat", "dogs", "a cat", "x"});
  EXPECT_EQ(encoder.encoded, 3u);
  expect_right(cache, encoder, {"dogs", "new", "a cat"});
  EXPECT_EQ(encoder.encoded, 4u);
  FeatureCache again(encoder, FeatureContent::kTokens, store_);
  expect_right(again, encoder, {"new", "dogs", "x", "x"});
  EXPECT_EQ(encoder.encoded, 4u);
  EXPECT_EQ(again.counts().texts, 4);
  EXPECT_EQ(again.counts().encoded, 0);
}

TEST_F(FeatureCacheTest, MeansAreThoseOfTokensAndNotTheOtherWayRound) {
  const CountingEncoder encoder;
  const auto texts = prompts_of({"one", "three", "z"});
  FeatureCache pooled(encoder, FeatureContent::kPooled, store_);
  const at::Tensor fresh = pooled.features(texts).pooled;
  FeatureCache tokens(encoder, FeatureContent::kTokens, store_);
  EXPECT_TRUE(at::equal(tokens.features(texts).pooled, fresh));
  EXPECT_EQ(encoder.encoded, 6u);
  std::filesystem::remove_all(store_);
  FeatureCache first(encoder, FeatureContent::kTokens, store_), second(encoder, FeatureContent::kPooled, store_);
  first.features(texts);
  EXPECT_TRUE(at::equal(second.features(texts).pooled, fresh));
  EXPECT_EQ(encoder.encoded, 9u);
}

TEST_F(FeatureCacheTest, EncodersDoNotShare) {
  const CountingEncoder one(1), two(2);
  FeatureCache a(one, FeatureContent::kTokens, store_), b(two, FeatureContent::kTokens, store_);
  expect_right(a, one, {"text"});
  expect_right(b, two, {"text"});
  EXPECT_EQ(two.encoded, 1u);
  EXPECT_NE(a.folder(), b.folder());
  // A shard that strayed into another encoder's folder is no hit.
  for (const auto& shard : shards(a)) std::filesystem::copy(shard, b.folder() / "stray.safetensors");
  FeatureCache c(two, FeatureContent::kTokens, store_);
  expect_right(c, two, {"text"});
}

TEST_F(FeatureCacheTest, ASoundShardUnderAnothersNameIsNotRead) {
  const CountingEncoder encoder;
  FeatureCache first(encoder, FeatureContent::kTokens, store_);
  expect_right(first, encoder, {"one"});
  const std::filesystem::path one = shards(first).at(0);
  expect_right(first, encoder, {"three"});
  // Stages know texts by their shard's name and number, and would read the features of the other text.
  for (const auto& shard : shards(first)) {
    if (shard == one) continue;
    std::filesystem::copy_file(shard, one, std::filesystem::copy_options::overwrite_existing);
  }
  FeatureCache again(encoder, FeatureContent::kTokens, store_);
  expect_right(again, encoder, {"one", "three"});
  EXPECT_EQ(encoder.encoded, 3u);
  EXPECT_EQ(shards(again, ".damaged").size(), 1u);
  EXPECT_TRUE(audit_cache(store_).damaged.empty());
  std::filesystem::copy_file(shards(again).at(0), one.parent_path() / "0123456789abcdef.safetensors");
  EXPECT_EQ(audit_cache(store_).damaged.size(), 1u);
}

TEST_F(FeatureCacheTest, NothingIsKeptWithoutAStoreOrOfATrainableEncoder) {
  CountingEncoder encoder;
  FeatureCache without(encoder, FeatureContent::kTokens);
  expect_right(without, encoder, {"a", "b", "a"});
  encoder.trainable = true;
  FeatureCache cache(encoder, FeatureContent::kTokens, store_);
  expect_right(cache, encoder, {"a"});
  EXPECT_FALSE(std::filesystem::exists(store_));
}

TEST_F(FeatureCacheTest, AnyDamagedByteIsEncodedAgain) {
  const CountingEncoder encoder;
  const std::vector<std::string> texts = {"a cat", "dogs"};
  std::filesystem::path path;
  {
    FeatureCache cache(encoder, FeatureContent::kTokens, store_);
    expect_right(cache, encoder, texts);
    path = shards(cache).at(0);
  }
  const std::string whole = read_file(path);
  size_t noticed = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    std::filesystem::remove_all(path.parent_path());
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    const size_t before = encoder.encoded;
    FeatureCache cache(encoder, FeatureContent::kTokens, store_);
    expect_right(cache, encoder, texts);
    noticed += encoder.encoded > before;
    FeatureCache mended(encoder, FeatureContent::kTokens, store_);
    expect_right(mended, encoder, texts);
  }
  // What changes nothing (a space of the header) may pass.
  EXPECT_GT(noticed, whole.size() * 9 / 10);
  std::filesystem::remove_all(path.parent_path());
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() / 2);
  FeatureCache cache(encoder, FeatureContent::kTokens, store_);
  expect_right(cache, encoder, texts);
  EXPECT_EQ(shards(cache, ".damaged").size(), 1u);
}

TEST_F(FeatureCacheTest, DamageWhileOpenIsNoticed) {
  const CountingEncoder encoder;
  FeatureCache cache(encoder, FeatureContent::kTokens, store_);
  expect_right(cache, encoder, {"a cat", "dogs"});
  std::fstream file(shards(cache).at(0), std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(-2, std::ios::end);
  file << "??";
  file.close();
  expect_right(cache, encoder, {"dogs", "a cat"});
  EXPECT_EQ(encoder.encoded, 4u);
}

TEST_F(FeatureCacheTest, DamageBehindASoundTextOfTheWindowMovesThatTextToo) {
  const CountingEncoder encoder;
  FeatureCache cache(encoder, FeatureContent::kTokens, store_);
  const std::vector<std::string> texts = {"a cat", "dogs"};
  expect_right(cache, encoder, texts);
  std::fstream file(shards(cache).at(0), std::ios::binary | std::ios::in | std::ios::out);
  // Behind the index stand the features, and the last of them are the last text's.
  file.seekp(-2, std::ios::end);
  file << "??";
  file.close();
  for (const std::vector<std::string>& window : {std::vector<std::string>{"a cat", "dogs"}, {"dogs", "a cat"}}) {
    expect_right(cache, encoder, window);
    for (const CachePlace& place : cache.places(prompts_of(window))) {
      EXPECT_TRUE(std::filesystem::exists(cache.folder() / cache.shard_name(place.shard)));
    }
  }
  EXPECT_EQ(encoder.encoded, 4u);
  EXPECT_EQ(cache.counts().texts, 6);
  EXPECT_EQ(shards(cache, ".damaged").size(), 1u);
}

TEST_F(FeatureCacheTest, AFolderThatDidNotChangeIsNotListedAgain) {
  const CountingEncoder encoder;
  FeatureCache cache(encoder, FeatureContent::kTokens, store_), other(encoder, FeatureContent::kTokens, store_);
  expect_right(cache, encoder, {"first"});
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(cache.folder(), long_ago);
  expect_right(cache, encoder, {"first"});
  expect_right(other, encoder, {"second"});
  // As if nothing had come since: this is how one sees that nobody looks.
  std::filesystem::last_write_time(cache.folder(), long_ago);
  expect_right(cache, encoder, {"second"});
  EXPECT_EQ(encoder.encoded, 3u);
  expect_right(other, encoder, {"third"});
  expect_right(cache, encoder, {"third"});
  EXPECT_EQ(encoder.encoded, 4u) << "a change of the folder is seen";
}

TEST_F(FeatureCacheTest, SeesWhatOthersWrote) {
  const CountingEncoder encoder;
  FeatureCache a(encoder, FeatureContent::kTokens, store_), b(encoder, FeatureContent::kTokens, store_);
  expect_right(a, encoder, {"first"});
  expect_right(b, encoder, {"first", "second"});
  expect_right(a, encoder, {"second", "first"});
  EXPECT_EQ(encoder.encoded, 2u);
}

TEST_F(FeatureCacheTest, TwoProcessesAtOnceGetEqualResults) {
  const CountingEncoder encoder;
  std::vector<std::vector<Prompt>> windows(40);
  for (size_t i = 0; i < windows.size(); ++i) {
    for (size_t j = 0; j < 20; ++j)
      windows[i].push_back({std::to_string(i * j) + " and " + std::to_string(i + j), Json()});
  }
  const auto digest = [&] {
    FeatureCache cache(encoder, FeatureContent::kTokens, store_);
    std::string bytes;
    for (const auto& window : windows) {
      const at::Tensor tokens = cache.features(window).tokens;
      bytes.append(static_cast<const char*>(tokens.const_data_ptr()), tokens.nbytes());
    }
    return sha256_hex(bytes);
  };
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::ofstream(store_.string() + std::to_string(child)) << digest();
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const std::string here = digest();
  EXPECT_EQ(encoder.encoded, 0u) << "everything was cached";
  for (int child = 0; child < 2; ++child) {
    const std::string file = store_.string() + std::to_string(child);
    EXPECT_EQ(read_file(file), here);
    std::filesystem::remove(file);
  }
}

}  // namespace
}  // namespace emf
