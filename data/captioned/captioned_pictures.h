// SPDX-License-Identifier: Apache-2.0
// A bounded data set of pictures with captions, wherever they lie: what captioned_folder and webdataset have in common.
#pragma once

#include "data/captioned/examine.h"
#include "data/captioned/picture_table.h"
#include "harness/api/dataset.h"
#include "harness/pictures/fit.h"

namespace emf::captioned {

/// The keys of [data] that every data set of captioned pictures has.
struct CaptionedOptions {
  std::string path;  ///< for messages and attributions
  int height = 0, width = 0;
  pictures::Resize resize = pictures::Resize::kArea;
  double held_out = 0;            ///< share of the pictures
  int64_t held_out_pictures = 0;  ///< so many instead, where it is not 0
  std::vector<std::string> exclude;
  std::vector<std::string> caption_keys;
  bool caption_lines = true;  ///< every line of a text file is a caption; false: the whole text is one
  Check check = Check::kAuto;
  std::string licence, attribution;
};

/// Reads these but the path, which is one folder here and a list of shards there. What a data set has beyond them it
/// reads itself, then calls reader.finish().
/// @throws UserError  two keys that exclude each other, one that lacks its other half.
CaptionedOptions read_captioned_options(ConfigReader& reader, std::string path);

/// True for pictures that training never shows.
class HeldOut {
 public:
  /// Each picture is held out or not by its name and the seed alone: whatever is added or taken away moves no other.
  /// With a number instead of a share, those with the smallest hashes are, so that a new picture moves at most one.
  HeldOut(const CaptionedOptions& options, const PictureTable& table, uint64_t seed);
  bool operator()(uint32_t picture) const { return held_out_[picture]; }

 private:
  std::vector<bool> held_out_;
};

class CaptionedPictures : public Dataset {
 public:
  /// @param table        filled but not finished: what cannot be read or has no caption is left out here, and told of.
  /// @param captions     digest of every byte that captions were read from.
  /// @param found_where  for people: "from metadata.jsonl".
  /// @throws UserError  nothing is left to train on.
  CaptionedPictures(std::string name, CaptionedOptions options, PictureTable table, Sha256& captions,
                    const std::string& found_where, uint64_t seed);

  std::string name() const override { return name_; }
  Json fingerprint() const override { return fingerprint_; }
  std::vector<std::string> attributions() const override;
  int height() const override { return options_.height; }
  int width() const override { return options_.width; }
  std::optional<uint64_t> size() const override { return training_.size(); }
  uint64_t captions_a_picture() const override { return most_captions_; }
  std::optional<uint64_t> unseen_size() const override { return held_out_.size(); }

  Sample sample(uint64_t index) const override;
  void picture(uint64_t index, std::span<uint8_t> picture, std::vector<Box>& boxes) const override;
  Prompt prompt(uint64_t index) const override;
  Sample unseen(uint64_t index) const override;
  std::vector<Prompt> evaluation_prompts(int count, uint64_t seed) const override;
  Sample draw(const Prompt& prompt, uint64_t index) const override;
  Prompt paraphrase(const Prompt& prompt, uint64_t index) const override;

  const PictureTable& table() const { return table_; }

 private:
  Prompt say_caption(uint32_t picture, uint32_t number) const;
  Sample show(uint32_t picture, Prompt prompt, uint64_t index) const;
  void paint(uint32_t picture, std::span<uint8_t> target) const;
  /// @throws UserError  a prompt of another data set.
  uint32_t picture_of(const Prompt& prompt) const;

  std::string name_;
  CaptionedOptions options_;
  PictureTable table_;
  std::vector<uint32_t> training_, held_out_;  ///< numbers of pictures
  uint64_t most_captions_ = 0;
  Json fingerprint_;
};

}  // namespace emf::captioned
