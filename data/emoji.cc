// SPDX-License-Identifier: Apache-2.0
// Real captions and real pictures: every emoji's name and tags, drawn by one or more vendors. For probes: its prompts
// hold no facts that class labels could read or GenEval's rule could judge.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "data/emoji/concepts.h"
#include "data/emoji/sprite_archive.h"
#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/base/random.h"

namespace emf {
namespace {

using emoji::Concept;
using emoji::Picture;

/// Raised by every change that changes a picture or a caption.
constexpr int kFormatVersion = 1;

const std::map<std::string, std::string>& vendor_credits() {
  static const std::map<std::string, std::string> credits = {
      {"google", "Noto Emoji (google/noto-emoji), Copyright Google LLC, Apache-2.0"},
      {"twitter",
       "Twemoji (jdecked/twemoji), Copyright Twitter, Inc and other contributors, CC-BY 4.0 "
       "(https://creativecommons.org/licenses/by/4.0/)"}};
  return credits;
}

struct EmojiOptions {
  std::vector<std::string> vendors;
  int side = 64;
  bool distinct = true;
  std::string part;
  std::string caption;
};

/// One concept in so many is held out of part "train", by its key alone: the parts stay apart whatever else is chosen.
constexpr uint32_t kHeldOutOneIn = 5;

bool is_held_out(const Concept& one) { return Random(0, "emoji/held_out/" + one.key, 0).below(kHeldOutOneIn) == 0; }

EmojiOptions read_options(const Options& table) {
  ConfigReader reader(table);
  EmojiOptions options;
  std::vector<std::string> known;
  for (const auto& [vendor, credit] : vendor_credits()) known.push_back(vendor);
  options.vendors = reader.texts("vendors", known, "whose drawings [vendors]");
  std::set<std::string> seen;
  for (const std::string& vendor : options.vendors) {
    if (vendor_credits().count(vendor) == 0) {
      fail_input("{}: no vendor '{}'{}", reader.place("vendors"), vendor, suggestion(vendor, known));
    }
    if (!seen.insert(vendor).second) fail_input("{}: vendor '{}' stands twice", reader.place("vendors"), vendor);
  }
  if (options.vendors.empty()) fail_input("{}: 'vendors' is empty", reader.place("vendors"));
  options.side = static_cast<int>(reader.integer("side", options.side, 8, 512, "side of a picture [pixels]"));
  options.distinct = reader.choice("subset", "distinct", {"all", "distinct"},
                                   "whether concepts that look alike are left out") == "distinct";
  options.part = reader.choice("part", "whole", {"whole", "train", "held_out"},
                               "which concepts: all, or those that the split gives");
  options.caption = reader.choice("caption", "full", {"label", "full"}, "the emoji's label, or label and keywords");
  reader.finish();
  return options;
}

class Emoji : public Dataset {
 public:
  Emoji(const Options& options, uint64_t seed) : options_(read_options(options)), seed_(seed) {
    const PackageFile captions = require_package_file("emoji-captions"), groups = require_package_file("emoji-groups");
    files_ = {captions, groups};
    std::vector<std::map<std::string, std::string>> sprites;
    for (const std::string& vendor : options_.vendors) {
      files_.push_back(require_package_file("emoji-" + vendor));
      sprites.push_back(emoji::read_sprite_archive(files_.back()));
    }
    for (Concept& one :
         emoji::read_concepts(read_json(captions.path), read_json(groups.path), captions.path.string())) {
      // The captions know newer emoji than the pictures.
      const bool drawn = std::all_of(sprites.begin(), sprites.end(),
                                     [&](const auto& pictures) { return pictures.count(one.key) > 0; });
      if (!drawn || (options_.distinct && !emoji::is_distinct(one))) continue;
      if (options_.part != "whole" && is_held_out(one) != (options_.part == "held_out")) continue;
      for (const auto& pictures : sprites)
        pictures_.push_back(emoji::decode_over_white(pictures.at(one.key), one.label));
      places_[one.key] = concepts_.size();
      by_text_.try_emplace(one.label, concepts_.size());
      by_text_.try_emplace(emoji::full_caption(one), concepts_.size());
      concepts_.push_back(std::move(one));
    }
    if (concepts_.empty())
      fail_input("{}: no emoji of it has a picture in {}", captions.path.string(), files_.back().path.string());
    order_ = shuffled(seed_, "emoji/order");
  }

  std::string name() const override { return "emoji"; }
  int height() const override { return options_.side; }
  int width() const override { return options_.side; }
  std::vector<std::string> wordings() const override { return {"full", "label", "tags"}; }
  int views() const override { return static_cast<int>(options_.vendors.size()); }

  Json fingerprint() const override {
    Json hashes = Json::array();
    for (const PackageFile& file : files_) hashes.push_back(file.sha256);
    Json fingerprint = {{"name", "emoji"},
                        {"vendors", options_.vendors},
                        {"side", options_.side},
                        {"subset", options_.distinct ? "distinct" : "all"},
                        {"caption", options_.caption},
                        {"seed", seed_},
                        {"files", spec_hash(hashes)},
                        {"format", kFormatVersion}};
    if (options_.part != "whole") fingerprint["part"] = options_.part;
    return fingerprint;
  }

  std::vector<std::string> attributions() const override {
    std::vector<std::string> lines;
    for (size_t i = 0; i < options_.vendors.size(); ++i) {
      lines.push_back(fmt::format("{}; laid over white and resized. From {}.", vendor_credits().at(options_.vendors[i]),
                                  files_[2 + i].package));
    }
    lines.push_back(fmt::format(
        "Names and tags of emoji: {}, Copyright Miles Johnson, MIT; derived from Unicode CLDR, Copyright Unicode, Inc. "
        "(https://www.unicode.org/license.txt).",
        files_[0].package));
    return lines;
  }

  /// One concept after the other in a seeded order, the next vendor in every round.
  Sample sample(uint64_t index) const override {
    const size_t place = order_[index % order_.size()];
    return sample_of(place, say(place, options_.caption), index, index / order_.size() + place);
  }
  Prompt prompt(uint64_t index) const override { return say(order_[index % order_.size()], options_.caption); }

  std::vector<Prompt> evaluation_prompts(int count, uint64_t seed) const override {
    if (count < 1 || static_cast<size_t>(count) > concepts_.size()) {
      fail_input("data: {} evaluation prompts asked for, emoji has 1 to {} different ones", count, concepts_.size());
    }
    const std::vector<size_t> order = shuffled(seed, "emoji/evaluation");
    std::vector<Prompt> prompts;
    for (int i = 0; i < count; ++i) {
      prompts.push_back(say(order[static_cast<size_t>(i)], options_.caption));
      prompts.back().labels["held_out"] = false;
    }
    return prompts;
  }

  Prompt reword(const Prompt& prompt, const std::string& wording) const override {
    return say(place_of(prompt), wording);
  }

  /// The name where the prompt says the tags, and the tags where it says the name.
  Prompt paraphrase(const Prompt& prompt, uint64_t) const override {
    const size_t place = place_of(prompt);
    return say(place, prompt.text == concepts_[place].label ? "tags" : "label");
  }

  Sample draw(const Prompt& prompt, uint64_t index) const override {
    return sample_of(place_of(prompt), prompt, index, index);
  }

 private:
  std::vector<size_t> shuffled(uint64_t seed, std::string_view stream) const {
    std::vector<size_t> order(concepts_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    Random random(seed, stream, 0);
    for (size_t i = 0; i + 1 < order.size(); ++i) {
      std::swap(order[i], order[i + random.below(static_cast<uint32_t>(order.size() - i))]);
    }
    return order;
  }

  Prompt say(size_t place, const std::string& wording) const {
    const Concept& one = concepts_[place];
    const Json labels = {{"tag", one.group}, {"subgroup", one.subgroup}, {"hexcode", one.key}, {"label", one.label}};
    if (wording == "label") return {one.label, labels};
    if (wording == "tags") return {emoji::tag_list(one), labels};
    if (wording == "full") return {emoji::full_caption(one), labels};
    fail_input("emoji says its prompts as full, label or tags, not as '{}'{}", wording,
               suggestion(wording, wordings()));
  }

  size_t place_of(const Prompt& prompt) const {
    const bool labelled = prompt.labels.is_object() && prompt.labels.contains("hexcode");
    const auto& places = labelled ? places_ : by_text_;
    const auto found = places.find(labelled ? prompt.labels.at("hexcode").get<std::string>() : prompt.text);
    if (found == places.end())
      fail_input("emoji: no picture of '{}': neither a name nor a caption of this subset", prompt.text);
    return found->second;
  }

  Sample sample_of(size_t place, Prompt prompt, uint64_t index, uint64_t vendor) const {
    const size_t vendors = options_.vendors.size();
    Picture picture = emoji::resized(pictures_[place * vendors + vendor % vendors], options_.side);
    Sample sample;
    sample.index = index;
    sample.prompt = std::move(prompt);
    sample.picture = std::move(picture.rgb);
    return sample;
  }

  EmojiOptions options_;
  uint64_t seed_;
  std::vector<PackageFile> files_;  ///< captions, groups, then the vendors'
  std::vector<Concept> concepts_;
  std::vector<Picture> pictures_;  ///< by concept, then vendor, as they were drawn
  std::vector<size_t> order_;
  std::map<std::string, size_t> places_, by_text_;
};

std::unique_ptr<Dataset> make_emoji(const Options& options, const DatasetContext& context) {
  return std::make_unique<Emoji>(options, context.seed);
}

EMF_REGISTER(DatasetRegistry, "emoji",
             "Real names and tags of 1,911 emoji with the pictures of two vendors, for probes", make_emoji);

}  // namespace
}  // namespace emf
