// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/text_pooler.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/api/feature_matrix.h"
#include "harness/engine/text/feature_cache.h"
#include "harness/engine/text/pooled_encoder.h"

namespace emf {

struct TextPooler::State {
  State(std::shared_ptr<const Encoder> given, const std::string& name, const std::filesystem::path& store)
      // The cache keeps plain means itself; every other pooling of api/pooling.h reads tokens.
      : encoder(std::move(given)),
        means_suffice(name == "mean"),
        pool(name),
        cache(*encoder, means_suffice ? FeatureContent::kPooled : FeatureContent::kTokens, store) {}

  std::shared_ptr<const Encoder> encoder;
  bool means_suffice;  ///< the cache's own means are what is asked for
  Pooling pool;
  FeatureCache cache;
};

TextPooler::TextPooler(std::shared_ptr<const Encoder> encoder, const std::string& pooling,
                       const std::filesystem::path& store) {
  std::string name = chosen_pooling(*encoder, pooling);
  if (is_pooling_of_encoders(name)) {
    encoder = std::make_shared<PooledEncoder>(std::move(encoder), name);
    name = "mean";  // of its one token
  }
  state_ = std::make_unique<State>(std::move(encoder), name, store);
}

TextPooler::~TextPooler() = default;

FeatureMatrix TextPooler::operator()(const std::vector<Prompt>& texts) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> rows;
  const size_t window = state_->cache.window();
  for (size_t begin = 0; begin < texts.size(); begin += window) {
    const size_t end = std::min(texts.size(), begin + window);
    PackedFeatures features = state_->cache.features(
        {texts.begin() + static_cast<ptrdiff_t>(begin), texts.begin() + static_cast<ptrdiff_t>(end)});
    rows.push_back(state_->means_suffice ? features.pooled : state_->pool(unpack(features)));
  }
  return to_matrix(at::cat(rows), state_->encoder->fingerprint());
}

int64_t TextPooler::encoded() const { return state_->cache.counts().encoded; }

}  // namespace emf
