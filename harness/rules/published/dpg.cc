// SPDX-License-Identifier: Apache-2.0
// DPG-Bench: questions that depend on one another, by prompt, and by category as they were answered.
//
// Source: TencentQQGYLab/ELLA 3c228f1, dpg_bench/compute_dpg_bench.py. The rule itself: question_graph.h.
//
// What the script does, and a reader may not expect:
// - The first row of dpg_bench.csv is never read, so the first prompt is asked one question less; where another
//   question depends on that one, every picture of the prompt fails.
// - Rows of one prompt must stand together: a later block replaces those before it.
// - A picture that fails (no such prompt, no such parent, no picture) is left out of the mean, with a line on stdout;
//   so is a prompt without a picture, without one.
// - Categories count answers as they were given, before the dependencies, and of the last crop of each picture alone.
// - With several processes each gathers the categories in the order of its own set, which is another in each:
//   category scores of such runs are mixtures of several categories. What is made here of the answers is not.
// - The mean is numpy's over pictures in the order of the folder's listing, of which its last digit may depend.
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/official_text.h"
#include "harness/rules/published/dpg_files.h"
#include "harness/rules/question_graph.h"

namespace emf {
namespace {

enum Kind : size_t { kBenchmark, kDetail, kResults };

constexpr double kPercent = 100;

std::string item_of(const std::string& image_path) {
  const std::string name = std::filesystem::path(image_path).filename();
  return name.substr(0, name.find('.'));
}

/// Scores of one picture's crops.
struct DpgScore {
  std::vector<double> crops;
  std::vector<double> last_raw;  ///< [questions] of the last crop, as answered
  std::string why;               ///< it fails, and why
};

DpgScore score_of(const DpgPrompt& prompt, const CheckedGraph& checked, const DpgPicture& picture) {
  DpgScore score;
  for (const auto& [crop, answers] : picture.crops) {
    if (answers.size() != prompt.graph.questions.size()) {
      score.why = fmt::format("{} of {} questions are answered for the crop {}", answers.size(),
                              prompt.graph.questions.size(), crop);
      return score;
    }
    const PictureScore own = score_picture(prompt.graph, checked, answers, DependencyRule::kDpg, /*official=*/true);
    if (!own.why.empty()) {
      score.why = own.why;
      return score;
    }
    score.crops.push_back(own.score);
    score.last_raw = own.raw;
  }
  return score;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// The items of a set, a picture file each.
class Pictures {
 public:
  Pictures(AnswerSet& set, AnswerNotes& notes) : set_(set), notes_(notes) {}

  AnswerItem& add(const std::string& image_path, size_t slot, const std::vector<double>& crops, double score) {
    AnswerItem& item = set_.items.emplace_back();
    item.cluster = item_of(image_path);
    const int repeat = ++repeats_[item.cluster];
    item.id = repeat == 1 ? item.cluster : fmt::format("{} #{}", item.cluster, repeat);
    if (repeat > 1)
      notes_.add("prompts with several picture files, each counted as the official script does", image_path);
    item.score = score;
    item.parts = {{slot, {score, 1}}};
    item.facts = {{"image_path", image_path}, {"crops", crops}};
    return item;
  }

 private:
  AnswerSet& set_;
  AnswerNotes& notes_;
  std::map<std::string, int> repeats_;
};

class Dpg : public AnswerRule {
 public:
  std::string source() const override { return "TencentQQGYLab/ELLA 3c228f1, dpg_bench/compute_dpg_bench.py"; }
  std::vector<FileKind> files() const override {
    return {{"dpg_bench.csv", "the benchmark's questions; not needed for results.txt alone",
             FileKind::Count::kOneOrNone, true},
            {"*_detail.txt", "the answers: image path, crop, question, answer a line; scores prompts and categories",
             FileKind::Count::kOneOrNone},
            {"*_results.txt", "scores a picture; alone it gives the mean, beside the answers it is compared with them",
             FileKind::Count::kOneOrNone}};
  }
  std::optional<size_t> kind_of(const std::filesystem::path&, std::string_view head) const override {
    const std::string_view first = head.substr(0, head.find('\n'));
    if (first.find("proposition_id") != std::string_view::npos) return kBenchmark;
    if (is_dpg_detail(first)) return kDetail;
    if (is_dpg_result(first)) return kResults;
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader(options).finish();
    const AnswerFile *benchmark = file_of(files, kBenchmark), *detail = file_of(files, kDetail),
                     *results = file_of(files, kResults);
    if (detail == nullptr && results == nullptr) fail_input("rule dpg needs *_detail.txt, *_results.txt, or both");
    if (detail != nullptr && benchmark == nullptr) {
      fail_input("{}: its answers need the questions of dpg_bench.csv", detail->origin());
    }
    std::optional<DpgResults> written;
    if (results != nullptr) written = read_dpg_results(*results);
    AnswerSet set;
    if (detail == nullptr) {
      score_results(set, *written, notes);
      notes.add("results.txt alone: categories need *_detail.txt and dpg_bench.csv");
    } else {
      score_details(set, *benchmark, *detail, notes);
    }
    std::vector<double> values;
    for (const AnswerItem& item : set.items) values.push_back(item.score);
    set.numbers.front().official = numpy_mean(values) * kPercent;
    add_official(set, detail == nullptr ? *results : *detail);
    if (written && detail != nullptr) compare(set, *written, notes);
    return set;
  }

 private:
  static void score_results(AnswerSet& set, const DpgResults& written, AnswerNotes& notes) {
    const size_t mean = set.slot("dpg");
    Pictures pictures(set, notes);
    for (const DpgResults::Picture& picture : written.pictures) {
      pictures.add(picture.image_path, mean, picture.crops, picture.mean);
    }
    set.add_mean("dpg", mean, kPercent);
  }

  static void score_details(AnswerSet& set, const AnswerFile& benchmark, const AnswerFile& detail, AnswerNotes& notes) {
    const std::map<std::string, DpgPrompt> prompts = read_dpg_benchmark(benchmark, notes);
    const std::vector<DpgPicture> pictures = read_dpg_details(detail, prompts, notes);
    const size_t mean = set.slot("dpg");
    std::set<std::string> seen;
    std::map<std::string, size_t> broad, fine;
    Pictures items(set, notes);
    for (const DpgPicture& picture : pictures) {
      const DpgPrompt& prompt = prompts.at(item_of(picture.image_path));
      seen.insert(prompt.graph.item_id);
      const CheckedGraph checked = check_graph(prompt.graph, DependencyRule::kDpg, /*official=*/true);
      const DpgScore score = score_of(prompt, checked, picture);
      if (!score.why.empty()) {
        notes.add("pictures that fail, left out as the official script does",
                  fmt::format("{}: {}", picture.image_path, score.why));
        continue;
      }
      AnswerItem& item = items.add(picture.image_path, mean, score.crops, mean_of(score.crops));
      for (size_t i = 0; i < score.last_raw.size(); ++i) {
        const GraphQuestion& question = prompt.graph.questions[i];
        const size_t own = set.slot("category/" + question.category),
                     sub = set.slot("subcategory/" + question.subcategory);
        broad[question.category] = own;
        fine[question.subcategory] = sub;
        item.parts.push_back({own, {score.last_raw[i], 1}});
        item.parts.push_back({sub, {score.last_raw[i], 1}});
      }
    }
    if (set.items.empty()) fail_input("{}: not one picture can be scored", detail.origin());
    if (seen.size() < prompts.size()) {
      const auto first =
          std::find_if(prompts.begin(), prompts.end(), [&](const auto& entry) { return seen.count(entry.first) == 0; });
      notes.add(fmt::format("{} of {} prompts have no answers and are left out, as the official script does",
                            prompts.size() - seen.size(), prompts.size()),
                first->first);
    }
    set.add_mean("dpg", mean, kPercent);
    for (const auto& [name, slot] : broad) set.add_mean("category/" + name, slot, kPercent);
    for (const auto& [name, slot] : fine) set.add_mean("subcategory/" + name, slot, kPercent);
  }

  static void add_official(AnswerSet& set, const AnswerFile& answers) {
    const std::vector<Sum> sums = set.sums();
    std::string broad, fine;
    for (const AnswerNumber& number : set.numbers) {
      // The script's own mean of zeros and ones, times 100.
      const double value = sums[number.slots.front()].mean() * kPercent;
      if (number.name.starts_with("category/"))
        broad += fmt::format("\t{}: {}\n", number.name.substr(9), python_text(value));
      if (number.name.starts_with("subcategory/")) {
        fine += fmt::format("\t{}: {}\n", number.name.substr(12), python_text(value));
      }
    }
    const std::filesystem::path root =
        std::filesystem::path(set.items.front().facts["image_path"].get<std::string>()).parent_path();
    std::string saved = answers.origin();
    if (const size_t at = saved.rfind("_detail.txt"); at != std::string::npos) saved.erase(at, 7);
    std::string text = fmt::format("Model: {}\n", root.filename().string());
    if (!broad.empty()) text += fmt::format("L1 category scores:\n{}L2 category scores:\n{}", broad, fine);
    text += fmt::format("Image path: {}\nSave results to: {}\nDPG-Bench score: {}\n", root.string(), saved,
                        python_text(*set.numbers.front().official));
    set.official.push_back({"dpg_bench/compute_dpg_bench.py", text, ""});
  }

  /// Says where the scores that the script wrote are not those of its answers.
  static void compare(const AnswerSet& set, const DpgResults& written, AnswerNotes& notes) {
    constexpr double kRounding = 1e-9;
    std::map<std::string, double> scores;
    for (const AnswerItem& item : set.items) scores[item.facts["image_path"]] = item.score;
    for (const DpgResults::Picture& picture : written.pictures) {
      const auto own = scores.find(picture.image_path);
      if (own == scores.end()) {
        notes.add("in results.txt, but without a score by its answers", picture.image_path);
        continue;
      }
      if (std::abs(own->second - picture.mean) > kRounding) {
        notes.add(
            "scored otherwise in results.txt than its answers are",
            fmt::format("{}: {} for {}", picture.image_path, python_text(picture.mean), python_text(own->second)));
      }
      scores.erase(own);
    }
    for (const auto& [path, score] : scores) notes.add("scored by its answers, but not in results.txt", path);
    const std::vector<Sum> sums = set.sums();
    for (const AnswerNumber& number : set.numbers) {
      const std::string name = number.name == "dpg" ? "DPG-Bench score" : number.name.substr(number.name.find('/') + 1);
      const auto value = written.numbers.find(name);
      if (value == written.numbers.end() || std::abs(value->second - value_of(number, sums)) <= 1e-6) continue;
      notes.add(number.name == "dpg"
                    ? "the score in results.txt is not that of these answers"
                    : "category scores in results.txt are not those of these answers; several processes mix "
                      "categories up",
                fmt::format("{}: {} for {}", name, python_text(value->second), python_text(value_of(number, sums))));
    }
  }
};

EMF_REGISTER(AnswerRuleRegistry, "dpg", "DPG-Bench's score of its answer files, by prompt and by category",
             std::make_unique<Dpg>);

}  // namespace
}  // namespace emf
