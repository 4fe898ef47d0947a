// SPDX-License-Identifier: Apache-2.0
// Compositional pictures from emoji sprites: GenEval's six tasks with every fact, box and colour known.
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <set>
#include <span>

#include "data/scenes/composer.h"
#include "data/scenes/judged.h"
#include "data/scenes/layout.h"
#include "data/scenes/sprites.h"
#include "data/scenes/world.h"
#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/random.h"
#include "harness/captions/composition.h"
#include "harness/captions/grammar.h"

namespace emf {
namespace {

using scenes::Corner;
using scenes::Extent;
using scenes::SizeRange;
using scenes::Sprite;

/// Raised by every change that changes a picture or a caption of a world without compositions (these have
/// Composer::kPoolVersion): instruments are trained on them.
constexpr int kFormatVersion = 1;
constexpr int kMostObjects = 4;

class Scenes : public Dataset, public FactWorld {
 public:
  Scenes(const Options& options, uint64_t seed)
      : world_(scenes::read_options(options)),
        composer_(world_, seed),
        seed_(seed),
        book_(world_.options().classes, world_.options().vendors, scenes::size_range(1, world_.options().side).high) {
    for (const int id : world_.options().classes) class_names_.push_back(geneval_classes()[id]);
    for (const int id : world_.options().colors) color_names_.push_back(geneval_colors()[id]);
  }

  std::string name() const override { return "scenes"; }
  int height() const override { return side(); }
  int width() const override { return side(); }
  const FactWorld* world() const override { return this; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  const std::vector<std::string>& color_names() const override { return color_names_; }

  Json fingerprint() const override {
    Json pairs = Json::array();
    for (const auto& [class_id, color_id] : world_.held_out_pairs()) {
      pairs.push_back(Json::array({geneval_classes()[class_id], geneval_colors()[color_id]}));
    }
    Json fingerprint = {{"options", scenes::describe(world_.options())},
                        {"seed", seed_},
                        {"held_out_pairs", pairs},
                        {"sprites", spec_hash(book_.hashes())},
                        {"format", kFormatVersion}};
    // Instruments know worlds without compositions, which stay what they are when the pool changes.
    if (world_.options().compositions > 0) fingerprint["composition_pool"] = scenes::Composer::kPoolVersion;
    return fingerprint;
  }

  std::vector<std::string> attributions() const override {
    std::vector<std::string> lines;
    for (const Json& vendor : scenes::sprite_manifest().at("vendors")) {
      const auto& used = world_.options().vendors;
      if (std::find(used.begin(), used.end(), vendor.at("vendor")) != used.end()) {
        lines.push_back(fmt::format("{}. From {} {} ({}).", vendor.at("attribution").get<std::string>(),
                                    vendor.at("package").get<std::string>(), vendor.at("version").get<std::string>(),
                                    vendor.at("registry").get<std::string>()));
      }
    }
    return lines;
  }

  Sample sample(uint64_t index) const override {
    Sample sample;
    sample.index = index;
    sample.picture.resize(static_cast<size_t>(side()) * side() * 3);
    picture(index, sample.picture, sample.boxes);
    sample.prompt = prompt(index);
    return sample;
  }

  void picture(uint64_t index, std::span<uint8_t> picture, std::vector<Box>& boxes) const override {
    const auto composition = training_composition(index);
    paint(composition ? *composition : composition_of_facts(training_facts(index)),
          Random(seed_, layout_stream_, index), picture, boxes);
  }

  Prompt prompt(uint64_t index) const override {
    if (const auto composition = training_composition(index)) return say_composition(*composition);
    const Facts facts = training_facts(index);
    return say_facts(facts, training_text(facts, index));
  }

  std::vector<Prompt> all_prompts(Split split) const override {
    std::vector<Prompt> prompts;
    const bool official = split != Split::kParaphrase;
    const bool reworded = split == Split::kParaphrase || (split == Split::kTrain && world_.options().paraphrase > 0);
    for (const Task task : world_.options().tasks) {
      for (uint32_t number = 0; number < world_.size(task); ++number) {
        const Facts facts = world_.facts(task, number);
        if (world_.held_out(facts) != (split == Split::kHeldOut)) continue;
        if (official) {
          for (const std::string& text : world_.training_texts(facts)) prompts.push_back(say_facts(facts, text));
        }
        if (!reworded) continue;
        for (const std::string& text : paraphrase_captions(facts)) prompts.push_back(say_facts(facts, text));
      }
    }
    if (split != Split::kTrain || world_.options().compositions == 0) return prompts;
    std::set<std::string> said;
    for (uint32_t number = 0; number < scenes::Composer::kPool; ++number) {
      Prompt prompt = say_composition(composer_.training(number));
      if (said.insert(prompt.text).second) prompts.push_back(std::move(prompt));
    }
    return prompts;
  }

  std::vector<Prompt> evaluation_prompts(int count, uint64_t seed) const override;

  std::vector<Prompt> compositions(int count, uint64_t seed) const override {
    std::vector<Prompt> prompts;
    for (const Composition& composition : composer_.judged(count, seed)) {
      prompts.push_back(say_composition(composition));
      prompts.back().labels["held_out"] = world_.held_out(composition.objects);
    }
    return prompts;
  }

  Sample draw(const Prompt& prompt, uint64_t index) const override;

  Prompt paraphrase(const Prompt& prompt, uint64_t index) const override {
    if (is_composition(prompt.labels)) return prompt;
    const Facts facts = facts_of(prompt);
    // What pretraining reads of a world must not hold the words that the world keeps for judging.
    std::vector<std::string> captions =
        world_.options().held_out_words ? world_.training_texts(facts) : paraphrase_captions(facts);
    if (!world_.options().held_out_words) captions.push_back(write_caption(facts));
    std::erase(captions, prompt.text);
    Random random(seed_, paraphrase_stream_, index);
    return say_facts(facts, captions[random.below(static_cast<uint32_t>(captions.size()))]);
  }

 private:
  int side() const { return world_.options().side; }
  /// Judged prompts then say what of them training never had.
  bool judges_novelty() const { return world_.options().held_out_words || world_.options().held_out_pairs > 0; }

  static Prompt say_facts(const Facts& facts, const std::string& text) {
    return {text, facts_to_metadata(facts, text)};
  }

  static Prompt say_composition(const Composition& composition) {
    const std::string text = write_composition(composition);
    return {text, composition_labels(composition, text)};
  }

  /// @throws UserError  neither labels nor a caption of the grammar.
  static Facts facts_of(const Prompt& prompt) {
    if (!prompt.labels.is_null()) return facts_from_metadata(prompt.labels);
    const auto parsed = parse_caption(prompt.text);
    if (!parsed) fail_input("scenes: '{}' is not a caption of GenEval's grammar (\"a photo of ...\")", prompt.text);
    return *parsed;
  }

  /// The composition that training shows at this index, if it is one.
  std::optional<Composition> training_composition(uint64_t index) const {
    const double share = world_.options().compositions;
    if (share == 0) return std::nullopt;
    // A stream of its own: the pictures that are none stay what they are without compositions.
    Random random(seed_, composition_stream_, index);
    if (random.uniform() >= share) return std::nullopt;
    return composer_.training(random.below(scenes::Composer::kPool));
  }

  /// Uniform task, then uniform facts among those training may show.
  Facts training_facts(uint64_t index) const {
    Random random(seed_, facts_stream_, index);
    const auto& tasks = world_.options().tasks;
    const Task task = tasks[random.below(static_cast<uint32_t>(tasks.size()))];
    const uint32_t size = world_.size(task);
    // Held-out facts are drawn again. Fewer than half of any kind are held out, so this ends soon.
    for (;;) {
      Facts facts = world_.facts(task, random.below(size));
      if (!world_.held_out(facts)) return facts;
    }
  }

  std::string training_text(const Facts& facts, uint64_t index) const {
    if (world_.options().held_out_words) {
      const std::vector<std::string> texts = world_.training_texts(facts);
      Random random(seed_, caption_stream_, index);
      return texts[random.below(static_cast<uint32_t>(texts.size()))];
    }
    if (world_.options().paraphrase > 0) {
      Random random(seed_, caption_stream_, index);
      if (random.uniform() < world_.options().paraphrase) {
        const auto captions = paraphrase_captions(facts);
        return captions[random.below(static_cast<uint32_t>(captions.size()))];
      }
    }
    return write_caption(facts);
  }

  /// @throws UserError  an object, colour or count that this world has not.
  void check_drawable(const Composition& scene) const;
  void paint(const Composition& scene, Random random, std::span<uint8_t> picture, std::vector<Box>& boxes) const;

  scenes::World world_;
  scenes::Composer composer_;
  uint64_t seed_;
  scenes::SpriteBook book_;
  std::vector<std::string> class_names_, color_names_;
  uint64_t facts_stream_ = stream_key("scenes/facts"), layout_stream_ = stream_key("scenes/layout"),
           caption_stream_ = stream_key("scenes/caption"), paraphrase_stream_ = stream_key("scenes/paraphrase"),
           composition_stream_ = stream_key("scenes/composition");
};

void paste(const Sprite& sprite, const Corner& corner, int side, std::span<uint8_t> picture) {
  const uint8_t* source = sprite.rgba.data();
  for (int y = 0; y < sprite.height; ++y) {
    uint8_t* target = picture.data() + (static_cast<size_t>(corner.y + y) * side + corner.x) * 3;
    for (int x = 0; x < sprite.width; ++x, source += 4, target += 3) {
      const int rest = 255 - source[3];
      // (v + 127) / 255 rounds; premultiplied colour never exceeds alpha, so the sum stays within a byte.
      for (int c = 0; c < 3; ++c) target[c] = static_cast<uint8_t>(source[c] + (target[c] * rest + 127) / 255);
    }
  }
}

void Scenes::paint(const Composition& scene, Random random, std::span<uint8_t> picture, std::vector<Box>& boxes) const {
  ensure(picture.size() == static_cast<size_t>(side()) * side() * 3, "a picture of {} bytes at side {}", picture.size(),
         side());
  const scenes::Freedom& freedom = world_.options().freedom;
  scenes::paint_background(side(), freedom.variety, random, picture);
  const int total = std::accumulate(scene.objects.begin(), scene.objects.end(), 0,
                                    [](int sum, const ObjectFact& object) { return sum + object.count; });
  ensure(total >= 1 && total <= kMostObjects, "{} objects in one picture", total);
  const SizeRange range = scenes::size_range(total, side(), freedom);
  std::array<const Sprite*, kMostObjects> sprites{};
  std::array<Extent, kMostObjects> extents{};
  std::array<Corner, kMostObjects> corners{};
  boxes.resize(total);
  int at = 0;
  for (const ObjectFact& object : scene.objects) {
    const int which = world_.class_position(object.class_id);
    // Objects of one class are copies of one sprite in different sizes, as two clocks on one shelf would be.
    const int drawing = static_cast<int>(random.below(static_cast<uint32_t>(book_.count(which))));
    for (int copy = 0; copy < object.count; ++copy, ++at) {
      const auto steps = static_cast<uint32_t>((range.high - range.low) / range.step);
      const int size = range.low + range.step * static_cast<int>(random.below(steps + 1));
      sprites[at] = &book_.get(which, drawing, object.color_id, size);
      extents[at] = {sprites[at]->width, sprites[at]->height};
      boxes[at].class_id = which;
      boxes[at].color_id = object.color_id < 0 ? -1 : world_.color_position(object.color_id);
    }
  }
  scenes::place(scene.relations, std::span(extents).first(total), side(), freedom, random, corners);
  for (int i = 0; i < total; ++i) {
    paste(*sprites[i], corners[i], side(), picture);
    boxes[i].x0 = static_cast<float>(corners[i].x + sprites[i]->box_x0);
    boxes[i].y0 = static_cast<float>(corners[i].y + sprites[i]->box_y0);
    boxes[i].x1 = static_cast<float>(corners[i].x + sprites[i]->box_x1);
    boxes[i].y1 = static_cast<float>(corners[i].y + sprites[i]->box_y1);
  }
}

std::vector<Prompt> Scenes::evaluation_prompts(int count, uint64_t seed) const {
  std::vector<Prompt> prompts;
  for (const scenes::JudgedFacts& judged : scenes::judged_facts(world_, count, seed)) {
    prompts.push_back(say_facts(judged.facts, judged.text));
    prompts.back().labels["held_out"] = judged.novelty == Novelty::kCombination;
    if (judges_novelty()) prompts.back().labels["novelty"] = novelty_names()[static_cast<size_t>(judged.novelty)];
  }
  return prompts;
}

void Scenes::check_drawable(const Composition& scene) const {
  for (const ObjectFact& object : scene.objects) {
    if (world_.class_position(object.class_id) < 0) {
      fail_input("scenes: this world has no '{}'; add it to classes", geneval_classes()[object.class_id]);
    }
    if (object.color_id >= 0 && world_.color_position(object.color_id) < 0) {
      fail_input("scenes: this world has no '{}'; add it to colors", geneval_colors()[object.color_id]);
    }
    if (object.count > kMostObjects) {
      fail_input("scenes: cannot draw {} objects, at most {}", object.count, kMostObjects);
    }
  }
}

Sample Scenes::draw(const Prompt& prompt, uint64_t index) const {
  Composition scene;
  std::string text;
  if (is_composition(prompt.labels)) {
    scene = composition_from_labels(prompt.labels);
    text = write_composition(scene);
  } else {
    const Facts facts = facts_of(prompt);
    scene = composition_of_facts(facts);
    text = write_caption(facts);
  }
  check_drawable(scene);
  Sample sample;
  sample.index = index;
  sample.prompt = prompt;
  sample.picture.resize(static_cast<size_t>(side()) * side() * 3);
  // The caption is part of the key: one index gives unrelated layouts for different prompts.
  paint(scene, Random(seed_, stream_key("scenes/draw/" + text), index), sample.picture, sample.boxes);
  return sample;
}

std::unique_ptr<Dataset> make_scenes(const Options& options, const DatasetContext& context) {
  return std::make_unique<Scenes>(options, context.seed);
}

EMF_REGISTER(DatasetRegistry, "scenes",
             "Compositional pictures from emoji sprites: GenEval's six tasks, all facts known", make_scenes);

}  // namespace
}  // namespace emf
