// SPDX-License-Identifier: Apache-2.0
// T2I-CompBench and T2I-CompBench++: means over pictures, by evaluator (BLIP-VQA, UniDet, CLIP, 3-in-1, GPT-4V).
//
// Source: Karine-Huang/T2I-CompBench 1b70949, BLIPvqa_eval/BLIP_vqa.py,
// UniDet_eval/{2D_spatial,3D_spatial,numeracy}_eval.py, CLIPScore_eval/CLIP_similarity.py, 3_in_1_eval/3_in_1.py,
// MLLM_eval/gpt4v_eval.py.
//
// What the scripts do, and a reader may not expect:
// - BLIP-VQA is the product over at most eight noun phrases, each from a file of its own, in single precision,
//   written with four decimals, of which the mean is taken. A phrase that a prompt does not have counts 1; a ninth is
//   never asked.
// - The files of the phrases, and the three results that 3-in-1 puts together, are paired by place: question_id is
//   not looked at.
// - 3-in-1 takes ten pictures a prompt, whatever there are, and finds a prompt's kind by its text up to the first
//   full stop.
// - UniDet's 2-D score sets whatever is under .5 to 0.
// - A result written by several processes may hold a picture twice, or miss one; the mean is over what is there.
// - There is no score over categories: each category is a run of its own (give several as NAME=FOLDER).
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/error.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/official_text.h"
#include "harness/rules/published/compbench_files.h"

namespace emf {
namespace {

enum Kind : size_t { kAnswers, kQuestions, kMapping, kPrompts };

/// Everything of one run: a category, as a rule.
struct Run {
  std::map<std::string, CompBenchAnswers> results;      ///< by evaluator
  std::map<int, CompBenchAnswers> phrases;              ///< BLIP's, by number from 1
  std::map<int, std::vector<CompBenchQuestion>> asked;  ///< likewise
  std::map<int64_t, std::string> prompts;               ///< by question_id
};

/// "color/blip_vqa", or "blip_vqa" of a run without a name.
std::string named(const std::string& label, const std::string& name) {
  return label.empty() ? name : label + "/" + name;
}

/// BLIP_vqa.py: the product over phrases, as text of four decimals.
CompBenchAnswers product_of_phrases(const Run& run, AnswerNotes& notes) {
  const CompBenchAnswers& last = run.phrases.rbegin()->second;
  CompBenchAnswers product{last.origin, {}};
  std::vector<float> rewards(last.rows.size(), 1);
  for (const auto& [number, phrase] : run.phrases) {
    const auto asked = run.asked.find(number);
    if (asked == run.asked.end()) {
      fail_input("{}: the phrases of annotation{}_blip/vqa_test.json are missing", phrase.origin, number);
    }
    if (phrase.rows.size() != last.rows.size() || asked->second.size() != phrase.rows.size()) {
      fail_input("{}: {} answers to {} questions, but annotation{}_blip has {} answers", phrase.origin,
                 phrase.rows.size(), asked->second.size(), run.phrases.rbegin()->first, last.rows.size());
    }
    for (size_t k = 0; k < rewards.size(); ++k) {
      if (phrase.rows[k].id != asked->second[k].id || phrase.rows[k].id != last.rows[k].id) {
        notes.add("answers and phrases of different question_ids, paired by place as the official script does",
                  fmt::format("{}: place {}", phrase.origin, k + 1));
      }
      rewards[k] *= asked->second[k].text.empty() ? 1.0f : static_cast<float>(phrase.rows[k].value);
    }
  }
  for (size_t k = 0; k < rewards.size(); ++k) {
    product.rows.push_back({last.rows[k].id, python_round(static_cast<double>(rewards[k]), 4)});
  }
  return product;
}

class Lists {
 public:
  explicit Lists(const std::vector<AnswerFile>& files) {
    for (const AnswerFile* file : files_of(files, kPrompts)) {
      std::vector<std::string>& lines = lists_[file->path.filename()];
      for_each_line(file->text(), file->origin(), [&](std::string_view line, const std::string&) {
        std::string prompt(line.substr(0, line.find('.')));
        std::transform(prompt.begin(), prompt.end(), prompt.begin(),
                       [](char sign) { return sign >= 'A' && sign <= 'Z' ? static_cast<char>(sign + 32) : sign; });
        lines.push_back(prompt);
      });
    }
  }
  bool complete() const {
    return of("complex_val.txt") && of("complex_val_spatial.txt") && of("complex_val_action.txt");
  }
  const std::vector<std::string>* of(const std::string& name) const {
    const auto list = lists_.find(name);
    return list == lists_.end() ? nullptr : &list->second;
  }

 private:
  std::map<std::string, std::vector<std::string>> lists_;
};

/// 3_in_1.py: attributes with the relation that the prompt is of, or with both.
CompBenchAnswers three_in_one(const Run& run, const Lists& lists, AnswerNotes& notes) {
  constexpr size_t kPictures = 10;
  const CompBenchAnswers &attribute = run.results.at("blip_vqa"), &spatial = run.results.at("unidet_2d"),
                         &action = run.results.at("clip");
  const std::vector<std::string>& prompts = *lists.of("complex_val.txt");
  for (const CompBenchAnswers* one : {&attribute, &spatial, &action}) {
    if (one->rows.size() == kPictures * prompts.size()) continue;
    fail_input("{}: {} answers, but 3-in-1 takes {} pictures of each of the {} prompts of complex_val.txt", one->origin,
               one->rows.size(), kPictures, prompts.size());
  }
  const std::set<std::string> of_space(lists.of("complex_val_spatial.txt")->begin(),
                                       lists.of("complex_val_spatial.txt")->end()),
      of_action(lists.of("complex_val_action.txt")->begin(), lists.of("complex_val_action.txt")->end());
  CompBenchAnswers merged{attribute.origin, {}};
  for (size_t k = 0; k < attribute.rows.size(); ++k) {
    const double a = attribute.rows[k].value, s = spatial.rows[k].value, c = action.rows[k].value;
    const std::string& prompt = prompts[k / kPictures];
    double value = 0;
    if (of_space.count(prompt) > 0) {
      value = (s + a) * 0.5;
    } else if (of_action.count(prompt) > 0) {
      value = (c + a) * 0.5;
    } else {
      value = (a + s + c) / 3;
    }
    if (attribute.rows[k].id != spatial.rows[k].id || attribute.rows[k].id != action.rows[k].id) {
      notes.add("results of different question_ids, put together by place as the official script does",
                fmt::format("place {}", k + 1));
    }
    merged.rows.push_back({static_cast<int64_t>(k), value});
  }
  return merged;
}

/// Says where a result that the scripts wrote is not the one that its parts make.
void compare(const std::string& name, const CompBenchAnswers& made, const CompBenchAnswers& written,
             AnswerNotes& notes) {
  constexpr double kRounding = 1e-9;
  if (made.rows.size() != written.rows.size()) {
    notes.add(fmt::format("{} was written of another number of pictures than its parts are", name), written.origin);
    return;
  }
  for (size_t k = 0; k < made.rows.size(); ++k) {
    if (std::abs(made.rows[k].value - written.rows[k].value) <= kRounding) continue;
    notes.add(fmt::format("{} was written otherwise than its parts are", name),
              fmt::format("{}: question_id {}", written.origin, written.rows[k].id));
  }
}

class CompBench : public AnswerRule {
 public:
  std::string source() const override { return "Karine-Huang/T2I-CompBench 1b70949, each evaluator's script"; }
  std::vector<FileKind> files() const override {
    return {
        {"vqa_result.json", "[{question_id, answer}, ...] of any evaluator, or the folder of a run with all of them",
         FileKind::Count::kSome},
        {"vqa_test.json", "BLIP's questions: with annotationN_blip's results the product is made anew; names prompts",
         FileKind::Count::kAny},
        {"mapping.json", "UniDet's names of pictures: says which pictures are of one prompt", FileKind::Count::kAny},
        {"complex_val*.txt", "the benchmark's prompts of 3-in-1, which is then made anew of its three results",
         FileKind::Count::kAny, true}};
  }
  bool takes_labels() const override { return true; }
  std::vector<std::string> options() const override {
    return {"pictures=N: pictures in a row that are of one prompt (10), where no file names prompts"};
  }
  std::optional<size_t> kind_of(const std::filesystem::path& below, std::string_view head) const override {
    if (below.extension() == ".txt") {
      return below.filename().string().starts_with("complex_") ? std::optional<size_t>(kPrompts) : std::nullopt;
    }
    if (!head.starts_with('[')) return std::nullopt;
    if (head.find("\"question\"") != std::string_view::npos) return kQuestions;
    if (head.find("\"answer\"") != std::string_view::npos) return kAnswers;
    if (head.find("\"image\"") != std::string_view::npos) return kMapping;
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader reader(options);
    const int64_t pictures = reader.integer("pictures", 10, 1, 1'000'000);
    reader.finish();
    std::vector<std::string> labels;
    std::map<std::string, Run> runs;
    for (const AnswerFile& file : files) {
      if (file.kind == kPrompts) continue;
      if (std::find(labels.begin(), labels.end(), file.label) == labels.end()) labels.push_back(file.label);
      take(file, runs[file.label], notes);
    }
    const Lists lists(files);
    AnswerSet set;
    for (const std::string& label : labels) add_run(set, label, runs[label], lists, pictures, notes);
    if (set.items.empty()) fail_input("{}: no answers", files.front().origin());
    return set;
  }

 private:
  static void take(const AnswerFile& file, Run& run, AnswerNotes& notes) {
    const CompBenchPlace place = compbench_place(file);
    if (file.kind == kAnswers) {
      CompBenchAnswers answers = read_compbench_answers(file, place.evaluator, notes);
      const bool fresh = place.phrase > 0 ? run.phrases.emplace(place.phrase, std::move(answers)).second
                                          : run.results.emplace(place.evaluator, std::move(answers)).second;
      if (!fresh) {
        fail_input("{}: a second result of {}; give runs names, NAME=PATH", file.origin(), place.evaluator);
      }
      return;
    }
    std::vector<CompBenchQuestion> asked = read_compbench_questions(file);
    for (const CompBenchQuestion& question : asked) run.prompts.emplace(question.id, question.prompt);
    if (file.kind == kQuestions && place.phrase > 0) run.asked[place.phrase] = std::move(asked);
  }

  static void add_run(AnswerSet& set, const std::string& label, Run& run, const Lists& lists, int64_t pictures,
                      AnswerNotes& notes) {
    if (!run.phrases.empty()) {
      const CompBenchAnswers product = product_of_phrases(run, notes);
      const auto written = run.results.find("blip_vqa");
      if (written != run.results.end()) compare(named(label, "blip_vqa"), product, written->second, notes);
      run.results["blip_vqa"] = product;
    }
    const bool parts = run.results.count("blip_vqa") + run.results.count("unidet_2d") + run.results.count("clip") == 3;
    if (parts && lists.complete()) {
      const CompBenchAnswers merged = three_in_one(run, lists, notes);
      const auto written = run.results.find("3_in_1");
      if (written != run.results.end()) compare(named(label, "3_in_1"), merged, written->second, notes);
      run.results["3_in_1"] = merged;
    }
    if (run.prompts.empty()) {
      notes.add(fmt::format("no file names the prompts; {} pictures in a row are taken to be of one, for the intervals",
                            pictures),
                label.empty() ? run.results.begin()->second.origin : label);
    }
    // What a category is judged by stands first: 3-in-1 is made of the others.
    std::vector<std::string> evaluators;
    for (const auto& [name, answers] : run.results) evaluators.push_back(name);
    for (const std::string& name : evaluators) {
      add_result(set, named(label, name), label, run.results.at(name), run, pictures, notes);
      add_official(set, name, named(label, name), run.results.at(name));
    }
  }

  static void add_result(AnswerSet& set, const std::string& name, const std::string& label,
                         const CompBenchAnswers& answers, const Run& run, int64_t pictures, AnswerNotes& notes) {
    const bool share = compbench_is_share(name.substr(name.rfind('/') + 1));
    const size_t slot = set.slot(name, share);
    std::set<int64_t> seen;
    std::map<int64_t, int> repeats;
    for (const CompBenchAnswers::Row& row : answers.rows) {
      AnswerItem& item = set.items.emplace_back();
      const int repeat = ++repeats[row.id];
      item.id = repeat == 1 ? fmt::format("{}/{}", name, row.id) : fmt::format("{}/{} #{}", name, row.id, repeat);
      if (repeat > 1) {
        notes.add("pictures that stand more than once, each counted as the official script does",
                  fmt::format("{}: question_id {}", answers.origin, row.id));
      }
      seen.insert(row.id);
      const auto prompt = run.prompts.find(row.id);
      item.cluster =
          fmt::format("{}|{}", label, prompt != run.prompts.end() ? prompt->second : std::to_string(row.id / pictures));
      item.stratum = name;
      item.score = row.value;
      item.parts = {{slot, {row.value, 1}}};
      item.facts = {{"evaluator", name}, {"question_id", row.id}};
      if (prompt != run.prompts.end()) item.facts["prompt"] = prompt->second;
    }
    if (!seen.empty() && *seen.rbegin() - *seen.begin() + 1 > static_cast<int64_t>(seen.size())) {
      notes.add("question_ids that are missing between the first and the last",
                fmt::format("{}: {} of {}", answers.origin, *seen.rbegin() - *seen.begin() + 1 - std::ssize(seen),
                            *seen.rbegin() - *seen.begin() + 1));
    }
    AnswerNumber& number = set.add_mean(name, slot);
    if (name.ends_with("unidet_3d")) number.official = numpy_mean(values_of(answers));
  }

  static std::vector<double> values_of(const CompBenchAnswers& answers) {
    std::vector<double> values;
    for (const CompBenchAnswers::Row& row : answers.rows) values.push_back(row.value);
    return values;
  }

  static void add_official(AnswerSet& set, const std::string& evaluator, const std::string& name,
                           const CompBenchAnswers& answers) {
    double total = 0;
    for (const double value : values_of(answers)) total += value;
    const std::string mean =
        python_text(set.numbers.back().official.value_or(total / static_cast<double>(answers.rows.size())));
    const std::string text = evaluator == "blip_vqa"    ? fmt::format("BLIP-VQA score: {} !\n\n", mean)
                             : evaluator == "unidet_2d" ? fmt::format("avg score: {}\n", mean)
                             : evaluator == "unidet_3d" ? fmt::format("avg score is {}\n", mean)
                             : evaluator == "numeracy"
                                 ? fmt::format("total:{} num:{} avg:{}", python_text(total), answers.rows.size(), mean)
                             : evaluator == "clip"   ? fmt::format("score avg: {}\n", mean)
                             : evaluator == "3_in_1" ? fmt::format("avg score: {}\n", mean)
                             : evaluator == "gpt4v"  ? fmt::format("The average score is {}\n", mean)
                                                     : fmt::format("{}\n", mean);
    set.official.push_back({name, text, ""});
  }
};

EMF_REGISTER(AnswerRuleRegistry, "compbench",
             "T2I-CompBench's means by evaluator; BLIP-VQA's product and 3-in-1 made anew",
             std::make_unique<CompBench>);

}  // namespace
}  // namespace emf
