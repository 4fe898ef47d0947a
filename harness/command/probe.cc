// SPDX-License-Identifier: Apache-2.0
// emfbench probe NAME: a probe of an encoder, or of features made elsewhere.
#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <optional>

#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/base/terminal.h"
#include "harness/captions/prompt_file.h"
#include "harness/command/command.h"
#include "harness/command/device_option.h"
#include "harness/command/feature_file.h"
#include "harness/command/untrained_notice.h"
#include "harness/engine/pictures/picture_features.h"
#include "harness/engine/pictures/picture_file.h"
#include "harness/engine/stages/probe_stages.h"
#include "harness/engine/text/text_pooler.h"
#include "harness/tensor/placement.h"

namespace emf {
namespace {

class ProbeCommand : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("name", name_, "a probe (see: emfbench list probes)").required();
    flags.option("--encoder", encoder_, "a registered encoder (see: emfbench list encoders)");
    flags.option("--text", text_,
                 "features made elsewhere instead: [N,D] or FILE:name, as `encode` writes in \"pooled\"");
    flags.option("--pooling", pooling_,
                 "how an encoder's tokens become one vector (see: emfbench encode --help); without it own where the "
                 "checkpoint's files say one, else mean");
    flags.option("--prompts", prompts_, ".txt or .jsonl, each text once (default: captions of scenes)");
    flags.option("--data", data_,
                 "a dataset's captions and pictures instead (default: scenes; see: emfbench list datasets)");
    flags.option("--captions", captions_, "of the dataset, at most").shows_default().between(2, 1 << 20);
    flags.option("--query-words", query_words_, "ask in another wording of the dataset: of emoji, label or tags");
    flags.option("--candidate-words", candidate_words_, "search in another wording of the dataset");
    flags.option("--images", images_, "folder of pictures, one a prompt in order of name");
    flags.option("--visual", visual_, "features of those pictures instead: [N,D] .npy, .npz, .safetensors");
    named_backbone_ =
        flags
            .option("--backbone", backbone_,
                    "what looks at pictures: lite0 (ImageNet) or torchscript:FILE (see: emfbench list backbones)")
            .shows_default();
    flags.option("--options", options_, "the probe's options as JSON, {\"k\": 2, \"queries\": 1000}");
    flags.option("--seed", seed_, "of queries, dropped parts and resampling").shows_default();
    add_device_option(flags, device_, "what encodes and looks at pictures");
  }

  ExitCode run(const CommonFlags& flags) override {
    catch_interrupts();
    placement_ = ready_placement(device_, "--device");
    const std::unique_ptr<Probe> probe = ProbeRegistry::instance().make(name_);
    refuse_unused(*probe);
    if (encoder_.empty() == text_.empty()) fail_input("probe {} needs either --encoder E or --text F", name_);
    if (!text_.empty() && !pooling_.empty()) fail_input("probe {}: --text has pooled features already", name_);
    if (!images_.empty() && !visual_.empty()) fail_input("probe {}: give --images or --visual, not both", name_);
    ProbeInput input;
    input.options = parse_json(options_, "--options");
    // Before any picture is looked at, which may take minutes.
    probe->check_options(Options(input.options, name_ + " options"));
    input.seed = seed_;
    std::string who = encoder_, said_pooling;
    if (encoder_.empty()) {
      take_features(input, *probe);
      who = text_;
    } else {
      const std::shared_ptr<Encoder> encoder =
          make_encoder(encoder_, Options(Json::object(), "options of encoder '" + encoder_ + "'"), {seed_, placement_});
      say_if_untrained(encoder->info());
      input.parts_are_labels = encoder->info().reads == EncoderInput::kLabels;
      said_pooling = chosen_pooling(*encoder, pooling_);
      input.pooled = [pooler = std::make_shared<TextPooler>(encoder, pooling_, std::filesystem::path())](
                         const std::vector<Prompt>& texts) { return (*pooler)(texts); };
      if (!prompts_.empty()) input.prompts = read_prompts(prompts_);
    }
    const std::shared_ptr<Dataset> dataset = input.prompts.empty() ? take_dataset(input) : nullptr;
    if (dataset == nullptr && (!data_.empty() || !query_words_.empty() || !candidate_words_.empty())) {
      fail_input("probe {}: --data and its wordings stand instead of --prompts and --text", name_);
    }
    if (probe->needs_pictures()) take_pictures(input, dataset.get());

    Json result = describe_probe(probe->run(input));
    result["probe"] = name_;
    result["encoder"] = who;
    if (!said_pooling.empty()) result["pooling"] = said_pooling;
    if (flags.json) {
      print_json(result);
      return ExitCode::kGood;
    }
    print_shown("{} of {}: {} queries, {} candidates\n", name_, who, result["n_queries"].dump(),
                result["n_candidates"].dump());
    for (const auto& [mode, value] : result["modes"].items()) {
      print_shown("  {:<16} {:>8.4f}  95 % [{:.4f}, {:.4f}]\n", mode, value["value"].get<double>(),
                  value["ci95"][0].get<double>(), value["ci95"][1].get<double>());
    }
    return ExitCode::kGood;
  }

 private:
  /// What would say something of pictures that nobody looks at.
  void refuse_unused(const Probe& probe) const {
    if (!probe.needs_pictures() && !(images_.empty() && visual_.empty() && named_backbone_->count() == 0))
      fail_input("probe {} looks at no pictures: leave out --images, --visual and --backbone", name_);
    if (!visual_.empty() && named_backbone_->count() > 0)
      fail_input("probe {}: --backbone looks at pictures, and --visual has their features already", name_);
  }

  /// Features that are there already: every row a prompt, known by its text or its number.
  void take_features(ProbeInput& input, const Probe& probe) const {
    if (!probe.needs_pictures())
      fail_input("probe {} encodes parts of prompts, so it needs --encoder, not --text", name_);
    const FeatureMatrix features = read_features(text_);
    if (!prompts_.empty()) {
      input.prompts = read_prompts(prompts_);
    } else {
      for (int64_t row = 0; row < features.rows; ++row) input.prompts.push_back({fmt::format("row {}", row), Json()});
    }
    if (static_cast<int64_t>(input.prompts.size()) != features.rows) {
      fail_input("{} has {} rows, {} has {} prompts; they must agree", text_, features.rows, prompts_,
                 input.prompts.size());
    }
    input.pooled = [features](const std::vector<Prompt>&) { return features; };
  }

  std::shared_ptr<Dataset> take_dataset(ProbeInput& input) const {
    const std::string name = data_.empty() ? "scenes" : data_;
    const std::shared_ptr<Dataset> dataset =
        DatasetRegistry::instance().make(name, Options(Json(), "command line"), {.seed = seed_});
    input.prompts = probe_captions(*dataset, captions_);
    input.queries = reworded(*dataset, input.prompts, query_words_);
    input.candidates = reworded(*dataset, input.prompts, candidate_words_);
    return dataset;
  }

  void take_pictures(ProbeInput& input, const Dataset* dataset) const {
    const size_t count = input.prompts.size();
    if (!visual_.empty()) {
      input.visual = read_features(visual_);
    } else if (!images_.empty()) {
      const pictures::PictureSet set{std::filesystem::path(images_)};
      for (const std::string& warning : set.warnings()) say("warning: " + warning);
      if (set.size() != count) {
        fail_input("{} holds {} pictures for {} prompts; one a prompt, in order of name", images_, set.size(), count);
      }
      input.visual = PictureFeatures(backbone_, "", {placement_}).rows(set);
    } else if (dataset != nullptr) {
      const PictureFeatures features(backbone_, "", {placement_});
      input.visual = features.matrix(probe_picture_features(*dataset, features, input.prompts));
    } else {
      fail_input("probe {} compares pictures of the prompts: give --images DIR or --visual F.npy", name_);
    }
    if (input.visual.rows != static_cast<int64_t>(count)) {
      fail_input("{} has {} rows for {} prompts; one a prompt, in their order", visual_, input.visual.rows, count);
    }
  }

  std::optional<Flag> named_backbone_;
  std::string backbone_ = "lite0", device_ = "cpu";
  Placement placement_;
  std::string name_, encoder_, text_, prompts_, images_, visual_, pooling_, options_ = "{}";
  std::string data_, query_words_, candidate_words_;
  int64_t captions_ = kProbeCaptions;
  uint64_t seed_ = 0;
};

EMF_REGISTER(CommandRegistry, "probe", "Probe an encoder, or features made elsewhere, before any training",
             std::make_unique<ProbeCommand>);

}  // namespace
}  // namespace emf
