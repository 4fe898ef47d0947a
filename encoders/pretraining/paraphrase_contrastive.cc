// SPDX-License-Identifier: Apache-2.0
// A sentence encoder's pretraining: a caption's mean token is nearer to that of its other wording than to any other's.
#include "encoders/pretraining/leaves.h"

namespace emf {
namespace {

class ParaphraseContrastive : public Pretraining {
 public:
  ParaphraseContrastive(const Options& options, const PretrainingContext& context)
      : leaves_("paraphrase_contrastive", context) {
    ConfigReader(options).finish();
    log_scale_ = leaves_.constant("log_scale", {1}, kFirstLogScale);
  }

  Json fingerprint() const override { return {{"pretraining", "paraphrase_contrastive"}, {"version", 1}}; }
  bool needs_paraphrases() const override { return true; }
  NamedParameters parameters() const override { return leaves_.all(); }

  LossResult loss(const Encoder& encoder, const PretrainingBatch& batch) const override {
    std::vector<std::string> facts;
    for (const Prompt& caption : batch.captions) facts.push_back(facts_of(caption));
    const at::Tensor said = mean_over_mask(encoder.forward(encoder.prepare(batch.captions)));
    const at::Tensor reworded = mean_over_mask(encoder.forward(encoder.prepare(batch.paraphrases)));
    return match_pairs(said, reworded, log_scale_, facts);
  }

 private:
  /// What a caption says, whatever its words: its labels but for the words themselves.
  static std::string facts_of(const Prompt& caption) {
    if (!caption.labels.is_object()) return caption.text;
    Json labels = caption.labels;
    labels.erase("prompt");
    return canonical_json(labels);
  }

  Leaves leaves_;
  at::Tensor log_scale_;
};

std::unique_ptr<Pretraining> make_paraphrase_contrastive(const Options& options, const PretrainingContext& context) {
  return std::make_unique<ParaphraseContrastive>(options, context);
}

EMF_REGISTER(PretrainingRegistry, "paraphrase_contrastive",
             "A caption is nearest to another wording of it (sentence encoder)", make_paraphrase_contrastive,
             {.title = "know a caption in other words"});

}  // namespace
}  // namespace emf
