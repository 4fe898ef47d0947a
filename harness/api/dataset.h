// What a dataset gives: pictures with captions, structured labels and exact boxes. LibTorch-free.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/base/config.h"
#include "harness/base/error.h"
#include "harness/base/registry.h"
#include "harness/captions/prompt.h"

namespace emf {

/// One object in a picture.
struct Box {
  int class_id = 0;                      ///< index into Dataset::class_names()
  int color_id = -1;                     ///< index into Dataset::color_names(); -1 = its natural colours
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;  ///< pixels of the picture, x to the right, y down; x1, y1 exclusive
};

/// One picture with everything known about it.
struct Sample {
  uint64_t index = 0;
  Prompt prompt;
  std::vector<Box> boxes;
  std::vector<uint8_t> picture;  ///< RGB bytes, row by row: side * side * 3
};

/// Which part of a dataset: training never shows held-out (object, colour) pairs; `paraphrase` says the same
/// facts in other words.
enum class Split { kTrain, kHeldOut, kParaphrase };

/// A source of samples. Every sample is a pure function of (options, seed, index): sample() may be called
/// from any thread.
class Dataset {
 public:
  static constexpr const char* kKind = "dataset";
  virtual ~Dataset() = default;

  virtual std::string name() const = 0;
  /// Everything that decides the bytes: options, seed, sprite hashes, format version. Part of spec hashes.
  virtual Json fingerprint() const = 0;
  /// Licence and attribution lines that a report must print.
  virtual std::vector<std::string> attributions() const = 0;
  virtual int side() const = 0;  ///< picture side in pixels
  virtual const std::vector<std::string>& class_names() const = 0;
  virtual const std::vector<std::string>& color_names() const = 0;

  /// The training sample `index` (unbounded: any index is valid).   @cost  about 20 us at side 32.
  virtual Sample sample(uint64_t index) const = 0;
  /// sample()'s picture and boxes alone, for training: no caption, no JSON, no new picture.
  /// @param picture  side * side * 3 bytes, RGB row by row, all overwritten.  @cost  about 5 us at side 32.
  virtual void picture(uint64_t index, std::span<uint8_t> picture, std::vector<Box>& boxes) const {
    const Sample whole = sample(index);
    std::copy(whole.picture.begin(), whole.picture.end(), picture.begin());
    boxes = whole.boxes;
  }
  /// sample() without drawing: caption and labels only. Equal to sample(index).prompt.
  virtual Prompt prompt(uint64_t index) const = 0;
  /// Every distinct caption of a split in a fixed order (all worlds are finite). kTrain: every caption that
  /// sample() can have, its paraphrases too where the options train on them. kParaphrase: the training facts
  /// in all other words.
  /// @cost  about 10 us and 1 KB a caption: cheap in small worlds, 360,000 captions in the largest.
  virtual std::vector<Prompt> all_prompts(Split split) const = 0;
  /// `count` distinct prompts to judge by, tasks balanced, held-out pairs included (labels carry "held_out":
  /// true|false).
  virtual std::vector<Prompt> evaluation_prompts(int count, uint64_t seed) const = 0;
  /// `count` distinct compositions to judge by (labels of composition.h plus "held_out": true|false), none of which says
  /// what one of training says, in whatever order; empty when the dataset has none. The first of many are those of few.
  /// @throws UserError  more than the world has.
  virtual std::vector<Prompt> compositions(int count, uint64_t seed) const {
    (void)count, (void)seed;
    return {};
  }
  /// A picture of the given facts, a composition's too; for ceilings and probes. `index` picks layout and vendor.
  /// @throws UserError  facts this world cannot draw.
  virtual Sample draw(const Prompt& prompt, uint64_t index) const = 0;

  /// False when the labels are not GenEval's facts: class labels then cannot be read, and pictures not be judged, so the
  /// dataset is for probes alone.
  virtual bool has_facts() const { return true; }
  /// Pictures of one caption that a probe takes the mean features of: draw(prompt, index) shows view index % views().
  virtual int views() const { return 1; }
  /// The ways in which the dataset can say a prompt ("full", "label" ...); empty when the caption is the only one.
  virtual std::vector<std::string> wordings() const { return {}; }
  /// The prompt in the words of one of wordings().   @throws UserError  another wording (names the nearest).
  virtual Prompt reword(const Prompt& prompt, const std::string& wording) const {
    (void)prompt;
    fail_input("dataset {} has no wording '{}': its captions are all it says", name(), wording);
  }
  /// The same facts in other words, `index` picking which; the prompt itself where no other words are known.
  virtual Prompt paraphrase(const Prompt& prompt, uint64_t index) const {
    (void)index;
    return prompt;
  }
};

/// @param options  the suite's [data] table; the factory reads every key of it.  @param seed  the data seed.
using DatasetRegistry = Registry<Dataset, const Config&, uint64_t>;

}  // namespace emf
