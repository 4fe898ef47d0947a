// SPDX-License-Identifier: Apache-2.0
// What a dataset gives: pictures with captions, and, where its pictures are drawn from facts,
// the world those facts are of. LibTorch-free.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/options.h"
#include "harness/base/registry.h"
#include "harness/captions/prompt.h"

namespace emf {

/// One object in a picture.
struct Box {
  int class_id = 0;                      ///< index into FactWorld::class_names()
  int color_id = -1;                     ///< index into FactWorld::color_names(); -1 = its natural colours
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;  ///< pixels of the picture, x to the right, y down; x1, y1 exclusive
};

/// One picture with everything known about it.
struct Sample {
  uint64_t index = 0;
  Prompt prompt;
  std::vector<Box> boxes;        ///< empty where the dataset has no facts
  std::vector<uint8_t> picture;  ///< RGB bytes, row by row: height * width * 3
};

/// Which part of a world: training never shows held-out (object, colour) pairs;
/// `paraphrase` says the same facts in other words.
enum class Split { kTrain, kHeldOut, kParaphrase };

/// The finite world of GenEval's facts that a dataset's pictures are drawn from. What
/// judges pictures by boxes asks for one.
class FactWorld {
 public:
  virtual ~FactWorld() = default;
  virtual const std::vector<std::string>& class_names() const = 0;
  virtual const std::vector<std::string>& color_names() const = 0;
  /// Every distinct caption of a split in a fixed order. kTrain: every caption that sample() can have, its paraphrases
  /// too where the options train on them. kParaphrase: the training facts in all other words.
  /// @cost  about 10 us and 1 KB a caption: cheap in small worlds, 360,000 captions in the largest.
  virtual std::vector<Prompt> all_prompts(Split split) const = 0;
  /// `count` distinct compositions to judge by (labels of composition.h plus "held_out":
  /// true|false), none of which says what one of training says, in whatever order; empty when the
  /// world has none. The first of many are those of few.
  /// @throws UserError  more than the world has.
  virtual std::vector<Prompt> compositions(int count, uint64_t seed) const {
    (void)count, (void)seed;
    return {};
  }
};

/// A source of pictures with captions. Every sample is a pure function of (options, seed,
/// index): sample() may be called from any thread.
class Dataset {
 public:
  static constexpr const char* kKind = "dataset";
  virtual ~Dataset() = default;

  virtual std::string name() const = 0;
  /// Everything that decides the bytes: options, seed, hashes of files, format version. Part of spec hashes.
  virtual Json fingerprint() const = 0;
  /// Licence and attribution lines that a report must print.
  virtual std::vector<std::string> attributions() const = 0;
  virtual int height() const = 0;  ///< of every picture, pixels
  virtual int width() const = 0;

  /// Pictures of the training part; nothing = unbounded, any index is another picture.
  virtual std::optional<uint64_t> size() const { return std::nullopt; }
  /// Captions at most of one picture: sample i of a bounded dataset shows picture i mod size with its caption i div
  /// size, and begins anew with a picture's captions where it has fewer.
  virtual uint64_t captions_a_picture() const { return 1; }

  /// The training sample `index`; any index is valid.   @cost  scenes: about 20 us at side 32.
  virtual Sample sample(uint64_t index) const = 0;
  /// sample()'s picture and boxes alone, for training: no caption, no JSON, no new picture.
  /// @param picture  height * width * 3 bytes, RGB row by row, all overwritten.  @cost  scenes: about 5 us at side 32.
  virtual void picture(uint64_t index, std::span<uint8_t> picture, std::vector<Box>& boxes) const {
    const Sample whole = sample(index);
    std::copy(whole.picture.begin(), whole.picture.end(), picture.begin());
    boxes = whole.boxes;
  }
  /// sample() without drawing: caption and labels only. Equal to sample(index).prompt.
  virtual Prompt prompt(uint64_t index) const = 0;

  /// A picture that training never shows; `index` lies below unseen_size().
  virtual Sample unseen(uint64_t index) const { return sample(kUnseen + index); }
  /// Pictures of unseen() at most; nothing = unbounded.
  virtual std::optional<uint64_t> unseen_size() const { return std::nullopt; }

  /// `count` distinct prompts to judge by. In a world: tasks balanced, held-out pairs included
  /// (labels carry "held_out": true|false). Elsewhere captions of pictures that training never
  /// shows, their labels' "tag" being "caption".
  /// @throws UserError  more than there are.
  virtual std::vector<Prompt> evaluation_prompts(int count, uint64_t seed) const = 0;
  /// A picture of a prompt that this dataset gave; for ceilings and probes. In a world `index` picks layout and vendor.
  /// @throws UserError  a prompt this dataset has no picture of.
  virtual Sample draw(const Prompt& prompt, uint64_t index) const = 0;
  /// The facts behind its pictures; null where there are none: class labels cannot be read then, nor boxes be judged.
  virtual const FactWorld* world() const { return nullptr; }

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

  /// Sample indices of unbounded datasets from here on are never trained on.
  static constexpr uint64_t kUnseen = uint64_t{1} << 40;
};

struct DatasetContext {
  uint64_t seed = 0;  ///< the data seed
};

/// @param options  the suite's [data] table; the factory reads every key of it but `name`.
using DatasetRegistry = Registry<Dataset, const Options&, const DatasetContext&>;

}  // namespace emf
