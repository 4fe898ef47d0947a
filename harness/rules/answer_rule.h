// SPDX-License-Identifier: Apache-2.0
// A published benchmark's rule: the answer files that its scripts leave behind, and the numbers those scripts make of
// them. One rule a file in published/.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/options.h"
#include "harness/base/registry.h"
#include "harness/base/sum.h"
#include "harness/rules/answer_files.h"
#include "harness/rules/answer_notes.h"

namespace emf {

/// What an item adds to one of the sums that numbers are made of.
struct AnswerPart {
  size_t slot = 0;  ///< of AnswerSet::slots
  Sum sum;
};

/// One judged picture, or one prompt.
struct AnswerItem {
  std::string id;       ///< once in the set; the item of another set that it is compared with has the same
  std::string cluster;  ///< its prompt: items of one prompt move together
  std::string stratum;  ///< what the benchmark fixes the number of prompts of ("CULTURE"), "" where it fixes nothing
  double score = 0;     ///< higher is better; says which of two sets won the item
  std::vector<AnswerPart> parts;
  Json facts = Json::object();  ///< further facts, for the item's line
};

/// One number that the official script prints, as a function of sums over items.
struct AnswerNumber {
  std::string name;                                ///< "overall", "skill/object"
  std::vector<size_t> slots;                       ///< the sums that it is made of
  std::function<double(std::span<const Sum>)> of;  ///< of those sums, in that order
  std::optional<double> official = {};  ///< where the script adds in another order, which moves the last digits
  bool lower_is_better = false;
};

/// What one official script prints of the answers.
struct OfficialText {
  std::string script;  ///< "soft_tifa_analysis.py"
  std::string text;    ///< "" where the script ends without a number
  std::string why;     ///< then: why it does
};

/// Answers of one model, read and scored.
struct AnswerSet {
  struct Slot {
    std::string name;
    bool share = true;  ///< values lie in 0..1
  };
  std::vector<Slot> slots;
  std::deque<AnswerItem> items;       ///< in the order in which the official script adds them up
  std::vector<AnswerNumber> numbers;  ///< the first is the headline
  std::vector<OfficialText> official;
  Json identity = Json::object();  ///< what else decides the numbers: variant, language

  /// The slot of a name, made when it is new.
  size_t slot(const std::string& name, bool share = true);
  /// Adds a number that is `scale` times the mean of one slot.
  AnswerNumber& add_mean(const std::string& name, size_t slot, double scale = 1);
  /// The sums of all items, in their order.  @return  [slots].
  std::vector<Sum> sums() const;

 private:
  std::map<std::string, size_t> places_;
};

/// A number's value.   @param sums  AnswerSet::sums(), of all items or of some.
double value_of(const AnswerNumber& number, std::span<const Sum> sums);

class AnswerRule {
 public:
  static constexpr const char* kKind = "rule";
  virtual ~AnswerRule() = default;

  /// Repository, commit and scripts that the numbers are equal to.
  virtual std::string source() const = 0;
  virtual std::vector<FileKind> files() const = 0;
  /// Which of files() a file is, by its name and its first 4096 bytes, blanks before them left out.
  virtual std::optional<size_t> kind_of(const std::filesystem::path& below, std::string_view head) const = 0;
  /// Several runs can be given, each under a name of its own: NAME=PATH.
  virtual bool takes_labels() const { return false; }
  /// "language=en|zh: ...", one line an option; for --help.
  virtual std::vector<std::string> options() const { return {}; }

  /// Reads and scores the files of one model.
  ///
  /// @param files  as check_answer_files() lets them pass.
  /// @param notes  what the official script does with these answers and does not say.
  /// @throws UserError  malformed or impossible answers (names file and place); an unknown option.
  virtual AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const = 0;
};

using AnswerRuleRegistry = Registry<AnswerRule>;

/// Sorts words into a rule's files, checks that none is missing, and scores them.
///
/// @param benchmark  files of an earlier call, of which those of the benchmark stand in where none is given.
/// @param files      what was read is written here.
AnswerSet score_answers(const AnswerRule& rule, const std::string& name, const std::vector<std::string>& words,
                        const std::vector<AnswerFile>& benchmark, const Options& options, AnswerNotes& notes,
                        std::vector<AnswerFile>& files);

}  // namespace emf
