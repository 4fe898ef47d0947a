// emfbench show NAME: pictures of a dataset as one PNG grid, to look at.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "harness/api/dataset.h"
#include "harness/base/file.h"
#include "harness/command/captioned_tiles.h"
#include "harness/command/command.h"

namespace emf {
namespace {

const std::map<std::string, Split> kSplits = {
    {"train", Split::kTrain}, {"held_out", Split::kHeldOut}, {"paraphrase", Split::kParaphrase}};

class Show : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("name", name_,
                   "a dataset: " + fmt::format("{}", fmt::join(DatasetRegistry::instance().names(), ", ")))
        ->required();
    app.add_option("options", assignments_, "the dataset's options, key=value: classes=6 colors=red,blue");
    app.add_option("--side", side_, "picture side in pixels (same as side=N)");
    app.add_option("--count", count_, "pictures")->default_val(36)->check(CLI::Range(1, 4096));
    app.add_option("--seed", seed_, "data seed")->default_val(0);
    app.add_option("--split", split_, "train, held_out, paraphrase, evaluation or compositions")->default_val("train");
    app.add_option("--out", out_, "PNG to write (default: NAME.png here)");
    app.add_flag("--plain", plain_, "pictures alone: no captions, no enlargement");
    app.add_flag("--boxes", boxes_, "draw the boxes");
  }

  ExitCode run(const CommonFlags& flags) override {
    if (!DatasetRegistry::instance().contains(name_)) {
      fail_input("nothing to show called '{}'{}", name_, suggestion(name_, DatasetRegistry::instance().names()));
    }
    Config config;
    config.origin = "command line";
    apply_override(config, "data.name=" + name_);
    for (const std::string& assignment : assignments_) apply_override(config, "data." + assignment);
    if (side_ > 0) apply_override(config, fmt::format("data.side={}", side_));
    const auto dataset = DatasetRegistry::instance().make(name_, config, seed_);
    const std::vector<Sample> samples = choose(*dataset);
    const std::string path = out_.empty() ? name_ + ".png" : out_;
    write_atomically(path, grid(*dataset, samples));
    if (flags.json) {
      Json rows = Json::array();
      for (const Sample& sample : samples) rows.push_back(describe(*dataset, sample));
      print_json({{"path", path}, {"samples", rows}, {"attributions", dataset->attributions()}});
    } else {
      fmt::print("{}\n", path);
      for (const std::string& line : dataset->attributions()) say(line);
    }
    return ExitCode::kGood;
  }

 private:
  /// Training samples as training sees them; of the other splits, prompts spread over the whole list.
  std::vector<Sample> choose(const Dataset& dataset) const {
    std::vector<Sample> samples;
    if (split_ == "train") {
      for (int i = 0; i < count_; ++i) samples.push_back(dataset.sample(static_cast<uint64_t>(i)));
      return samples;
    }
    std::vector<Prompt> prompts;
    if (split_ == "evaluation") {
      prompts = dataset.evaluation_prompts(count_, seed_);
    } else if (split_ == "compositions") {
      prompts = dataset.compositions(count_, seed_);
    } else if (const auto split = kSplits.find(split_); split != kSplits.end()) {
      prompts = dataset.all_prompts(split->second);
    } else {
      fail_input("--split knows no '{}'{}", split_,
                 suggestion(split_, {"train", "held_out", "paraphrase", "evaluation", "compositions"}));
    }
    if (prompts.empty()) fail_input("split '{}' of this dataset is empty", split_);
    for (int i = 0; i < count_; ++i) {
      const size_t at = static_cast<size_t>(i) * prompts.size() / static_cast<size_t>(count_);
      samples.push_back(dataset.draw(prompts[at], static_cast<uint64_t>(i)));
    }
    return samples;
  }

  static Json describe(const Dataset& dataset, const Sample& sample) {
    Json boxes = Json::array();
    for (const Box& box : sample.boxes) {
      Json row = {{"class", dataset.class_names().at(box.class_id)}, {"box", {box.x0, box.y0, box.x1, box.y1}}};
      if (box.color_id >= 0) row["color"] = dataset.color_names().at(box.color_id);
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
    return draw_tiles(tiles, dataset.side(), static_cast<int>(std::ceil(std::sqrt(samples.size() * 1.2))), !plain_);
  }

  std::string name_, split_, out_;
  std::vector<std::string> assignments_;
  int side_ = 0, count_ = 36;
  uint64_t seed_ = 0;
  bool plain_ = false, boxes_ = false;
};

EMF_REGISTER(CommandRegistry, "show", "Pictures of a dataset as one PNG grid", std::make_unique<Show>);

}  // namespace
}  // namespace emf
