// The pictures themselves: for some prompts, every encoder and objective at every step count, from the same
// noise.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/writers/html.h"
#include "reports/writers/picture_tiles.h"
#include "reports/writers/record.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

constexpr size_t kShown = 6;                ///< prompts on sight; the others are folded
constexpr size_t kBytes = 3 * 1024 * 1024;  ///< of all data URIs, so that the page stays under 5 MB

using Cell = std::tuple<std::string, std::string, int64_t>;  ///< encoder, objective, steps
struct Tiles {
  std::vector<std::string> uris;  ///< one a chosen prompt
  std::vector<double> right;      ///< 1 right, 0 wrong, between for a share of questions; -1 not judged
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

/// Tiles of every cell whose grid is still there; of several seeds the first is shown.
std::map<Cell, Tiles> load_tiles(const SectionInput& input, const std::vector<size_t>& chosen, size_t& missing) {
  const Json grid = input.result.value("sample_grid", Json{{"tile", 32}, {"columns", 16}});
  std::map<Cell, Tiles> tiles;
  missing = 0;
  for (const Json& sample : input.result.value("samples", Json::array())) {
    const Cell cell{sample.at("encoder"), sample.at("objective"), sample.at("steps")};
    if (tiles.count(cell) > 0) continue;
    const auto file = inside_store(input, sample.at("file"));
    if (!std::filesystem::exists(file)) {
      ++missing;
      continue;
    }
    Tiles cut{cut_tiles(file, grid.at("tile"), grid.at("columns"), chosen), {}};
    const Json correct = sample.value("correct", Json::array());
    for (const size_t index : chosen) cut.right.push_back(index < correct.size() ? correct[index].get<double>() : -1);
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

std::string picture_cell(const std::map<Cell, Tiles>& tiles, const Cell& cell, size_t place, const std::string& words) {
  const auto found = tiles.find(cell);
  if (found == tiles.end()) return "<td></td>";
  const double right = found->second.right[place];
  const bool partly = right > 0 && right < 1;
  const std::string share = fmt::format("{:.0f} %", 100 * right);
  const std::string judged = partly ? ", judged right in " + share : right == 1 ? ", judged right" : ", judged wrong";
  return fmt::format("<td{}><img src=\"{}\" alt=\"{}{}\" width=\"48\" height=\"48\">{}</td>",
                     right == 1 ? " class=\"right\"" : "", found->second.uris[place], escape_html(words),
                     right < 0 ? "" : judged, partly ? "<small>" + share + "</small>" : "");
}

class Pictures : public Section {
 public:
  std::string title() const override { return "Pictures by prompt and steps"; }
  int order() const override { return 55; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    Json prompts = input.result.at("prompts");
    const size_t painted = input.result.value("sample_grid", Json::object()).value("pictures", prompts.size());
    prompts.erase(prompts.begin() + static_cast<std::ptrdiff_t>(std::min(painted, prompts.size())), prompts.end());
    size_t missing = 0;
    std::vector<size_t> chosen = choose_prompts(prompts, 2 * kShown);
    std::map<Cell, Tiles> tiles = load_tiles(input, chosen, missing);
    while (chosen.size() > 1 && bytes_of(tiles) > kBytes) {
      chosen = choose_prompts(prompts, chosen.size() / 2);
      tiles = load_tiles(input, chosen, missing);
    }
    if (tiles.empty())
      return missing == 0
                 ? ""
                 : paragraph("The sample grids are no longer in the store; run the suite again to see pictures.",
                             "notice");
    std::string html = introduction(tiles, missing) + "<div class=\"prompts\">\n";
    for (size_t place = 0; place < chosen.size(); ++place) {
      if (place == kShown)
        html += fmt::format("</div>\n<details><summary>{} more prompts</summary>\n<div class=\"prompts\">\n",
                            chosen.size() - kShown);
      html += prompt_figure(record, prompts[chosen[place]], tiles, place);
    }
    return html + (chosen.size() > kShown ? "</div>\n</details>\n" : "</div>\n");
  }

 private:
  static std::string introduction(const std::map<Cell, Tiles>& tiles, size_t missing) {
    const auto any = [&](const auto& holds) {
      return std::any_of(tiles.begin(), tiles.end(), [&](const auto& one) {
        return std::any_of(one.second.right.begin(), one.second.right.end(), holds);
      });
    };
    std::string words =
        "The first prompts of each task, not picked by looks. All pictures of a prompt start from the same "
        "noise; columns are sampling steps.";
    if (any([](double right) { return right >= 0; })) {
      words += " A green frame: the judge found everything the prompt asks for.";
    }
    if (any([](double right) { return right > 0 && right < 1; })) {
      words += " A number: the share of a long caption's questions that it answered yes.";
    }
    if (missing > 0) words += fmt::format(" {} sample grids are no longer in the store.", missing);
    return paragraph(words);
  }

  static std::string prompt_figure(const Record& record, const Json& prompt, const std::map<Cell, Tiles>& tiles,
                                   size_t place) {
    const std::string text = prompt.at("text");
    std::string html = fmt::format(
        "<figure class=\"prompt\"><figcaption>{}<span>{}{}</span></figcaption>\n<table><thead><tr><td></td>",
        escape_html(text), escape_html(metric_words("geneval/" + prompt.at("tag").get<std::string>())),
        prompt.at("held_out").get<bool>() ? ", held-out pair" : "");
    for (const int64_t steps : record.steps()) html += fmt::format("<th scope=\"col\">{}</th>", steps);
    html += "</tr></thead>\n<tbody>\n";
    for (const char* reference : {"ceiling", "reconstruction"}) {
      const Cell cell{"real", reference, 0};
      if (tiles.count(cell) == 0) continue;
      html += "<tr><th scope=\"row\"><b>Real</b>" + escape_html(objective_words(reference)) + "</th>" +
              picture_cell(tiles, cell, place, "Real picture, " + objective_words(reference)) + "</tr>\n";
    }
    for (const std::string& encoder : record.encoders()) html += encoder_rows(record, encoder, tiles, place);
    return html + "</tbody></table></figure>\n";
  }

  static std::string encoder_rows(const Record& record, const std::string& encoder, const std::map<Cell, Tiles>& tiles,
                                  size_t place) {
    std::string html;
    for (const std::string& objective : record.objectives()) {
      const bool any = std::any_of(record.steps().begin(), record.steps().end(), [&](int64_t steps) {
        return tiles.count({encoder, objective, steps}) > 0;
      });
      if (!any) continue;
      html += fmt::format("<tr{}><th scope=\"row\"><b>{}</b>{}</th>", html.empty() ? " class=\"group\"" : "",
                          escape_html(encoder_words(encoder)), escape_html(objective_words(objective)));
      for (const int64_t steps : record.steps()) {
        html += picture_cell(
            tiles, {encoder, objective, steps}, place,
            fmt::format("{}, {}, {}", encoder_words(encoder), objective_words(objective), steps_words(steps)));
      }
      html += "</tr>\n";
    }
    return html;
  }
};

EMF_REGISTER(SectionRegistry, "pictures", "Sample pictures by prompt, row and step count", std::make_unique<Pictures>);

}  // namespace
}  // namespace emf
