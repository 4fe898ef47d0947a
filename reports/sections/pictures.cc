// SPDX-License-Identifier: Apache-2.0
// The pictures themselves: for some prompts, every encoder and objective at every step count, from the same noise.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/manifest.h"
#include "reports/blocks/picture_tiles.h"
#include "reports/record/encoder_key.h"
#include "reports/record/record.h"

namespace emf {
namespace {

constexpr size_t kShown = 6;                ///< prompts on sight; the others are folded
constexpr size_t kBytes = 3 * 1024 * 1024;  ///< of all data URIs, so that the page stays under 5 MB

using Cell = std::tuple<std::string, std::string, int64_t>;  ///< encoder's key, objective, steps
struct Tiles {
  std::vector<std::string> uris;             ///< one a chosen prompt
  std::vector<std::optional<double>> right;  ///< as PictureTile::right
};

/// One prompt a task, seen pairs first, then one a task with held-out pairs, then again until enough.
std::vector<size_t> choose_prompts(const Json& prompts, size_t count) {
  std::vector<size_t> chosen;
  while (chosen.size() < std::min(count, prompts.size())) {
    const size_t before = chosen.size();
    for (const bool held_out : {false, true}) {
      std::set<std::string> tasks;
      for (size_t i = 0; i < prompts.size() && chosen.size() < count; ++i) {
        if (prompts[i].at("held_out") != held_out || std::find(chosen.begin(), chosen.end(), i) != chosen.end())
          continue;
        if (tasks.insert(prompts[i].at("tag")).second) chosen.push_back(i);
      }
    }
    if (chosen.size() == before) break;
  }
  return chosen;
}

std::filesystem::path inside_store(const SectionInput& input, const std::string& file) {
  const std::filesystem::path relative = std::filesystem::path(file).lexically_normal();
  if (relative.is_absolute() || (!relative.empty() && *relative.begin() == "..")) {
    fail_input("result.json names a sample outside of the store: {}", file);
  }
  return input.store / relative;
}

/// Pictures are shown only as the stage that painted them wrote them.
void require_written(const SectionInput& input, const std::filesystem::path& file) {
  // <store>/runs/<kind>/<hash>/samples/grid.png
  const std::filesystem::path folder = file.parent_path().parent_path();
  const std::string mark = sealed_mark(folder), name = file.lexically_relative(folder).string();
  if (mark.empty()) return;  // of an older layout, or not in a stage's folder
  const Json about = {{"kind", folder.parent_path().filename().string()}, {"hash", folder.filename().string()}};
  const FolderCheck check =
      check_folder(folder, mark, about, [&](const std::string& listed) { return listed == name; });
  if (check.damage.empty()) return;
  fail_input("{}; run suite '{}' again: the stage is made anew",
             describe_damage(folder.lexically_relative(input.store / "runs").string(), check.damage.front()),
             input.result.value("suite", "?"));
}

/// Tiles of every cell whose grid is still there; of several seeds the first is shown.
std::map<Cell, Tiles> load_tiles(const SectionInput& input, const Record& record, const std::vector<size_t>& chosen,
                                 size_t& missing) {
  const Json grid = input.result.value("sample_grid", Json{{"tile", 32}, {"columns", 16}});
  std::map<Cell, Tiles> tiles;
  missing = 0;
  for (const Json& sample : input.result.value("samples", Json::array())) {
    const Cell cell{encoder_key(sample), sample.at("objective"), sample.at("steps")};
    if (!record.is_shown(sample) || tiles.count(cell) > 0) continue;
    const auto file = inside_store(input, sample.at("file"));
    if (!path_exists(file)) {
      ++missing;
      continue;
    }
    require_written(input, file);
    const int height = grid.at("tile"), width = grid.value("tile_width", height);
    Tiles cut{cut_tiles(file, {height, width}, grid.at("columns"), chosen), {}};
    const Json correct = sample.value("correct", Json::array());
    for (const size_t index : chosen) {
      const bool judged = index < correct.size() && correct[index].is_number();
      cut.right.push_back(judged ? std::optional(correct[index].get<double>()) : std::nullopt);
    }
    tiles.emplace(cell, std::move(cut));
  }
  return tiles;
}

size_t bytes_of(const std::map<Cell, Tiles>& tiles) {
  size_t bytes = 0;
  for (const auto& [cell, cut] : tiles) {
    for (const std::string& uri : cut.uris) bytes += uri.size();
  }
  return bytes;
}

bool has_real(const std::map<Cell, Tiles>& tiles) {
  return std::any_of(tiles.begin(), tiles.end(), [](const auto& one) { return std::get<0>(one.first) == "real"; });
}

std::optional<PictureTile> tile_of(const std::map<Cell, Tiles>& tiles, const Cell& cell, size_t place,
                                   const std::string& words) {
  const auto found = tiles.find(cell);
  if (found == tiles.end()) return std::nullopt;
  return PictureTile{found->second.uris[place], words, found->second.right[place]};
}

class PicturesSection : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Pictures by prompt and steps"; }
  int order() const override { return 55; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    Json prompts = input.result.at("prompts");
    const size_t painted = input.result.value("sample_grid", Json::object()).value("pictures", prompts.size());
    prompts.erase(prompts.begin() + static_cast<std::ptrdiff_t>(std::min(painted, prompts.size())), prompts.end());
    size_t missing = 0;
    std::vector<size_t> chosen = choose_prompts(prompts, 2 * kShown);
    std::map<Cell, Tiles> tiles = load_tiles(input, record, chosen, missing);
    while (chosen.size() > 1 && bytes_of(tiles) > kBytes) {
      chosen = choose_prompts(prompts, chosen.size() / 2);
      tiles = load_tiles(input, record, chosen, missing);
    }
    if (tiles.empty() || chosen.empty()) {
      if (missing == 0) return {};
      const char* words = "The sample grids are no longer in the store; run the suite again to see pictures.";
      return {Paragraph{words, Tone::kNotice}};
    }
    // One tag for all of them ("caption") tells nobody anything.
    const bool tasks = std::any_of(prompts.begin(), prompts.end(),
                                   [&](const Json& prompt) { return prompt.at("tag") != prompts[0].at("tag"); });
    Pictures shown, more;
    for (size_t place = 0; place < chosen.size(); ++place) {
      (place < kShown ? shown : more).figures.push_back(figure_of(record, prompts[chosen[place]], tasks, tiles, place));
    }
    std::vector<Block> blocks = {introduction(tasks, tiles, missing), std::move(shown)};
    if (!more.figures.empty()) {
      const std::string summary = fmt::format("{} more prompts", more.figures.size());
      blocks.push_back(BlockGroup{BlockGroup::Layout::kFolded, summary, {std::move(more)}});
    }
    return blocks;
  }

 private:
  static Paragraph introduction(bool tasks, const std::map<Cell, Tiles>& tiles, size_t missing) {
    const auto any = [&](const auto& holds) {
      return std::any_of(tiles.begin(), tiles.end(), [&](const auto& one) {
        return std::any_of(one.second.right.begin(), one.second.right.end(),
                           [&](const std::optional<double>& right) { return right && holds(*right); });
      });
    };
    std::string words = fmt::format(
        "The first prompts{}, not picked by looks. All pictures of a prompt start from the same noise; columns are "
        "sampling steps{}.",
        tasks ? " of each task" : "", has_real(tiles) ? ", the first one real pictures" : "");
    if (any([](double) { return true; })) words += " A green frame: the judge found everything the prompt asks for.";
    if (any([](double right) { return right > 0 && right < 1; })) {
      words += " A number: the share of a long caption's questions that it answered yes.";
    }
    if (missing > 0) words += fmt::format(" {} sample grids are no longer in the store.", missing);
    return {words};
  }

  static PictureFigure figure_of(const Record& record, const Json& prompt, bool tasks,
                                 const std::map<Cell, Tiles>& tiles, size_t place) {
    const Names& names = record.names();
    PictureFigure figure{prompt.at("text"), tasks ? names.tag(prompt.at("tag")) : "", {}, {}};
    if (prompt.at("held_out").get<bool>()) figure.subtitle += tasks ? ", held-out pair" : "Held-out pair";
    // Real pictures were sampled in no number of steps, so they have a column to themselves.
    if (has_real(tiles)) figure.columns.push_back("real");
    for (const int64_t steps : record.steps()) figure.columns.push_back(std::to_string(steps));
    for (const char* reference : {"ceiling", "reconstruction", "chance"}) {
      const std::string way = names.objective(reference);
      auto tile = tile_of(tiles, {"real", reference, 0}, place, "Real picture, " + way);
      if (tile) figure.rows.push_back({"Real", way, {std::move(tile)}});
    }
    for (const std::string& encoder : record.encoders()) {
      bool group = true;
      for (const std::string& objective : record.objectives()) {
        PictureRow row{names.encoder(encoder), names.objective(objective), {}, group};
        if (has_real(tiles)) row.tiles.push_back(std::nullopt);
        bool any = false;
        for (const int64_t steps : record.steps()) {
          row.tiles.push_back(tile_of(tiles, {encoder, objective, steps}, place,
                                      fmt::format("{}, {}, {}", row.lead, row.text, steps_words(steps))));
          any = any || row.tiles.back();
        }
        if (!any) continue;
        figure.rows.push_back(std::move(row));
        group = false;
      }
    }
    return figure;
  }
};

EMF_REGISTER(SectionRegistry, "pictures", "Sample pictures by prompt, row and step count",
             std::make_unique<PicturesSection>);

}  // namespace
}  // namespace emf
