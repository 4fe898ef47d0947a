// SPDX-License-Identifier: Apache-2.0
// WISE: world knowledge in pictures, by six categories; the original benchmark and WISE_Verified.
//
// Source: PKU-YuanGroup/WISE eb51174, WISE_legacy/Calculate.py and calculate_verified.py.
//
// What the scripts do, and a reader may not expect:
// - WiScore of the original: (.7 consistency + .2 realism + .1 aesthetic quality) / 2, each judged 0, 1 or 2; overall
//   .4 culture + .167 time + .133 space + .1 biology + .1 physics + .1 chemistry. Verified: one score, 0 or 1; overall
//   .4 culture + .12 each of the others. The ids that make up a category differ between the two.
// - A prompt that stands in several files, or twice in one, counts as often as it stands there.
// - A line without numbers is left out, but its id counts as present; an id outside 1..1000 is left out.
// - Without all 1,000 ids there is no overall score at all (--category all ends without one).
// - The original's script takes any number for a judgement: 20 of 2 as well.
#include <fmt/ranges.h>

#include <set>

#include "harness/base/error.h"
#include "harness/rules/answer_rule.h"

namespace emf {
namespace {

constexpr int64_t kPrompts = 1000;

struct Category {
  std::string name;
  int64_t last = 0;  ///< prompt_id; it begins behind the one before
  double weight = 0;
};

struct Variant {
  std::string name, script, average;
  std::vector<std::string> keys;
  double highest = 1;  ///< judgement
  std::vector<Category> categories;
};

const Variant& legacy() {
  static const Variant kLegacy = {"legacy",
                                  "WISE_legacy/Calculate.py --category all",
                                  "Average WiScore",
                                  {"consistency", "realism", "aesthetic_quality"},
                                  2,
                                  {{"CULTURE", 400, 0.4},
                                   {"TIME", 567, 0.167},
                                   {"SPACE", 700, 0.133},
                                   {"BIOLOGY", 800, 0.1},
                                   {"PHYSICS", 900, 0.1},
                                   {"CHEMISTRY", 1000, 0.1}}};
  return kLegacy;
}

const Variant& verified() {
  static const Variant kVerified = {"verified",
                                    "calculate_verified.py --category all",
                                    "Average binary WiScore",
                                    {"score"},
                                    1,
                                    {{"CULTURE", 400, 0.4},
                                     {"TIME", 520, 0.12},
                                     {"SPACE", 640, 0.12},
                                     {"BIOLOGY", 760, 0.12},
                                     {"PHYSICS", 880, 0.12},
                                     {"CHEMISTRY", 1000, 0.12}}};
  return kVerified;
}

/// The judgements of a line, in the order of Variant::keys; none when one of them is no number.
std::optional<std::vector<double>> judgements(const Json& line, const Variant& variant, const std::string& where) {
  std::vector<double> found;
  for (const std::string& key : variant.keys) {
    const Json value = line.value(key, Json());
    if (!value.is_number() && !value.is_boolean()) return std::nullopt;
    const double number = value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<double>();  // as Python has it
    const bool allowed = variant.highest == 1 ? number == 0 || number == 1 : number >= 0 && number <= variant.highest;
    if (!allowed) {
      fail_input("{}: {} is {}, but the judge gives {}{}", where, key, value.dump(),
                 variant.highest == 1 ? "0 or 1" : "0, 1 or 2",
                 number > variant.highest ? "; is it on another scale, or in percent?" : "");
    }
    found.push_back(number);
  }
  return found;
}

double wiscore(const std::vector<double>& found) {
  if (found.size() == 1) return found[0];
  return (0.7 * found[0] + 0.2 * found[1] + 0.1 * found[2]) / 2;
}

/// Reads lines one after the other; the first says which of the two benchmarks they are of.
class Reader {
 public:
  Reader(AnswerSet& set, AnswerNotes& notes) : set_(set), notes_(notes) {}

  void take(const std::string& text, const std::string& where) {
    const Json line = parse_json(text, where);
    if (!line.is_object()) fail_input("{}: must be an object with \"prompt_id\" and scores", where);
    if (!line.contains("prompt_id") || !line["prompt_id"].is_number_integer()) {
      fail_input("{}: \"prompt_id\" must be a whole number; the official script would leave this line out", where);
    }
    choose_variant(line, where);
    const Json& number = line["prompt_id"];
    if (number < 1 || number > kPrompts) {
      notes_.add("prompt_id outside 1..1000, left out as the official script does",
                 fmt::format("{} at {}", number.dump(), where));
      return;
    }
    const int64_t id = number;
    present_.insert(id);
    const auto found = judgements(line, *variant_, where);
    if (!found) {
      notes_.add(fmt::format("no number for {}, left out as the official script does; its prompt counts as present",
                             fmt::join(variant_->keys, ", ")),
                 where);
      return;
    }
    add(line, id, *found, where);
  }

  const Variant* variant() const { return variant_; }

  /// prompt_ids of no line.
  std::vector<int64_t> missing() const {
    std::vector<int64_t> ids;
    for (int64_t id = 1; id <= kPrompts; ++id) {
      if (present_.count(id) == 0) ids.push_back(id);
    }
    return ids;
  }

 private:
  void choose_variant(const Json& line, const std::string& where) {
    const bool one = line.contains("score"), three = line.contains("consistency");
    if (one == three) {
      fail_input("{}: needs \"score\" (WISE_Verified) or \"consistency\", \"realism\", \"aesthetic_quality\"{}", where,
                 one ? ", not both" : "");
    }
    const Variant& own = one ? verified() : legacy();
    if (variant_ == nullptr) variant_ = &own;
    if (variant_ != &own) {
      fail_input("{}: a line of the {} benchmark, but those before are of the {} one", where, own.name, variant_->name);
    }
  }

  void add(const Json& line, int64_t id, const std::vector<double>& found, const std::string& where) {
    AnswerItem& item = set_.items.emplace_back();
    const auto category = std::find_if(variant_->categories.begin(), variant_->categories.end(),
                                       [&](const Category& one) { return id <= one.last; });
    item.cluster = fmt::format("{:04}", id);
    const int repeat = ++repeats_[id];
    item.id = repeat == 1 ? std::to_string(id) : fmt::format("{} #{}", id, repeat);
    if (repeat > 1) {
      notes_.add("prompts that are judged more than once, each judgement counted as the official script does",
                 fmt::format("{} at {}", id, where));
    }
    item.stratum = category->name;
    item.score = wiscore(found);
    item.parts = {{set_.slot(category->name), {item.score, 1}}};
    item.facts = {{"category", category->name}};
    for (size_t i = 0; i < found.size(); ++i) item.facts[variant_->keys[i]] = found[i];
    if (const Json sub = line.value("Subcategory", Json()); sub.is_string()) item.facts["subcategory"] = sub;
  }

  AnswerSet& set_;
  AnswerNotes& notes_;
  const Variant* variant_ = nullptr;
  std::set<int64_t> present_;
  std::map<int64_t, int> repeats_;
};

/// The part of the official report that is of all files together.
std::string summary_of(const AnswerSet& set, const Variant& variant, double overall) {
  const std::vector<Sum> sums = set.sums();
  const std::string rule(50, '=');
  std::string text =
      fmt::format("\n{}\n                 Overall Evaluation Summary\n{}\n\nAggregated Category Scores:\n", rule, rule);
  std::string row;
  for (const Category& category : variant.categories) {
    const auto slot = std::find_if(set.slots.begin(), set.slots.end(),
                                   [&](const AnswerSet::Slot& one) { return one.name == category.name; });
    const Sum& sum = sums[static_cast<size_t>(slot - set.slots.begin())];
    text += fmt::format("  Category: {}\n    {}: {:.2f}\n    Number of samples: {:.0f}\n\n", category.name,
                        variant.average, sum.mean(), sum.weight);
    row +=
        fmt::format("{:.2f}{}", sum.mean(), category.name == "CULTURE" || category.name == "CHEMISTRY" ? "\t\t" : "\t");
  }
  return text + fmt::format(
                    "\n--- Overall WiScore Across All Categories ---\nOverall WiScore: {:.2f}\n"
                    "Cultural\tTime\tSpace\tBiology\tPhysics\tChemistry\tOverall\n{}{:.2f}\n",
                    overall, row, overall);
}

class Wise : public AnswerRule {
 public:
  std::string source() const override {
    return "PKU-YuanGroup/WISE eb51174, WISE_legacy/Calculate.py and calculate_verified.py";
  }
  std::vector<FileKind> files() const override {
    return {{"*_scores_results.jsonl",
             "JSON Lines: prompt_id with consistency, realism, aesthetic_quality (gpt_eval.py) or score (vllm_eval.py)",
             FileKind::Count::kSome}};
  }
  std::optional<size_t> kind_of(const std::filesystem::path& below, std::string_view head) const override {
    if (head.starts_with('{') && below.extension() != ".txt") return 0;
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader(options).finish();
    AnswerSet set;
    Reader reader(set, notes);
    for (const AnswerFile& file : files) {
      for_each_line(file.text(), file.origin(),
                    [&](std::string_view line, const std::string& where) { reader.take(std::string(line), where); });
    }
    if (set.items.empty()) fail_input("{}: not one line can be scored", files.front().origin());
    const Variant& variant = *reader.variant();
    set.identity["variant"] = variant.name;
    add_numbers(set, variant);
    const std::vector<int64_t> missing = reader.missing();
    OfficialText official{variant.script, "", ""};
    if (!missing.empty()) {
      official.why =
          fmt::format("{} of 1000 prompts have no line ({}{})", missing.size(),
                      fmt::join(missing.begin(), missing.begin() + std::min<ptrdiff_t>(5, std::ssize(missing)), ", "),
                      missing.size() > 5 ? ", ..." : "");
    } else if (set.numbers.front().name != "overall") {
      official.why = "a category has no score";
    } else {
      official.text = summary_of(set, variant, value_of(set.numbers.front(), set.sums()));
    }
    if (!official.why.empty()) notes.add("the official script gives no overall score here: " + official.why);
    set.official.push_back(official);
    return set;
  }

 private:
  static void add_numbers(AnswerSet& set, const Variant& variant) {
    std::set<std::string> scored;
    for (const AnswerSet::Slot& slot : set.slots) scored.insert(slot.name);
    if (scored.size() == variant.categories.size()) {
      AnswerNumber& overall = set.numbers.emplace_back(AnswerNumber{"overall", {}, {}});
      std::vector<double> weights;
      for (const Category& category : variant.categories) {
        overall.slots.push_back(set.slot(category.name));
        weights.push_back(category.weight);
      }
      overall.of = [weights](std::span<const Sum> sums) {
        double value = weights[0] * sums[0].mean();
        for (size_t i = 1; i < sums.size(); ++i) value += weights[i] * sums[i].mean();
        return value;
      };
    }
    for (const Category& category : variant.categories) {
      if (scored.count(category.name) > 0) set.add_mean(category.name, set.slot(category.name));
    }
  }
};

EMF_REGISTER(AnswerRuleRegistry, "wise",
             "WISE's WiScore, overall and by category, of the original and of WISE_Verified", std::make_unique<Wise>);

}  // namespace
}  // namespace emf
