// SPDX-License-Identifier: Apache-2.0
#include "data/captioned/captioned_pictures.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <set>
#include <unordered_set>

#include "data/captioned/caption_text.h"
#include "harness/base/progress.h"
#include "harness/base/random.h"
#include "harness/pictures/picture_header.h"

namespace emf::captioned {
namespace {

/// Raised by every change that changes a picture, a caption or a split.
constexpr int kVersion = 2;
constexpr size_t kMostNamed = 10;

/// Stages make their data set anew; what is said of it is worth one reading.
void say_once(const std::string& line) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  if (said.insert(line).second) say(line);
}

uint64_t rank_of(std::string_view name, uint64_t seed) {
  Random random(seed, stream_key("captioned/held_out"), stream_key(name));
  const uint64_t high = random.bits();
  return high << 32 | random.bits();
}

/// Pictures that are left out, by their reason, with the first names: "is cut short: a.jpg, b.jpg; is empty: c.png".
std::string summary_of(const std::vector<LeftOut>& left_out) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const LeftOut& one : left_out) by_reason[one.reason].push_back(one.name);
  std::string text;
  size_t named = 0;
  for (const auto& [reason, names] : by_reason) {
    text += (text.empty() ? "" : "; ") + reason + ": ";
    size_t here = 0;
    for (; here < names.size() && (here == 0 || named < kMostNamed); ++here, ++named) {
      text += (here == 0 ? "" : ", ") + names[here];
    }
    if (here < names.size()) text += fmt::format(" and {} more", names.size() - here);
  }
  return text;
}

}  // namespace

CaptionedOptions read_captioned_options(ConfigReader& reader, std::string path) {
  constexpr int kLeast = 8, kMost = 4096;
  CaptionedOptions options;
  options.path = std::move(path);
  const bool both = reader.has("height") || reader.has("width");
  const int64_t side =
      reader.integer("side", 256, kLeast, kMost, "side of the square that pictures are cut and resized to [pixels]");
  if (both && reader.has("side")) fail_input("{}: either 'side' or 'height' and 'width'", reader.place("side"));
  if (both && !(reader.has("height") && reader.has("width"))) {
    fail_input("{}: 'height' and 'width' belong together", reader.place(reader.has("height") ? "height" : "width"));
  }
  options.height =
      static_cast<int>(reader.integer("height", side, kLeast, kMost, "height instead of side; absent: side [pixels]"));
  options.width = static_cast<int>(reader.integer("width", side, kLeast, kMost,
                                                  "likewise; height and width belong together; absent: side [pixels]"));
  const bool lanczos = reader.choice("resize", "area", {"area", "lanczos"},
                                     "filter of the resizing: area, or Pillow's Lanczos") == "lanczos";
  options.resize = lanczos ? pictures::Resize::kLanczos : pictures::Resize::kArea;
  if (reader.has("held_out") && reader.has("held_out_pictures")) {
    fail_input("{}: either 'held_out' or 'held_out_pictures'", reader.place("held_out_pictures"));
  }
  options.held_out = reader.number("held_out", 0.02, 0.0, 0.9, "share of pictures that are not trained on");
  options.held_out_pictures = reader.integer("held_out_pictures", 0, 0, INT32_MAX, "or how many [pictures]");
  // 0 as a number means none at all, not the usual share.
  if (reader.has("held_out_pictures") && options.held_out_pictures == 0) options.held_out = 0;
  options.exclude = reader.texts("exclude", {}, "names or patterns of pictures that are left out");
  options.caption_keys = usual_caption_keys();
  const std::string key = reader.text("caption_key", "", "key or column that holds captions; \"\" = the usual ones");
  if (!key.empty()) options.caption_keys = {key};
  options.caption_lines = reader.choice("text_files", "lines", {"lines", "whole"},
                                        "whether each line of a .txt is a caption, or the whole of it") == "lines";
  const std::string check =
      reader.choice("check", "auto", {"auto", "headers", "bodies"},
                    "what is looked at before training: headers, whole pictures, or by their number");
  options.check = check == "auto" ? Check::kAuto : check == "headers" ? Check::kHeaders : Check::kBodies;
  options.licence = reader.text("licence", "", "of the pictures, for the report");
  options.attribution = reader.text("attribution", "", "whom the report names");
  return options;
}

HeldOut::HeldOut(const CaptionedOptions& options, const PictureTable& table, uint64_t seed) : held_out_(table.size()) {
  if (options.held_out_pictures == 0) {
    const auto limit = static_cast<uint64_t>(std::ldexp(options.held_out, 53));
    for (uint32_t picture = 0; picture < table.size(); ++picture) {
      held_out_[picture] = rank_of(table.name(picture), seed) >> 11 < limit;
    }
    return;
  }
  std::vector<std::pair<uint64_t, uint32_t>> ranks;
  for (uint32_t picture = 0; picture < table.size(); ++picture) {
    ranks.emplace_back(rank_of(table.name(picture), seed), picture);
  }
  const size_t count = std::min<size_t>(ranks.size(), static_cast<size_t>(options.held_out_pictures));
  std::nth_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(count), ranks.end());
  for (size_t i = 0; i < count; ++i) held_out_[ranks[i].second] = true;
}

CaptionedPictures::CaptionedPictures(std::string name, CaptionedOptions options, PictureTable table, Sha256& captions,
                                     const std::string& found_where, uint64_t seed)
    : name_(std::move(name)), options_(std::move(options)), table_(std::move(table)) {
  Sha256 pictures;
  for (const std::string& excluded : options_.exclude) {
    bool known = false;
    for (uint32_t picture = 0; picture < table_.size(); ++picture) {
      if (table_.name(picture) != excluded) continue;
      table_.leave_out(picture, "is excluded");
      known = true;
    }
    if (!known) fail_input("data.exclude: no picture is called '{}' under {}", excluded, options_.path);
  }
  examine_pictures(table_, options_.check, pictures);
  table_.finish();
  const HeldOut is_held_out(options_, table_, seed);
  for (uint32_t picture = 0; picture < table_.size(); ++picture) {
    (is_held_out(picture) ? held_out_ : training_).push_back(picture);
    if (!is_held_out(picture)) most_captions_ = std::max<uint64_t>(most_captions_, table_.caption_count(picture));
  }
  training_.shrink_to_fit();
  held_out_.shrink_to_fit();
  const std::vector<LeftOut> left_out = table_.take_left_out();
  if (training_.empty()) {
    fail_input("{}: no picture to train on under {}: {} are held out, left out: {}", name_, options_.path,
               held_out_.size(), left_out.empty() ? "none" : summary_of(left_out));
  }
  // Not as JSON: names of files need not be UTF-8.
  Sha256 left_out_names;
  for (const LeftOut& one : left_out) left_out_names.update(one.name.c_str(), one.name.size() + 1);
  fingerprint_ = {{"name", name_},
                  {"version", kVersion},
                  {"height", options_.height},
                  {"width", options_.width},
                  {"resize", options_.resize == pictures::Resize::kLanczos ? "lanczos" : "area"},
                  {"pictures", pictures.hex()},
                  {"captions", captions.hex()},
                  {"caption_keys", options_.caption_keys},
                  {"text_files", options_.caption_lines ? "lines" : "whole"},
                  {"left_out", {{"count", left_out.size()}, {"names", left_out_names.hex()}}},
                  {"seed", seed}};
  if (options_.held_out_pictures > 0) {
    fingerprint_["held_out_pictures"] = options_.held_out_pictures;
  } else {
    fingerprint_["held_out"] = options_.held_out;
  }
  say_once(fmt::format("{}: {}: {} pictures to train on and {} held out, with {} captions {}", name_, options_.path,
                       training_.size(), held_out_.size(), table_.caption_count(), found_where));
  if (left_out.empty()) return;
  say_once(fmt::format("{}: {}: {} left out: {}", name_, options_.path, left_out.size(), summary_of(left_out)));
}

std::vector<std::string> CaptionedPictures::attributions() const {
  std::vector<std::string> lines;
  if (!options_.attribution.empty()) lines.push_back(options_.attribution);
  lines.push_back(
      options_.licence.empty()
          ? fmt::format("Pictures and captions of {}: licence not stated (data.licence says it).", options_.path)
          : fmt::format("Pictures and captions of {}: {}", options_.path, options_.licence));
  return lines;
}

Prompt CaptionedPictures::say_caption(uint32_t picture, uint32_t number) const {
  const std::string text = table_.caption(picture, number);
  return {text, {{"tag", "caption"}, {"prompt", text}, {"picture", picture}}};
}

void CaptionedPictures::paint(uint32_t picture, std::span<uint8_t> target) const {
  try {
    pictures::fit(pictures::decode(table_.encoded(picture)), options_.height, options_.width, options_.resize, target);
  } catch (const pictures::UnreadablePicture& error) {
    fail_input("{} {}; take it away, add '{}' to data.exclude, or set data.check = \"bodies\"", table_.place(picture),
               error.what(), table_.name(picture));
  }
}

Sample CaptionedPictures::show(uint32_t picture, Prompt prompt, uint64_t index) const {
  Sample sample;
  sample.index = index;
  sample.prompt = std::move(prompt);
  sample.picture.resize(static_cast<size_t>(options_.height) * static_cast<size_t>(options_.width) * 3);
  paint(picture, sample.picture);
  return sample;
}

Sample CaptionedPictures::sample(uint64_t index) const {
  return show(training_[index % training_.size()], prompt(index), index);
}

void CaptionedPictures::picture(uint64_t index, std::span<uint8_t> picture, std::vector<Box>& boxes) const {
  boxes.clear();
  paint(training_[index % training_.size()], picture);
}

Prompt CaptionedPictures::prompt(uint64_t index) const {
  const uint32_t picture = training_[index % training_.size()];
  return say_caption(picture, static_cast<uint32_t>(index / training_.size() % table_.caption_count(picture)));
}

Sample CaptionedPictures::unseen(uint64_t index) const {
  ensure(index < held_out_.size(), "picture {} of {} that are held out", index, held_out_.size());
  const uint32_t picture = held_out_[index];
  return show(picture, say_caption(picture, 0), kUnseen + index);
}

std::vector<Prompt> CaptionedPictures::evaluation_prompts(int count, uint64_t seed) const {
  std::vector<uint32_t> order = held_out_;
  Random random(seed, "captioned/evaluation", 0);
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    std::swap(order[i], order[i + random.below(static_cast<uint32_t>(order.size() - i))]);
  }
  uint32_t most = 0;
  for (const uint32_t picture : order) most = std::max(most, table_.caption_count(picture));
  std::vector<Prompt> prompts;
  std::unordered_set<std::string> said;
  // Every picture's first caption, then every picture's second: few prompts show as many pictures as they can.
  for (uint32_t number = 0; number < most; ++number) {
    for (const uint32_t picture : order) {
      if (number >= table_.caption_count(picture)) continue;
      if (prompts.size() == static_cast<size_t>(std::max(count, 0))) break;
      Prompt prompt = say_caption(picture, number);
      if (said.insert(prompt.text).second) prompts.push_back(std::move(prompt));
    }
  }
  if (count < 1 || prompts.size() < static_cast<size_t>(count)) {
    fail_input(
        "{}: {} evaluation prompts asked for, the {} held-out pictures have {} different captions; raise data.held_out",
        name_, count, held_out_.size(), prompts.size());
  }
  return prompts;
}

uint32_t CaptionedPictures::picture_of(const Prompt& prompt) const {
  const Json& labels = prompt.labels;
  const bool known = labels.is_object() && labels.contains("picture") && labels.at("picture").is_number_unsigned() &&
                     labels.at("picture").get<uint64_t>() < table_.size();
  if (!known) fail_input("{}: no picture of '{}': the prompt is none that this data set gave", name_, prompt.text);
  return labels.at("picture").get<uint32_t>();
}

Sample CaptionedPictures::draw(const Prompt& prompt, uint64_t index) const {
  return show(picture_of(prompt), prompt, index);
}

Prompt CaptionedPictures::paraphrase(const Prompt& prompt, uint64_t index) const {
  const uint32_t picture = picture_of(prompt);
  std::vector<Prompt> others;
  for (uint32_t number = 0; number < table_.caption_count(picture); ++number) {
    Prompt other = say_caption(picture, number);
    if (other.text != prompt.text) others.push_back(std::move(other));
  }
  return others.empty() ? prompt : others[index % others.size()];
}

}  // namespace emf::captioned
