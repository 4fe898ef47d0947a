// Scores pictures: judge outputs first (kept as JSON Lines), then every metric from those, so scores can be recomputed.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/api/judge.h"
#include "harness/api/metric.h"
#include "harness/engine/store/run_store.h"

namespace emf {

/// What looks at a suite's pictures: a judge of objects and the ImageNet backbone. Loading is shared; calls are thread-safe.
class Judges {
 public:
  /// @param needs_detector  false where nothing is judged: no instrument is needed then.
  /// @param needs_features  load the backbone too.   @throws UserError(kMissing)  an instrument or weights are absent.
  Judges(int side, bool needs_detector, bool needs_features);
  ~Judges();

  /// @throws InternalError  none was loaded.
  const Judge& detector() const;
  Json detector_fingerprint() const { return detector().fingerprint(); }
  Json backbone_fingerprint() const;
  /// Name, version, sha256, measured error of each instrument of this picture side, for the report.
  Json instruments() const;

  /// One row a picture: {"metadata", "detections", "options"} (the file format of `score geneval --detections`).
  std::vector<Json> detect(const at::Tensor& pictures, const std::vector<Prompt>& prompts) const;
  /// Pooled backbone features.  @param pictures  [N,3,S,S] uint8.   @return [N,1280] float32.
  at::Tensor features(const at::Tensor& pictures) const;

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
};

/// Feature rows as metrics and probes take them.
FeatureMatrix to_matrix(const at::Tensor& features, const Json& identity);

/// What score_pictures compares features with; null features = no Frechet or kernel distance asked for.
struct FeatureReference {
  const FeatureMatrix* real = nullptr;
  std::vector<std::string> metrics;  ///< of "kid_lite0", "fd_lite0"
};

/// Writes items/detections.jsonl, items/geneval.jsonl and, of compositions, items/questions.jsonl.
/// @return  {"metrics": [{"name","value","ci95","n",...}], "correct": [0|1 a prompt; of compositions 0..1]}.
Json score_pictures(const Judges& judges, const at::Tensor& pictures, const std::vector<Prompt>& prompts,
                    const FeatureReference& reference, uint64_t seed, const RunFolder& folder);

}  // namespace emf
