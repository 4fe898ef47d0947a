// emfbench show NAME: pictures of a dataset as one PNG grid, to look at.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "harness/api/dataset.h"
#include "harness/base/file.h"
#include "harness/command/command.h"

namespace emf {
namespace {

constexpr int kCellWidth = 168;  // pixels of the grid; a caption line holds about 28 letters
constexpr int kLineHeight = 13;
constexpr int kCaptionLines = 3;
constexpr int kMargin = 4;
constexpr double kFontScale = 0.34;

const std::map<std::string, Split> kSplits = {
    {"train", Split::kTrain}, {"held_out", Split::kHeldOut}, {"paraphrase", Split::kParaphrase}};

/// Breaks a caption into lines of at most `letters`; the last one ends in ".." when words are left over.
std::vector<std::string> lines_of(const std::string& text, size_t letters) {
  std::vector<std::string> lines = {""};
  size_t start = 0;
  while (start < text.size()) {
    const size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > letters) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
    start = end + 1;
  }
  if (lines.size() > kCaptionLines) {
    lines.resize(kCaptionLines);
    lines.back() += " ..";
  }
  return lines;
}

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
    app.add_option("--split", split_, "train, held_out, paraphrase or evaluation")->default_val("train");
    app.add_option("--out", out_, "PNG to write (default: NAME.png here)");
    app.add_flag("--plain", plain_, "pictures alone: no captions, no enlargement");
    app.add_flag("--boxes", boxes_, "draw the boxes");
  }

  ExitCode run(const CommonFlags& flags) override {
    if (!DatasetRegistry::instance().contains(name_)) {
      fail_input("nothing to show called '{}'{}", name_,
                 suggestion(name_, DatasetRegistry::instance().names()));
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
    } else if (const auto split = kSplits.find(split_); split != kSplits.end()) {
      prompts = dataset.all_prompts(split->second);
    } else {
      fail_input("--split knows no '{}'{}", split_,
                 suggestion(split_, {"train", "held_out", "paraphrase", "evaluation"}));
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
      Json row = {{"class", dataset.class_names().at(box.class_id)},
                  {"box", {box.x0, box.y0, box.x1, box.y1}}};
      if (box.color_id >= 0) row["color"] = dataset.color_names().at(box.color_id);
      boxes.push_back(std::move(row));
    }
    return {{"index", sample.index},
            {"text", sample.prompt.text},
            {"labels", sample.prompt.labels},
            {"boxes", boxes}};
  }

  std::string grid(const Dataset& dataset, const std::vector<Sample>& samples) const {
    const int side = dataset.side(), columns = static_cast<int>(std::ceil(std::sqrt(samples.size() * 1.2)));
    const int rows = (static_cast<int>(samples.size()) + columns - 1) / columns;
    const int scale = plain_ ? 1 : std::max(1, (kCellWidth - 2 * kMargin) / side);
    const int width = plain_ ? side + 1 : kCellWidth;
    const int height = plain_ ? side + 1 : side * scale + kLineHeight * kCaptionLines + 2 * kMargin;
    cv::Mat3b canvas(rows * height, columns * width, cv::Vec3b(255, 255, 255));
    for (size_t i = 0; i < samples.size(); ++i) {
      const Sample& sample = samples[i];
      const cv::Point corner(
          static_cast<int>(i) % columns * width + (plain_ ? 0 : (width - side * scale) / 2),
          static_cast<int>(i) / columns * height + (plain_ ? 0 : kMargin));
      const cv::Mat3b rgb(side, side,
                          reinterpret_cast<cv::Vec3b*>(const_cast<uint8_t*>(sample.picture.data())));
      cv::Mat large;
      cv::cvtColor(rgb, large, cv::COLOR_RGB2BGR);
      cv::resize(large, large, {}, scale, scale, cv::INTER_NEAREST);
      large.copyTo(canvas(cv::Rect(corner, large.size())));
      if (boxes_) {
        for (const Box& box : sample.boxes) {
          cv::rectangle(canvas, corner + cv::Point(cv::Point2f(box.x0, box.y0) * scale),
                        corner + cv::Point(cv::Point2f(box.x1, box.y1) * scale) - cv::Point(1, 1),
                        {255, 255, 255});
        }
      }
      if (plain_) continue;
      int y = corner.y + side * scale + kLineHeight - 2;
      for (const std::string& line : lines_of(sample.prompt.text, 27)) {
        cv::putText(canvas, line, {static_cast<int>(i) % columns * width + kMargin, y},
                    cv::FONT_HERSHEY_SIMPLEX, kFontScale, {40, 40, 40}, 1, cv::LINE_AA);
        y += kLineHeight;
      }
    }
    std::vector<uint8_t> bytes;
    cv::imencode(".png", canvas, bytes);
    return {bytes.begin(), bytes.end()};
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
