// SPDX-License-Identifier: Apache-2.0
#include "harness/command/encode_pooled.h"

#include <optional>

#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/captions/prompt_file.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/text/feature_cache.h"
#include "harness/tensor/safetensors_rows.h"

namespace emf {

Json encode_pooled(const Encoder& encoder, const std::string& pooling, const std::filesystem::path& prompts,
                   const std::filesystem::path& out, const std::filesystem::path& store) {
  PromptReader reader(prompts);
  FeatureCache cache(encoder, FeatureContent::kPooled, store);
  std::optional<SafetensorsRows> rows;
  int64_t dimension = 0;
  Progress progress("encode", 0, "prompts");
  for (;;) {
    if (interrupted()) stop_interrupted();
    const std::vector<Prompt> window = reader.next(cache.window());
    if (window.empty()) break;
    const PackedFeatures features = cache.features(window);
    if (!rows) {
      dimension = features.pooled.size(1);
      rows.emplace(out, "pooled", dimension,
                   TensorMetadata{{"encoder", encoder.info().name},
                                  {"fingerprint", canonical_json(encoder.fingerprint())},
                                  {"pooling", pooling}});
    }
    rows->append(features.pooled);
    progress.update(rows->num_rows());
  }
  rows->finish();  // a file without a prompt ended in the reader
  const CacheCounts& counts = cache.counts();
  return {{"prompts", counts.texts},
          {"encoded", counts.encoded},
          {"num_tokens", counts.encoded_tokens},
          {"num_cut", counts.num_cut},
          {"dimension", dimension}};
}

}  // namespace emf
