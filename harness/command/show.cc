// SPDX-License-Identifier: Apache-2.0
// emfbench show NAME: pictures of a dataset as one PNG grid, to look at.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>
#include <optional>

#include "harness/api/dataset.h"
#include "harness/base/file.h"
#include "harness/base/terminal.h"
#include "harness/command/captioned_tiles.h"
#include "harness/command/command.h"

namespace emf {
namespace {

const std::map<std::string, Split> kSplits = {
    {"train", Split::kTrain}, {"held_out", Split::kHeldOut}, {"paraphrase", Split::kParaphrase}};

class Show : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("name", name_, "a dataset: " + fmt::format("{}", fmt::join(DatasetRegistry::instance().names(), ", ")))
        .required();
    flags.option("options", assignments_, "the dataset's options, key=value: classes=6 colors=red,blue, path=photos");
    flags.option("--side", side_, "picture side in pixels (same as side=N)").between(1, 1 << 20);
    flags.option("--count", count_, "pictures").shows_default().between(1, 4096);
    flags.option("--seed", seed_, "data seed").shows_default();
    flags.option("--split", split_, "train, held_out, evaluation; of facts also paraphrase, compositions")
        .shows_default();
    flags.option("--out", out_, "PNG to write (default: NAME.png here)");
    flags.flag("--plain", plain_, "pictures alone: no captions, no enlargement");
    flags.flag("--boxes", boxes_, "draw the boxes");
  }

  ExitCode run(const CommonFlags& flags) override {
    if (!DatasetRegistry::instance().contains(name_)) {
      fail_input("nothing to show called '{}'{}", name_, suggestion(name_, DatasetRegistry::instance().names()));
    }
    Config config;
    config.origin = "command line";
    // Options are the [data] table of a suite, so a suite's own spelling (data.path=...) is taken too.
    for (const std::string& assignment : assignments_) {
      apply_override(config, assignment.starts_with("data.") ? assignment : "data." + assignment);
    }
    if (side_ > 0) apply_override(config, fmt::format("data.side={}", side_));
    const auto dataset = DatasetRegistry::instance().make(name_, Options(config, {"data"}, {"name"}), {seed_});
    const std::vector<Sample> samples = choose(*dataset);
    const std::string path = out_.empty() ? name_ + ".png" : out_;
    write_atomically(path, grid(*dataset, samples));
    if (flags.json) {
      Json rows = Json::array();
      for (const Sample& sample : samples) rows.push_back(describe(*dataset, sample));
      Json record = {{"path", path},
                     {"samples", rows},
                     {"attributions", dataset->attributions()},
                     {"height", dataset->height()},
                     {"width", dataset->width()},
                     {"fingerprint", dataset->fingerprint()}};
      if (dataset->size()) {
        record["training_pictures"] = *dataset->size();
        record["captions_a_picture"] = dataset->captions_a_picture();
      }
      if (dataset->unseen_size()) record["held_out_pictures"] = *dataset->unseen_size();
      print_json(record);
    } else {
      print_shown("{}\n", path);
      if (dataset->size()) {
        say(fmt::format("{} pictures to train on, {} held out, up to {} captions a picture", *dataset->size(),
                        dataset->unseen_size().value_or(0), dataset->captions_a_picture()));
      }
      for (const std::string& line : dataset->attributions()) say(line);
    }
    return ExitCode::kGood;
  }

 private:
  /// Training samples as training sees them; held-out pictures of a dataset without facts, as many as there are; of all
  /// other splits, prompts spread over the whole list.
  std::vector<Sample> choose(const Dataset& dataset) const {
    if (split_ == "train") {
      return samples_of(dataset.size(), [&](uint64_t index) { return dataset.sample(index); });
    }
    if (split_ == "held_out" && dataset.world() == nullptr) {
      return samples_of(dataset.unseen_size(), [&](uint64_t index) { return dataset.unseen(index); });
    }
    const std::vector<Prompt> prompts = prompts_of(dataset);
    if (prompts.empty()) fail_input("split '{}' of this dataset is empty", split_);
    std::vector<Sample> samples;
    for (int i = 0; i < count_; ++i) {
      const size_t at = static_cast<size_t>(i) * prompts.size() / static_cast<size_t>(count_);
      samples.push_back(dataset.draw(prompts[at], static_cast<uint64_t>(i)));
    }
    return samples;
  }

  std::vector<Sample> samples_of(std::optional<uint64_t> available, const std::function<Sample(uint64_t)>& take) const {
    if (available == 0) fail_input("split '{}' of this dataset is empty", split_);
    const uint64_t count = std::min<uint64_t>(static_cast<uint64_t>(count_), available.value_or(UINT64_MAX));
    std::vector<Sample> samples;
    for (uint64_t index = 0; index < count; ++index) samples.push_back(take(index));
    return samples;
  }

  std::vector<Prompt> prompts_of(const Dataset& dataset) const {
    if (split_ == "evaluation") return dataset.evaluation_prompts(count_, seed_);
    const auto split = kSplits.find(split_);
    if (split_ != "compositions" && split == kSplits.end()) {
      fail_input("--split knows no '{}'{}", split_,
                 suggestion(split_, {"train", "held_out", "paraphrase", "evaluation", "compositions"}));
    }
    const FactWorld* world = dataset.world();
    if (world == nullptr) {
      fail_input("--split {}: the pictures of {} are not drawn from facts; it has train, held_out and evaluation",
                 split_, name_);
    }
    return split_ == "compositions" ? world->compositions(count_, seed_) : world->all_prompts(split->second);
  }

  static Json describe(const Dataset& dataset, const Sample& sample) {
    Json boxes = Json::array();
    for (const Box& box : sample.boxes) {
      Json row = {{"class", dataset.world()->class_names().at(box.class_id)},
                  {"box", {box.x0, box.y0, box.x1, box.y1}}};
      if (box.color_id >= 0) row["color"] = dataset.world()->color_names().at(box.color_id);
      boxes.push_back(std::move(row));
    }
    return {{"index", sample.index}, {"text", sample.prompt.text}, {"labels", sample.prompt.labels}, {"boxes", boxes}};
  }

  std::string grid(const Dataset& dataset, const std::vector<Sample>& samples) const {
    std::vector<Tile> tiles;
    for (const Sample& sample : samples) {
      tiles.push_back({sample.picture, sample.prompt.text, {}});
      if (boxes_) tiles.back().boxes = sample.boxes;
    }
    return draw_tiles(tiles, dataset.height(), dataset.width(),
                      static_cast<int>(std::ceil(std::sqrt(samples.size() * 1.2))), !plain_);
  }

  std::string name_, split_ = "train", out_;
  std::vector<std::string> assignments_;
  int side_ = 0, count_ = 36;
  uint64_t seed_ = 0;
  bool plain_ = false, boxes_ = false;
};

EMF_REGISTER(CommandRegistry, "show", "Pictures of a dataset as one PNG grid", std::make_unique<Show>);

}  // namespace
}  // namespace emf
