// SPDX-License-Identifier: Apache-2.0
// Answer files of our own making that the official scripts scored (tests/oracle/answers), laid out for each rule.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/rules/answer_rule.h"
#include "tests/temporary_folder.h"

namespace emf {

/// One scoring of an oracle: the words behind `score answers`, and what the official scripts printed.
struct AnswerCase {
  std::string name, rule;
  std::vector<std::string> words;  ///< below the oracle's folder; "NAME=" before it stays before it
  Json options = Json::object();
  std::vector<std::string> printed;  ///< files below the oracle that their texts make up together, in order
};

/// How GoogleTest names it.
inline void PrintTo(const AnswerCase& one, std::ostream* out) { *out << one.name; }

inline std::vector<AnswerCase> answer_cases() {
  return {{"geneval2",
           "geneval2",
           {"geneval2_data.jsonl", "score_lists.json"},
           {},
           {"official/soft_tifa_gm.txt", "official/soft_tifa_am.txt", "official/analysis.txt"}},
          {"dpg", "dpg", {"dpg_bench.csv", "dpg_results.txt", "dpg_results_detail.txt"}, {}, {"official/printed.txt"}},
          {"dsg", "dsg", {"answers_dsg.csv", "questions.csv"}, {{"generator", "sd2dot1"}}, {"official/printed.txt"}},
          {"oneig_english",
           "oneig_text",
           {"en/text_content.csv", "en/OneIG-Bench.csv", "en/ocr.json"},
           {},
           {"en/official/text_score.csv", "en/official/text_prompt_score.csv", "en/official/lengths.csv"}},
          {"oneig_chinese",
           "oneig_text",
           {"zh/text_content_zh.csv", "zh/ocr.json"},
           {},
           {"zh/official/text_score.csv", "zh/official/text_prompt_score.csv"}},
          {"oneig_scores",
           "oneig_text",
           {"zh/text_content_zh.csv", "zh/official/text_prompt_score.csv"},
           {},
           {"zh/official/text_score.csv"}},
          {"compbench",
           "compbench",
           {"complex=complex", "dataset", "space=space", "numbers=numbers"},
           {},
           {"official/3_in_1.txt", "official/blip_vqa.txt", "official/clip.txt", "official/unidet_2d.txt",
            "official/gpt4v.txt", "official/unidet_3d.txt", "official/numeracy.txt"}},
          {"wise_legacy", "wise", {"legacy"}, {}, {"official/legacy.txt"}},
          {"wise_verified", "wise", {"verified/all_scores_results.jsonl"}, {}, {"official/verified.txt"}},
          {"unigenbench", "unigenbench", {"model_en.csv"}, {}, {"official/printed.txt"}},
          {"tiif", "tiif", {"answers/our_model"}, {}, {"official/dimensions.txt"}},
          {"tiif_text", "tiif", {"text/ocr_results_our_model.json"}, {}, {"official/text.json"}}};
}

/// The oracle of a rule, copied so that a test may change it. What lies in one file for many is written out.
class AnswerFolder {
 public:
  explicit AnswerFolder(const std::string& rule) : folder_("answers") {
    std::filesystem::copy(oracle(rule), folder_.path(), std::filesystem::copy_options::recursive);
    if (!std::filesystem::exists(folder_ / "answers.json")) return;
    const Json tree = read_json(folder_ / "answers.json");
    for (const auto& [path, value] : tree.items()) folder_.write("answers/" + path, value.dump());
    std::filesystem::remove(folder_ / "answers.json");
  }

  static std::filesystem::path oracle(const std::string& rule) {
    return project_root() / "tests" / "oracle" / "answers" / rule;
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& bytes) const { folder_.write(name, bytes); }
  std::string read(const std::string& name) const { return read_file(folder_ / name); }
  /// Puts something else where `from` stands first.
  void replace(const std::string& name, const std::string& from, const std::string& to) const {
    std::string text = read(name);
    const size_t at = text.find(from);
    ensure(at != std::string::npos, "{} holds no '{}'", name, from);
    write(name, text.replace(at, from.size(), to));
  }

  std::vector<std::string> words(const std::vector<std::string>& below) const {
    std::vector<std::string> words;
    for (const std::string& word : below) {
      const size_t equals = word.find('=');
      words.push_back(equals == std::string::npos
                          ? (folder_ / word).string()
                          : word.substr(0, equals + 1) + (folder_ / word.substr(equals + 1)).string());
    }
    return words;
  }

 private:
  TemporaryFolder folder_;
};

/// What a rule makes of words, and what it has to say of them.
struct ScoredAnswers {
  AnswerSet set;
  std::vector<std::string> notes;

  double value(const std::string& name) const {
    for (const AnswerNumber& number : set.numbers) {
      if (number.name == name) return *number.official;
    }
    throw InternalError("no number " + name);
  }
  bool noted(const std::string& what) const {
    for (const std::string& note : notes) {
      if (note.find(what) != std::string::npos) return true;
    }
    return false;
  }
};

inline ScoredAnswers scored_answers(const std::string& rule, const std::vector<std::string>& words,
                                    const Json& options = Json::object()) {
  AnswerNotes notes;
  std::vector<AnswerFile> files;
  AnswerSet set = score_answers(*AnswerRuleRegistry::instance().make(rule), rule, words, {},
                                Options(options.is_null() ? Json::object() : options, "options"), notes, files);
  return {std::move(set), notes.lines()};
}

inline ScoredAnswers scored_answers(const AnswerFolder& folder, const AnswerCase& one) {
  return scored_answers(one.rule, folder.words(one.words), one.options);
}

}  // namespace emf
