// SPDX-License-Identifier: Apache-2.0
// GenEval 2: Soft-TIFA by prompt (geometric mean) and by atom (arithmetic mean), by skill and by number of atoms.
//
// Source: facebookresearch/GenEval2 a6e82d2, evaluation.py and soft_tifa_analysis.py (CC BY-NC 4.0; written anew from
// what they compute, and nothing of their data is here).
//
// What the scripts do, and a reader may not expect:
// - The answers' "probability" is a sum over up to six spellings of the right answer, each by its first token alone:
//   " 4" may begin with a blank's token, and a token that two spellings share is added twice. Values above 1 can
//   stand.
// - One 0 makes a prompt's geometric mean 0, however good its other atoms are.
// - Skills count atoms, so prompts of many atoms weigh more; numbers of atoms count prompts. "a" is asked ("one") but
//   is no atom, so a prompt has more questions than atoms.
// - Lists are paired with prompts by place; zip() leaves out what one file has more of.
// - A skill or a number of atoms (3 to 10) without a prompt ends the analysis in a division by zero.
// - README's method "soft_tifa" is soft_tifa_am or soft_tifa_gm; both write the same file, which vqascore and tifa
//   write over as well.
#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/official_text.h"

namespace emf {
namespace {

enum Kind : size_t { kData, kScores };

constexpr double kPercent = 100;
/// Six spellings, each with all of the probability.
constexpr double kMostSpellings = 6;
constexpr int kFewestAtoms = 3, kMostAtoms = 10;

/// Skills in the order in which the analysis prints them.
const std::vector<std::pair<std::string, std::string>> kSkills = {
    {"object", "Object"}, {"attribute", "Attribute"}, {"count", "Count"}, {"position", "Position"}, {"verb", "Verb"}};

struct PromptFacts {
  std::string prompt;
  int64_t atoms = 0;
  std::vector<size_t> skills;  ///< of each question, by place in kSkills
};

size_t skill_of(const Json& name, const std::string& where) {
  if (!name.is_string()) fail_input("{}: \"skills\" must be a list of texts", where);
  for (size_t i = 0; i < kSkills.size(); ++i) {
    if (kSkills[i].first == name.get<std::string>()) return i;
  }
  std::vector<std::string> known;
  for (const auto& [skill, title] : kSkills) known.push_back(skill);
  fail_input("{}: no skill '{}'{}", where, name.get<std::string>(), suggestion(name.get<std::string>(), known));
}

PromptFacts prompt_facts(const Json& line, const std::string& where) {
  PromptFacts facts;
  const auto field = [&](const char* key) -> const Json& {
    if (!line.is_object() || !line.contains(key)) {
      fail_input("{}: \"{}\" is missing; a line of geneval2_data.jsonl has prompt, atom_count, vqa_list, skills", where,
                 key);
    }
    return line[key];
  };
  if (!field("prompt").is_string()) fail_input("{}: \"prompt\" must be a text", where);
  if (!field("atom_count").is_number_integer()) fail_input("{}: \"atom_count\" must be a whole number", where);
  if (!field("skills").is_array() || line["skills"].empty()) fail_input("{}: \"skills\" must be a list", where);
  if (!field("vqa_list").is_array()) fail_input("{}: \"vqa_list\" must be a list", where);
  facts.prompt = line["prompt"];
  facts.atoms = line["atom_count"];
  if (facts.atoms < 1) fail_input("{}: \"atom_count\" must be 1 or more, not {}", where, facts.atoms);
  for (const Json& skill : line["skills"]) facts.skills.push_back(skill_of(skill, where));
  if (line["vqa_list"].size() != facts.skills.size()) {
    fail_input("{}: {} questions, but {} skills", where, line["vqa_list"].size(), facts.skills.size());
  }
  return facts;
}

std::vector<PromptFacts> read_prompts(const AnswerFile& file) {
  std::vector<PromptFacts> prompts;
  for_each_line(file.text(), file.origin(), [&](std::string_view line, const std::string& where) {
    prompts.push_back(prompt_facts(parse_json(std::string(line), where), where));
  });
  if (prompts.empty()) fail_input("{} is empty: it must hold one prompt a line", file.origin());
  return prompts;
}

/// Reads [[number, ...], ...] event by event, so that a list that cannot be right ends the reading where it stands.
class ScoreLists {
 public:
  ScoreLists(const std::vector<PromptFacts>& prompts, std::string origin)
      : prompts_(prompts), origin_(std::move(origin)) {}

  std::deque<double> scores;  ///< of all lists, one after the other

  bool null() { fail("holds null where a score must stand"); }
  bool boolean(bool) { fail("holds true or false where a score must stand"); }
  bool number_integer(int64_t value) { return number(static_cast<double>(value)); }
  bool number_unsigned(uint64_t value) { return number(static_cast<double>(value)); }
  bool number_float(double value, const std::string&) { return number(value); }
  bool string(std::string&) { fail("holds a text where a score must stand"); }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(size_t) { fail("holds an object where a score must stand"); }
  bool key(std::string&) { return false; }
  bool end_object() { return false; }
  bool start_array(size_t) {
    if (++depth_ > 2) fail("holds a list where a score must stand");
    if (depth_ < 2) return true;
    if (list_ == prompts_.size()) {
      fail_input("{}: more score lists than the {} prompts of the data; lists are paired with prompts by place",
                 origin_, prompts_.size());
    }
    place_ = 0;
    return true;
  }
  bool end_array() {
    if (depth_-- < 2) return true;
    const size_t asked = prompts_[list_].skills.size();
    if (place_ != asked) {
      fail_input("{}: list {} has {} scores, but '{}' has {} questions{}", origin_, list_ + 1, place_,
                 prompts_[list_].prompt, asked, place_ == 1 ? "; is it the output of --method vqascore?" : "");
    }
    ++list_;
    return true;
  }
  bool parse_error(size_t byte, const std::string& token, const Json::exception&) {
    fail_input("{}: not valid JSON at byte {}{}; mend the file or make it anew", origin_, byte,
               token.find("N") != std::string::npos ? " (NaN is no score)" : "");
  }
  size_t lists() const { return list_; }

 private:
  [[noreturn]] void fail(const char* what) const { fail_input("{}: list {} {}", origin_, list_ + 1, what); }

  bool number(double value) {
    if (depth_ != 2) fail_input("{}: must be a list of lists, [[score, ...], ...]", origin_);
    if (value < 0 || value > kMostSpellings) {
      fail_input("{}: list {}, score {}: {} is no probability (0 to 1){}", origin_, list_ + 1, place_ + 1, value,
                 value > 1 ? "; these look like percent" : "");
    }
    // The list is longer than its prompt has questions; its end is not worth waiting for.
    if (++place_ > prompts_[list_].skills.size()) {
      fail_input("{}: list {} has more scores than the {} questions of '{}'", origin_, list_ + 1,
                 prompts_[list_].skills.size(), prompts_[list_].prompt);
    }
    scores.push_back(value);
    return true;
  }

  const std::vector<PromptFacts>& prompts_;
  std::string origin_;
  int depth_ = 0;
  size_t list_ = 0, place_ = 0;
};

std::deque<double> read_scores(const AnswerFile& file, const std::vector<PromptFacts>& prompts) {
  ScoreLists lists(prompts, file.origin());
  const std::string text = file.text();
  Json::sax_parse(text, &lists);
  if (lists.lists() != prompts.size()) {
    fail_input("{}: {} score lists, but the data has {} prompts; lists are paired with prompts by place", file.origin(),
               lists.lists(), prompts.size());
  }
  return std::move(lists.scores);
}

/// scipy's gmean: the exponential of numpy's mean of logarithms.
double geometric_mean(const std::vector<double>& scores) {
  std::vector<double> logarithms;
  for (const double score : scores) logarithms.push_back(std::log(score));
  return std::exp(numpy_mean(logarithms));
}

class GenEval2 : public AnswerRule {
 public:
  std::string source() const override {
    return "facebookresearch/GenEval2 a6e82d2, evaluation.py and soft_tifa_analysis.py";
  }
  std::vector<FileKind> files() const override {
    return {
        {"geneval2_data.jsonl", "the benchmark's prompts (JSON Lines: prompt, atom_count, vqa_list, skills)",
         FileKind::Count::kOne, true},
        {"score_lists.json", "evaluation.py's --output_file with soft_tifa_am or soft_tifa_gm: [[score, ...], ...]"}};
  }
  std::optional<size_t> kind_of(const std::filesystem::path&, std::string_view head) const override {
    if (head.starts_with('{')) return kData;
    if (head.starts_with('[')) return kScores;
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader(options).finish();
    const std::vector<PromptFacts> prompts = read_prompts(*file_of(files, kData));
    std::deque<double> scores = read_scores(*file_of(files, kScores), prompts);
    AnswerSet set;
    const size_t gm = set.slot("gm"), am = set.slot("am");
    for (const auto& [skill, title] : kSkills) set.slot("skill/" + skill);
    const bool hard = std::all_of(scores.begin(), scores.end(), [](double score) { return score == 0 || score == 1; });
    std::map<std::string, int> repeats;
    for (const PromptFacts& facts : prompts) {
      AnswerItem& item = set.items.emplace_back();
      std::vector<double> own(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(facts.skills.size()));
      scores.erase(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(facts.skills.size()));
      const int repeat = ++repeats[facts.prompt];
      item.cluster = facts.prompt;
      item.id = repeat == 1 ? facts.prompt : fmt::format("{} #{}", facts.prompt, repeat);
      if (repeat == 2) notes.add("prompts that stand more than once in the data", facts.prompt);
      item.stratum = fmt::format("{:03}", facts.atoms);
      add_parts(set, item, facts, own, gm, am);
      for (const double score : own) {
        if (score > 1) {
          notes.add(
              "probabilities above 1, kept: the official sum adds a first token twice where two spellings share it",
              facts.prompt);
        }
      }
    }
    if (hard) notes.add("every score is 0 or 1: these look like --method tifa's, and Soft-TIFA's are probabilities");
    add_numbers(set, gm, am);
    add_official(set, notes);
    return set;
  }

 private:
  static void add_parts(AnswerSet& set, AnswerItem& item, const PromptFacts& facts, const std::vector<double>& own,
                        size_t gm, size_t am) {
    double sum = 0;
    for (const double score : own) sum += score;
    const double arithmetic = sum / static_cast<double>(own.size());
    item.score = geometric_mean(own);
    item.parts = {{gm, {item.score, 1}}, {am, {arithmetic, 1}}};
    for (size_t i = 0; i < own.size(); ++i) {
      item.parts.push_back({set.slot("skill/" + kSkills[facts.skills[i]].first), {own[i], 1}});
    }
    item.parts.push_back({set.slot(fmt::format("atoms/{}", facts.atoms)), {item.score, 1}});
    item.facts = {{"am", arithmetic}, {"atoms", facts.atoms}, {"scores", own}};
  }

  static void add_numbers(AnswerSet& set, size_t gm, size_t am) {
    const std::vector<Sum> sums = set.sums();
    set.add_mean("gm", gm, kPercent);
    set.add_mean("am", am, kPercent);
    for (const auto& [skill, title] : kSkills) {
      const size_t slot = set.slot("skill/" + skill);
      if (sums[slot].weight > 0) set.add_mean("skill/" + skill, slot, kPercent);
    }
    std::map<int64_t, size_t> atoms;
    for (size_t slot = 0; slot < set.slots.size(); ++slot) {
      const std::string& name = set.slots[slot].name;
      if (name.starts_with("atoms/")) atoms[std::stoll(name.substr(6))] = slot;
    }
    for (const auto& [count, slot] : atoms) set.add_mean(fmt::format("atoms/{}", count), slot, kPercent);
  }

  static void add_official(AnswerSet& set, AnswerNotes& notes) {
    const std::vector<Sum> sums = set.sums();
    const auto value = [&](const std::string& name) -> std::optional<double> {
      for (const AnswerNumber& number : set.numbers) {
        if (number.name == name) return value_of(number, sums);
      }
      return std::nullopt;
    };
    for (const char* mean : {"gm", "am"}) {
      set.official.push_back({fmt::format("evaluation.py --method soft_tifa_{}", mean),
                              fmt::format("Score: {}\n", python_text(*value(mean))), ""});
    }
    OfficialText analysis{"soft_tifa_analysis.py", "Per Atom Type Analysis (Soft-TIFA AM)\n", ""};
    for (const auto& [skill, title] : kSkills) {
      const auto score = value("skill/" + skill);
      if (!score && analysis.why.empty()) analysis.why = fmt::format("no question asks for the skill '{}'", skill);
      if (score) analysis.text += fmt::format("{}:\n{}\n", title, python_text(python_round(*score, 2)));
    }
    analysis.text += "\nPer Atomicity Analysis (Soft-TIFA GM)\n";
    for (int atoms = kFewestAtoms; atoms <= kMostAtoms; ++atoms) {
      const auto score = value(fmt::format("atoms/{}", atoms));
      if (!score && analysis.why.empty()) analysis.why = fmt::format("no prompt has {} atoms", atoms);
      // The analysis sums numpy's floats here, which round in numpy's way.
      if (score) {
        analysis.text += fmt::format("Results for Atomicity={}\n{}\n", atoms, python_text(numpy_round(*score, 2)));
      }
    }
    for (const AnswerItem& item : set.items) {
      const int64_t atoms = item.facts["atoms"];
      if (analysis.why.empty() && (atoms < kFewestAtoms || atoms > kMostAtoms)) {
        analysis.why = fmt::format("a prompt has {} atoms, of 3 to 10", atoms);
      }
    }
    if (!analysis.why.empty()) {
      analysis.text.clear();
      notes.add(fmt::format("the official analysis ends in an error here: {}", analysis.why));
    }
    set.official.push_back(analysis);
  }
};

EMF_REGISTER(AnswerRuleRegistry, "geneval2",
             "GenEval 2's Soft-TIFA: geometric mean by prompt, arithmetic mean by atom, skills, numbers of atoms",
             std::make_unique<GenEval2>);

}  // namespace
}  // namespace emf
