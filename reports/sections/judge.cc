// SPDX-License-Identifier: Apache-2.0
// What the judge gets wrong on pictures whose truth is known, and the scores with that taken out.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reports/blocks/cells.h"
#include "reports/blocks/metric_table.h"
#include "reports/record/format.h"

namespace emf {
namespace {

/// What a kind of pictures is called on the page. Records say "autoencoder" whatever the codec was.
std::string kind_words(const std::string& name) {
  return name == "through the autoencoder" ? "through the codec" : name;
}

std::string sentence_case(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

TableCell share_cell(double share) { return number_cell(format_number(share, 2), share); }

/// Mean over tasks of accepted / shown.
std::optional<double> accepted(const Json& trials, const char* which) {
  double sum = 0;
  int tasks = 0;
  for (const auto& [task, counts] : trials.items()) {
    const double shown = counts.at(which).at(1);
    if (shown == 0) continue;
    sum += counts.at(which).at(0).get<double>() / shown;
    ++tasks;
  }
  return tasks == 0 ? std::nullopt : std::optional(sum / tasks);
}

TableCell accepted_cell(const Json& trials, const char* which) {
  const std::optional<double> share = accepted(trials, which);
  return share ? share_cell(*share) : absent_cell("no such picture");
}

/// Share of the diagonal of {true: {found: pictures}}.
TableCell right_cell(const Json& confusion) {
  double right = 0, all = 0;
  for (const auto& [truth, row] : confusion.items()) {
    for (const auto& [found, count] : row.items()) {
      all += count.get<double>();
      if (found == truth) right += count.get<double>();
    }
  }
  return all == 0 ? absent_cell("none in this world") : share_cell(right / all);
}

/// The commonest mistakes of {true: {found: pictures}}: "red for orange (12 %)".
std::string mistakes(const Json& confusion, const char* sentence) {
  struct Mistake {
    double share;
    std::string words;
  };
  std::vector<Mistake> all;
  for (const auto& [truth, row] : confusion.items()) {
    double total = 0;
    for (const auto& [found, count] : row.items()) total += count.get<double>();
    for (const auto& [found, count] : row.items()) {
      const double share = count.get<double>() / total;
      if (found != truth) all.push_back({share, fmt::format("{} for {} ({:.0f} %)", found, truth, 100 * share)});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Mistake& a, const Mistake& b) { return a.share > b.share; });
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(all.size(), 3); ++i) text += (i == 0 ? "" : ", ") + all[i].words;
  return text.empty() ? "" : fmt::format("{}: {}.", sentence, text);
}

class JudgeSection : public Section {
 public:
  std::string title(const SectionInput&) const override { return "What the judge gets wrong"; }
  int order() const override { return 59; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const Json calibration = input.result.value("judge_calibration", Json()),
               mush = input.result.value("judge_mush", Json());
    // The judge is calibrated for GenEval's tasks, so what it corrects are the scores of that plugin's metrics.
    const std::vector<std::string> judged = metrics_of_plugin(record, "geneval");
    if (calibration.is_null() || judged.empty()) return {};
    const std::string like = calibration.at("generated_like");
    Table kinds{"",
                {{"Pictures"},
                 {"Objects found", true},
                 {"Boxes right", true},
                 {"Colours right", true},
                 {"Counts right", true},
                 {"Right accepted", true},
                 {"Near misses accepted", true}}};
    const Json* chosen = nullptr;
    for (const Json& kind : calibration.at("kinds")) {
      if (kind.at("name") == like) chosen = &kind;
      const Json& boxes = kind.at("boxes");
      kinds.add({text_cell(sentence_case(kind_words(kind.at("name")))), share_cell(boxes.at("recall")),
                 share_cell(boxes.at("precision")), right_cell(boxes.at("color_confusion")),
                 right_cell(kind.at("count_confusion")), accepted_cell(kind.at("trials"), "right"),
                 accepted_cell(kind.at("trials"), "wrong")},
                kind.at("name") == like ? RowMark::kReference : RowMark::kPlain);
    }
    std::vector<Block> blocks = {
        Paragraph{
            fmt::format("Other real pictures than those judged, each asked for its own prompt and for a near miss "
                        "of it (one colour, count, place or object changed). Generated pictures are most like those "
                        "{}, which is the row that scores are corrected by.",
                        kind_words(like))},
        std::move(kinds)};
    if (chosen == nullptr) return blocks;
    blocks.push_back(Paragraph{mistakes(chosen->at("boxes").at("color_confusion"), "Commonest colour mistakes") + " " +
                               mistakes(chosen->at("count_confusion"), "Commonest mistakes in counts")});
    blocks.push_back(by_task(record.names(), judged.front(), chosen->at("trials")));
    if (!mush.is_null()) add_mush(record.names(), judged.front(), mush, blocks);
    for (const std::string& metric : judged) {
      if (record.has_metric(corrected(metric))) add_corrected(record, metric, blocks);
    }
    return blocks;
  }

 private:
  static std::string corrected(const std::string& metric) { return metric + "/judge_corrected"; }

  /// @param metric  whose words for the tasks are taken.
  static Table by_task(const Names& names, const std::string& metric, const Json& trials) {
    Table table{"By task", {{"Task"}, {"Right accepted", true}, {"Near misses accepted", true}}};
    for (const auto& [task, counts] : trials.items()) {
      const auto cell = [&counts = counts](const char* which) {
        const int64_t part = counts.at(which).at(0), shown = counts.at(which).at(1);
        if (shown == 0) return absent_cell("no such picture");
        return number_cell(fmt::format("{} of {}", part, shown),
                           static_cast<double>(part) / static_cast<double>(shown));
      };
      table.add({text_cell(names.metric(metric + "/" + task)), cell("right"), cell("wrong")});
    }
    return table;
  }

  static void add_mush(const Names& names, const std::string& metric, const Json& mush, std::vector<Block>& blocks) {
    blocks.push_back(Heading{"What the judge takes mush for"});
    blocks.push_back(Paragraph{fmt::format(
        "What generators of few steps paint instead of a picture, asked for its prompt: averages of {} pictures of the "
        "prompt in the generators' own latents, to which one step of flow matching tends, the same half way to noise, "
        "and good pictures of other prompts. A high score at one step is worth what the judge refuses here.{}",
        mush.at("averaged").get<int64_t>(),
        mush.at("left_out") == 0
            ? ""
            : fmt::format(" {} prompts are left out, whose pictures are so alike that their average is one more.",
                          mush.at("left_out").get<int64_t>()))});
    Table table{"", {{"Pictures"}, {"Accepted", true}, {"Of", true}}};
    std::set<std::string> tasks;
    for (const Json& kind : mush.at("kinds")) {
      for (const auto& [task, counts] : kind.at("tasks").items()) tasks.insert(task);
    }
    for (const std::string& task : tasks) table.columns.push_back({names.metric(metric + "/" + task), true});
    for (const Json& kind : mush.at("kinds")) {
      std::vector<TableCell> cells = {text_cell(sentence_case(kind.at("name"))),
                                      kind.contains("share") ? share_cell(kind.at("share")) : absent_cell("none"),
                                      count_cell(kind.at("pictures"))};
      for (const std::string& task : tasks) {
        const auto counts = kind.at("tasks").find(task);
        const int64_t shown = counts == kind.at("tasks").end() ? 0 : counts->at("pictures").get<int64_t>();
        cells.push_back(shown == 0 ? absent_cell("no such picture")
                                   : share_cell(counts->at("accepted").get<double>() / static_cast<double>(shown)));
      }
      table.add(std::move(cells));
    }
    blocks.push_back(std::move(table));
  }

  static void add_corrected(const Record& record, const std::string& metric, std::vector<Block>& blocks) {
    blocks.push_back(Heading{record.names().metric(metric) + " with the judge's error taken out"});
    blocks.push_back(Paragraph{
        "The share of right pictures that, with this judge's rates of false acceptance and refusal, would give "
        "the verdicts it gave (Rogan and Gladen); the interval holds the chance of prompts and of the "
        "calibration. Near misses are the hardest wrong pictures, so a row whose failures are coarser is "
        "corrected too far down."});
    blocks.push_back(
        steps_table(record, corrected(metric), "the judge was too blind in a task, or not calibrated", false));
  }
};

EMF_REGISTER(SectionRegistry, "judge", "What the judge gets wrong, and scores with that taken out",
             std::make_unique<JudgeSection>);

}  // namespace
}  // namespace emf
