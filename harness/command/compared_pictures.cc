// SPDX-License-Identifier: Apache-2.0
#include "harness/command/compared_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/pictures/decode.h"
#include "harness/pictures/picture_header.h"
#include "harness/pictures/png.h"
#include "reports/blocks/picture_tiles.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRows = 6, kPrompts = 6, kPictures = 4;
constexpr int kSide = 192;  ///< of a picture on the page at most, pixels

/// A grid of a store, held against its stage's manifest.
void require_written(const fs::path& store, const fs::path& file) {
  const fs::path folder = file.parent_path().parent_path();
  const Json about = {{"kind", folder.parent_path().filename().string()}, {"hash", folder.filename().string()}};
  const std::string mark = sealed_mark(folder), name = file.lexically_relative(folder).string();
  if (mark.empty()) return;  // an older layout has no digests
  const FolderCheck check =
      check_folder(folder, mark, about, [&](const std::string& listed) { return listed == name; });
  if (check.damage.empty()) return;
  fail_input("{}; run its suite again",
             describe_damage(folder.lexically_relative(store).string(), check.damage.front()));
}

/// The record's sample that a row of the comparison is of; null where it has none.
Json sample_of(const Json& result, const std::string& row) {
  for (const Json& sample : result.value("samples", Json::array())) {
    std::string name =
        fmt::format("{}/{}/{}/{}", sample.at("encoder").get<std::string>(), sample.at("objective").get<std::string>(),
                    sample.at("steps").get<int64_t>(), sample.at("seed").get<int64_t>());
    const Json checkpoint = sample.value("checkpoint", Json());
    if (!checkpoint.is_null()) name += fmt::format("@{}", checkpoint.get<int64_t>());
    if (name == row) return sample;
  }
  return nullptr;
}

/// Fewer pixels by whole factors: each is the mean of those it stands for.
pictures::Picture smaller(const pictures::Picture& picture) {
  const int by = (std::max(picture.height, picture.width) + kSide - 1) / kSide;
  if (by <= 1) return picture;
  pictures::Picture small;
  small.height = std::max(1, picture.height / by);
  small.width = std::max(1, picture.width / by);
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        int sum = 0, count = 0;
        for (int v = y * by; v < std::min((y + 1) * by, picture.height); ++v) {
          for (int u = x * by; u < std::min((x + 1) * by, picture.width); ++u, ++count)
            sum +=
                picture.rgb[(static_cast<size_t>(v) * static_cast<size_t>(picture.width) + static_cast<size_t>(u)) * 3 +
                            static_cast<size_t>(c)];
        }
        small.rgb.push_back(static_cast<uint8_t>((sum + count / 2) / count));
      }
    }
  }
  return small;
}

/// A judged row's file: below the folder by its name, or by its last parts; nothing where there is none.
fs::path found_file(const fs::path& folder, const std::string& name) {
  if (folder.empty()) return is_file(name) ? fs::path(name) : fs::path();
  fs::path tail;
  std::vector<fs::path> tails;
  const fs::path whole(name);
  for (auto part = whole.end(); part != whole.begin();) {
    --part;
    if (*part == ".." || part->is_absolute()) break;
    tail = tail.empty() ? *part : *part / tail;
    tails.push_back(tail);
  }
  // The longest first: 0000.png alone may be another prompt's.
  for (auto one = tails.rbegin(); one != tails.rend(); ++one) {
    if (is_file(folder / *one)) return folder / *one;
  }
  return {};
}

std::string score_words(double value) { return fmt::format("{:.3g}", value); }

/// Prompts won and lost by most, as many of each as there is room for.
std::vector<std::string> telling_prompts(const PairedScore& row) {
  std::vector<std::string> prompts;
  for (const auto* side : {&row.won, &row.lost})
    prompts.insert(prompts.end(), side->begin(),
                   side->begin() + static_cast<std::ptrdiff_t>(std::min(kPrompts, side->size())));
  return prompts;
}

PictureRow picture_row(const std::string& lead, const std::string& name,
                       const std::map<std::string, std::vector<PictureTile>>& tiles, const std::string& prompt,
                       size_t& columns) {
  PictureRow row{lead, name, {}};
  if (const auto found = tiles.find(prompt); found != tiles.end())
    row.tiles.assign(found->second.begin(), found->second.end());
  columns = std::max(columns, row.tiles.size());
  return row;
}

}  // namespace

PicturesOf pictures_of_record(const SectionInput& record, const std::vector<fs::path>& stores) {
  return [record, stores](const std::string& row, const std::vector<std::string>& wanted) {
    std::map<std::string, std::vector<PictureTile>> found;
    const Json sample = sample_of(record.result, row), grid = record.result.value("sample_grid", Json());
    if (sample.is_null() || grid.is_null() || !stays_within(sample.at("file").get<std::string>())) return found;
    const fs::path name = sample.at("file").get<std::string>();
    const auto store =
        std::find_if(stores.begin(), stores.end(), [&](const fs::path& one) { return is_file(one / name); });
    if (store == stores.end()) return found;
    require_written(*store, *store / name);
    const Json& prompts = record.result.at("prompts");
    const size_t painted = std::min(prompts.size(), grid.value("pictures", prompts.size()));
    std::map<std::string, size_t> taken;
    std::vector<size_t> places;
    for (size_t i = 0; i < painted; ++i) {
      const std::string text = prompts[i].at("text");
      if (prompts[i].value("reworded", false) || std::find(wanted.begin(), wanted.end(), text) == wanted.end())
        continue;
      if (taken[text]++ < kPictures) places.push_back(i);
    }
    const int height = grid.at("tile");
    const std::vector<std::string> uris =
        cut_tiles(*store / name, {height, grid.value("tile_width", height)}, grid.at("columns"), places);
    const Json correct = sample.value("correct", Json::array());
    for (size_t i = 0; i < places.size(); ++i) {
      const std::string text = prompts[places[i]].at("text");
      PictureTile tile{uris[i], text, std::nullopt};
      if (places[i] < correct.size() && correct[places[i]].is_number()) tile.right = correct[places[i]].get<double>();
      found[text].push_back(std::move(tile));
    }
    return found;
  };
}

PicturesOf pictures_of_files(const JudgedFile& judged, const fs::path& folder) {
  return [files = judged.pictures, folder](const std::string&, const std::vector<std::string>& wanted) {
    std::map<std::string, std::vector<PictureTile>> found;
    for (const std::string& prompt : wanted) {
      const auto named = files.find(prompt);
      if (named == files.end()) continue;
      for (const std::string& name : named->second) {
        const fs::path file = found_file(folder, name);
        if (file.empty() || found[prompt].size() == kPictures) continue;
        try {
          const pictures::Picture small = smaller(pictures::decode(read_file(file)));
          found[prompt].push_back(
              {"data:image/png;base64," + base64(pictures::encode_png(small.rgb, small.height, small.width)), prompt,
               std::nullopt});
        } catch (const pictures::UnreadablePicture& error) {
          fail_input("{} {}", file.string(), error.what());
        }
      }
    }
    return found;
  };
}

std::vector<Block> side_by_side(const PairedComparison& comparison, const std::string& a, const std::string& b,
                                const PicturesOf& of_a, const PicturesOf& of_b) {
  std::vector<const PairedScore*> rows;
  for (const PairedScore& row : comparison.rows)
    if (!row.won.empty() || !row.lost.empty()) rows.push_back(&row);
  // Its tasks hold the same prompts again.
  const auto overall =
      std::find_if(rows.begin(), rows.end(), [](const PairedScore* row) { return row->name == "overall"; });
  if (overall != rows.end()) rows = {*overall};
  std::stable_sort(rows.begin(), rows.end(), [](const PairedScore* left, const PairedScore* right) {
    return std::abs(left->difference.value) > std::abs(right->difference.value);
  });
  if (rows.size() > kRows) rows.resize(kRows);
  std::vector<Block> blocks;
  size_t missing = 0;
  for (const PairedScore* row : rows) {
    const std::vector<std::string> prompts = telling_prompts(*row);
    const auto left = of_a(row->name, prompts), right = of_b(row->name, prompts);
    Pictures shown;
    for (const std::string& prompt : prompts) {
      if (left.count(prompt) == 0 && right.count(prompt) == 0) {
        ++missing;
        continue;
      }
      const auto& [from, to] = row->scores.at(prompt);
      PictureFigure figure{
          prompt,
          fmt::format("b is {}: {} for {}", to > from ? "better" : "worse", score_words(to), score_words(from)),
          {},
          {}};
      size_t columns = 0;
      figure.rows.push_back(picture_row("a", a, left, prompt, columns));
      figure.rows.push_back(picture_row("b", b, right, prompt, columns));
      for (size_t i = 0; i < columns; ++i) figure.columns.push_back(std::to_string(i + 1));
      for (PictureRow& side : figure.rows) side.tiles.resize(columns);
      shown.figures.push_back(std::move(figure));
    }
    if (shown.figures.empty()) continue;
    blocks.emplace_back(Heading{row->name});
    blocks.emplace_back(std::move(shown));
  }
  if (missing > 0) {
    blocks.emplace_back(Paragraph{
        fmt::format(
            "{} of these prompts have no picture on either side: it is not among the first that a grid keeps, its "
            "store or folder is not here, or nothing names it.",
            missing),
        Tone::kNote});
  }
  return blocks;
}

}  // namespace emf
