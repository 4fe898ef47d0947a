// SPDX-License-Identifier: Apache-2.0
// TIIF-Bench: shares of yes/no questions answered as wanted, by attribute and length of the prompt; and, of OCR
// files, the text scores GNED and recall.
//
// Source: A113N-W3I/TIIF-Bench 3aae750, eval/summary_results.py, summary_dimension_results.py and
// cal_gned_and_recall_models.py.
//
// What the scripts do, and a reader may not expect:
// - An attribute's accuracy counts questions, so pictures with many weigh more. It is rounded to four decimals on its
//   way through the spreadsheet, and all groups are means of these rounded shares over attributes, however many
//   questions each has. The overall score is the mean of nine groups, of which some hold eight attributes and some
//   one.
// - A picture without a file (refused by the generator or the judge) counts nowhere, so short and long prompts may be
//   compared over different pictures.
// - zip() pairs wanted and given answers, and leaves out what one list has more of.
// - Text: where a picture shows no text, one empty word was read. What was read is cut at single blanks, what is
//   wanted is not, so a wanted phrase of two words is never found. One error anywhere in a file makes all its numbers
//   0.
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/json_elements.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/official_text.h"
#include "harness/rules/published/tiif_text.h"

namespace emf {
namespace {

enum Kind : size_t { kAnswers, kText };

struct Group {
  std::string name, title;  ///< "basic/attribute"; "Basic_Attribute - Attribute"
  std::vector<std::string> attributes;
};

/// The nine groups that the overall score is the mean of.
const std::vector<Group>& nine_groups() {
  static const std::vector<Group> kGroups = {
      {"basic/attribute",
       "Basic_Attribute - Attribute",
       {"shape+color", "color+texture", "texture+color", "shape+texture"}},
      {"basic/relation",
       "Basic_Relation - Relation",
       {"2d_spatial_relation", "3d_spatial_relation", "action+2d", "action+3d"}},
      {"basic/reasoning", "Basic_Reasoning - Reasoning", {"numeracy", "negation", "differentiation", "comparison"}},
      {"advanced/attribute+relation",
       "Advanced_Attribute+Relation - Attribute+Relation",
       {"action+color", "action+texture", "color+2d", "color+3d", "shape+2d", "shape+3d", "texture+2d", "texture+3d"}},
      {"advanced/attribute+reasoning",
       "Advanced_Attribute+Reasoning - Attribute+Reasoning",
       {"numeracy+color", "numeracy+texture", "comparison+color", "comparison+texture", "differentiation+color",
        "differentiation+texture", "negation+color", "negation+texture"}},
      {"advanced/relation+reasoning",
       "Advanced_Relation+Reasoning - Relation+Reasoning",
       {"numeracy+2d", "numeracy+3d", "comparison+2d", "comparison+3d", "differentiation+2d", "differentiation+3d",
        "negation+2d", "negation+3d"}},
      {"advanced/text", "Advanced_Text Generation - Text Generation", {"text"}},
      {"advanced/style", "Advanced_Style Control - Style Control", {"style"}},
      {"real_world", "Real_Complex - Complex", {"real_world"}}};
  return kGroups;
}

/// Headed by the three overall groups, in the order in which the script prints them.
std::vector<Group> all_groups() {
  const std::vector<Group>& nine = nine_groups();
  std::vector<Group> groups;
  const auto overall = [&](const char* name, const char* title, size_t first, size_t last) {
    Group group{name, title, {}};
    for (size_t i = first; i < last; ++i) {
      group.attributes.insert(group.attributes.end(), nine[i].attributes.begin(), nine[i].attributes.end());
    }
    groups.push_back(group);
    groups.insert(groups.end(), nine.begin() + static_cast<std::ptrdiff_t>(first),
                  nine.begin() + static_cast<std::ptrdiff_t>(last));
  };
  overall("basic", "Basic_Following_Overall - Overall", 0, 3);
  overall("advanced", "Advanced_Following_Overall - Overall", 3, 8);
  overall("real", "Real_World_Following_Overall - Overall", 8, 9);
  return groups;
}

const std::vector<std::string> kLengths = {"short", "long"};

/// As a spreadsheet cell of four decimals is read again.
double rounded_share(const Sum& sum) { return python_round(sum.mean(), 4); }

/// Which of a group's attributes have answers in a length: true for those, false for those that have some in the other
/// length alone. pandas adds up a 0 for the latter, which moves where numpy's sum begins a new block.
using Columns = std::vector<bool>;

/// pandas' mean of one row of the spreadsheet.   @param sums  of the columns that are true.
double mean_of_shares(std::span<const Sum> sums, const Columns& columns) {
  std::vector<double> values;
  size_t place = 0;
  for (const bool present : columns) values.push_back(present ? rounded_share(sums[place++]) : 0);
  return numpy_sum(values) / static_cast<double>(sums.size());
}

std::string trimmed_lower(std::string text) {
  text.erase(0, std::min(text.find_first_not_of(" \t\r\n\f\v"), text.size()));
  text.erase(text.find_last_not_of(" \t\r\n\f\v") + 1);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char sign) { return sign >= 'A' && sign <= 'Z' ? static_cast<char>(sign + 32) : sign; });
  return text;
}

std::vector<std::string> texts_of(const Json& picture, const char* key, const std::string& where) {
  const Json list = picture.value(key, Json());
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_string(); })) {
    fail_input("{}: \"{}\" must be a list of texts", where, key);
  }
  return list.get<std::vector<std::string>>();
}

/// One picture's file: MODEL/ATTRIBUTE/LENGTH/INDEX.json.
class Pictures {
 public:
  Pictures(AnswerSet& set, AnswerNotes& notes) : set_(set), notes_(notes) {}

  void add(const AnswerFile& file) {
    const std::string where = file.origin();
    const std::filesystem::path folder = file.path.parent_path();
    const std::string length = folder.filename(), attribute = folder.parent_path().filename(),
                      model = folder.parent_path().parent_path().filename();
    if (std::find(kLengths.begin(), kLengths.end(), length) == kLengths.end()) {
      fail_input("{}: must lie in a folder ATTRIBUTE/short or ATTRIBUTE/long", where);
    }
    if (models_.insert(model).second && models_.size() > 1) {
      fail_input("{}: of the model '{}', but files before are of '{}'; give the folder of one model", where, model,
                 *models_.begin() == model ? *models_.rbegin() : *models_.begin());
    }
    const Json picture = parse_json(file.text(), where);
    if (!picture.is_object()) fail_input("{}: must be an object with gt_answers and model_pred", where);
    check_place(picture, attribute, length, where);
    const std::vector<std::string> wanted = texts_of(picture, "gt_answers", where),
                                   given = texts_of(picture, "model_pred", where);
    if (wanted.size() != given.size()) {
      notes_.add(
          "pictures with another number of answers than are wanted; what one has more of is left out, as the "
          "official script does",
          where);
    }
    const size_t pairs = std::min(wanted.size(), given.size());
    const std::string index = file.path.stem();
    seen_[attribute][length].insert(index);
    if (pairs == 0) {
      notes_.add("pictures without an answer, which count nowhere", where);
      return;
    }
    double right = 0;
    for (size_t i = 0; i < pairs; ++i) {
      const std::string answer = trimmed_lower(given[i]);
      if (answer == trimmed_lower(wanted[i])) ++right;
      if (answer != "yes" && answer != "no") notes_.add("answers that are neither yes nor no", where);
    }
    AnswerItem& item = set_.items.emplace_back();
    item.id = fmt::format("{}/{}/{}", attribute, length, index);
    item.cluster = fmt::format("{}/{}", attribute, index);
    item.stratum = attribute;
    item.score = right / static_cast<double>(pairs);
    item.parts = {{set_.slot(fmt::format("{}/{}", attribute, length)), {right, static_cast<double>(pairs)}}};
    item.facts = {{"right", right}, {"questions", pairs}};
  }

  const std::string& model() const { return *models_.begin(); }

  void note_missing() const {
    for (const auto& [attribute, lengths] : seen_) {
      for (const auto& [length, indices] : lengths) {
        for (const auto& [other, others] : lengths) {
          for (const std::string& index : others) {
            if (indices.count(index) == 0) {
              notes_.add("prompts judged in one length alone, so that short and long are of different pictures",
                         fmt::format("no {}/{}/{}", attribute, length, index));
            }
          }
        }
      }
      const bool known =
          std::any_of(nine_groups().begin(), nine_groups().end(), [&name = attribute](const Group& group) {
            return std::find(group.attributes.begin(), group.attributes.end(), name) != group.attributes.end();
          });
      if (!known) notes_.add("attributes of no group, which count in mean_accuracy alone", attribute);
    }
  }

 private:
  void check_place(const Json& picture, const std::string& attribute, const std::string& length,
                   const std::string& where) {
    const Json own = picture.value("attribute", Json()), description = picture.value("desc", Json());
    const bool moved = (own.is_string() && own != attribute) ||
                       (description.is_string() && !description.get<std::string>().starts_with(length));
    if (moved) {
      notes_.add("files that say another attribute or length than their folder, which is the one that counts", where);
    }
  }

  AnswerSet& set_;
  AnswerNotes& notes_;
  std::set<std::string> models_;
  std::map<std::string, std::map<std::string, std::set<std::string>>> seen_;  // attribute, length -> indices
};

/// "==== title ====" and a table of one row, as pandas prints it.
std::string table_of(const std::string& title, const std::vector<std::string>& columns, const std::string& index_name,
                     const std::string& row, const std::vector<std::optional<double>>& values) {
  std::string header, line;
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string text = values[i] ? python_text(numpy_round(*values[i], 4)) : "NaN";
    const size_t width = std::max(columns[i].size(), text.size());
    header += fmt::format("  {:>{}}", columns[i], width);
    line += fmt::format("  {:>{}}", text, width);
  }
  const size_t first = std::max(row.size(), index_name.size());
  std::string text = fmt::format("\n==== {} ====\n{:<{}}{}\n", title, "", first, header);
  if (!index_name.empty()) text += fmt::format("{:<{}}{}\n", index_name, first, std::string(header.size(), ' '));
  return text + fmt::format("{:<{}}{}\n", row, first, line);
}

class Tiif : public AnswerRule {
 public:
  std::string source() const override {
    return "A113N-W3I/TIIF-Bench 3aae750, eval/summary_results.py, summary_dimension_results.py, "
           "cal_gned_and_recall_models.py";
  }
  std::vector<FileKind> files() const override {
    return {
        {"MODEL/", "the folder of eval_with_vlm.py's answers: ATTRIBUTE/short|long/INDEX.json", FileKind::Count::kAny},
        {"ocr_results_MODEL.json", "what was read in pictures of 'text', with the wanted words under \"text\"",
         FileKind::Count::kOneOrNone}};
  }
  std::optional<size_t> kind_of(const std::filesystem::path&, std::string_view head) const override {
    if (head.starts_with('{') && head.find("gt_answers") != std::string_view::npos) return kAnswers;
    if (head.starts_with('{') && head.find("\"questions\"") != std::string_view::npos) return kAnswers;
    if (head.starts_with('[')) return kText;
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader(options).finish();
    AnswerSet set;
    Pictures pictures(set, notes);
    const std::vector<const AnswerFile*> answers = files_of(files, kAnswers);
    for (const AnswerFile* file : answers) pictures.add(*file);
    pictures.note_missing();
    if (!answers.empty() && set.items.empty()) fail_input("{}: not one answer", answers.front()->origin());
    const std::vector<AnswerSet::Slot> shares = set.slots;
    if (!answers.empty()) {
      add_numbers(set, shares);
      set.official.push_back({"eval/summary_dimension_results.py", dimensions_text(set, pictures.model()), ""});
    }
    if (const AnswerFile* text = file_of(files, kText)) add_tiif_text(set, *text, notes);
    if (set.numbers.empty()) fail_input("rule tiif needs the folder of a model's answers, an OCR file, or both");
    return set;
  }

 private:
  struct GroupColumns {
    std::vector<size_t> slots;
    Columns columns;
  };

  static GroupColumns columns_of(const AnswerSet& set, const Group& group, const std::string& length) {
    const auto slot_of = [&](const std::string& name) -> std::optional<size_t> {
      for (size_t slot = 0; slot < set.slots.size(); ++slot) {
        if (set.slots[slot].name == name) return slot;
      }
      return std::nullopt;
    };
    GroupColumns found;
    for (const std::string& attribute : group.attributes) {
      const auto own = slot_of(attribute + "/" + length);
      const bool known = slot_of(attribute + "/short") || slot_of(attribute + "/long");
      if (known) found.columns.push_back(own.has_value());
      if (own) found.slots.push_back(*own);
    }
    return found;
  }

  /// The mean over the nine groups of one length; none without an answer.
  static std::optional<AnswerNumber> overall_of(const AnswerSet& set, const std::string& length) {
    AnswerNumber overall{"overall_" + length, {}, {}};
    std::vector<Columns> groups;
    for (const Group& group : nine_groups()) {
      const GroupColumns own = columns_of(set, group, length);
      overall.slots.insert(overall.slots.end(), own.slots.begin(), own.slots.end());
      groups.push_back(own.slots.empty() ? Columns{} : own.columns);
    }
    if (overall.slots.empty()) return std::nullopt;
    overall.of = [groups](std::span<const Sum> sums) {
      std::vector<double> means;
      double present = 0;
      for (const Columns& columns : groups) {
        const auto size = static_cast<size_t>(std::count(columns.begin(), columns.end(), true));
        means.push_back(size == 0 ? 0 : mean_of_shares(sums.first(size), columns));
        sums = sums.subspan(size);
        if (size > 0) ++present;
      }
      return numpy_sum(means) / present;
    };
    return overall;
  }

  static void add_numbers(AnswerSet& set, const std::vector<AnswerSet::Slot>& shares) {
    for (const std::string& length : kLengths) {
      if (const auto overall = overall_of(set, length)) set.numbers.push_back(*overall);
    }
    AnswerNumber mean{"mean_accuracy", {}, [](std::span<const Sum> sums) {
                        double total = 0;
                        for (const Sum& sum : sums) total += sum.mean();
                        return total / static_cast<double>(sums.size());
                      }};
    for (size_t slot = 0; slot < shares.size(); ++slot) mean.slots.push_back(slot);
    set.numbers.push_back(mean);
    for (const Group& group : all_groups()) {
      for (const std::string& length : kLengths) {
        const GroupColumns own = columns_of(set, group, length);
        if (own.slots.empty()) continue;
        set.numbers.push_back(
            {group.name + "/" + length, own.slots,
             [columns = own.columns](std::span<const Sum> sums) { return mean_of_shares(sums, columns); }});
      }
    }
    for (size_t slot = 0; slot < shares.size(); ++slot) set.add_mean("attribute/" + shares[slot].name, slot);
  }

  static std::string dimensions_text(const AnswerSet& set, const std::string& model) {
    const std::vector<Sum> sums = set.sums();
    const auto value = [&](const std::string& name) -> std::optional<double> {
      for (const AnswerNumber& number : set.numbers) {
        if (number.name == name) return value_of(number, sums);
      }
      return std::nullopt;
    };
    std::string text;
    for (const Group& group : all_groups()) {
      text += table_of(group.title, kLengths, "", model, {value(group.name + "/short"), value(group.name + "/long")});
    }
    return text + table_of("Overall average score of 9 sub-attributes", {"overall-short", "overall-long"}, "Model",
                           model, {value("overall_short"), value("overall_long")});
  }
};

EMF_REGISTER(AnswerRuleRegistry, "tiif",
             "TIIF-Bench's accuracies by group and prompt length, and GNED and recall of text", std::make_unique<Tiif>);

}  // namespace
}  // namespace emf
