// SPDX-License-Identifier: Apache-2.0
// The question's answer first: each claim in one sentence, then what the record does not show.
#include <fmt/format.h>

#include <set>

#include "reports/blocks/cells.h"
#include "reports/record/format.h"
#include "reports/record/record.h"

namespace emf {
namespace {

std::string verdict_words(const std::string& verdict) {
  if (verdict == "pass") return "\u2713 shown";
  if (verdict == "fail") return "\u2717 refuted";
  return "? undecided";
}

ListItem claim_item(const Record& record, const Json& claim) {
  const std::string verdict = claim.at("verdict"), metric = claim.at("metric");
  // One digit more than scores have: a difference is smaller than what it is the difference of.
  const int digits = record.digits(metric) + 1;
  std::string numbers;
  if (claim.contains("difference") && claim.contains("ci95") && !claim.at("ci95").is_null()) {
    // A probe goes along with a score, or the sentence compares scores.
    const bool correlates = claim.value("claim", "").find(" ~ ") != std::string::npos;
    numbers = fmt::format("{} {}: {} (95 % interval {} to {}). ", correlates ? "Correlation with" : "Difference in",
                          record.names().metric(metric), format_number(claim.at("difference"), digits),
                          format_number(claim.at("ci95").at(0), digits), format_number(claim.at("ci95").at(1), digits));
  }
  std::string words = numbers + claim.at("detail").get<std::string>();
  if (claim.contains("reported")) words += ". Reported: " + claim.at("reported").get<std::string>();
  return {claim.at("name"), words, verdict_words(verdict), verdict};
}

std::string claim_count(const Names& names, const Json& claims) {
  int passed = 0, failed = 0, paired = 0;
  bool higher = true, several = false;
  for (const Json& claim : claims) {
    passed += claim.at("verdict") == "pass";
    failed += claim.at("verdict") == "fail";
    several = several || claim.contains("comparisons");
    // A claim that is a sentence says itself which side is claimed, and its difference lies above zero there.
    higher = higher && (claim.contains("claim") || names.higher_is_better(claim.at("metric")));
    // Judged pictures are held against each other prompt by prompt; features make one value of a whole set.
    paired += names.backbone(claim.at("metric")).empty();
  }
  constexpr const char* kPaired = "the whole 95 % interval of its paired difference (same prompts, same noise)";
  constexpr const char* kUnpaired =
      "the whole 95 % interval of its difference, which spans what both sides' own intervals allow (whole sets of "
      "pictures are not paired),";
  const int total = static_cast<int>(claims.size());
  const std::string which = paired == total ? kPaired
                            : paired == 0
                                ? kUnpaired
                                : fmt::format("{} or, of a metric that compares features, {}", kPaired, kUnpaired);
  return fmt::format(
      "{} of {} claims shown, {} refuted, {} undecided. A claim is shown when {} lies {}, refuted when it lies {}.{}",
      passed, total, failed, total - passed - failed, which, higher ? "above zero" : "on the better side of zero",
      higher ? "below" : "on the worse one",
      several ? " One about several comparisons is shown when each of them is, with p corrected by Holm." : "");
}

/// Whether the claims stood before the scores were known; "" where the record does not say.
std::string fixed_words(const Json& provenance) {
  const Json fixed = provenance.value("claims", Json());
  if (fixed.is_null()) return "";
  const std::string mark = fmt::format("{} on {}", fixed.at("hash").get<std::string>().substr(0, 12),
                                       fixed.at("written").get<std::string>());
  const int64_t known = fixed.at("scores_known");
  std::string words = known == 0
                          ? fmt::format("The claims were fixed before the run, when no score was known ({}).", mark)
                          : fmt::format("{} scores of this suite were known when its claims were written down ({}).",
                                        format_count(known), mark);
  if (!fixed.contains("first")) return words;
  words = fmt::format("The claims were changed since the suite first ran ({}). Then it said: ", mark);
  std::string texts;
  for (const Json& claim : fixed.at("first")) {
    texts += fmt::format("{}{} ({})", texts.empty() ? "" : "; ", claim.value("name", ""), claim.value("claim", ""));
  }
  return words + texts + ".";
}

/// Every comparison of a claim that makes several.
void add_comparisons(const Record& record, const Json& claim, std::vector<Block>& blocks) {
  if (!claim.contains("comparisons")) return;
  const int digits = record.digits(claim.at("metric")) + 1;
  Table table{claim.at("name"), {{"Comparison"}, {"Difference", true}, {"p (Holm)", true}, {"Verdict"}}};
  for (const Json& one : claim.at("comparisons")) {
    std::optional<Interval> ci95;
    if (one.contains("ci95") && !one.at("ci95").is_null()) ci95 = {one.at("ci95").at(0), one.at("ci95").at(1)};
    table.add(
        {text_cell(one.at("label")),
         one.contains("difference") ? score_cell(one.at("difference").get<double>(), ci95, digits)
                                    : absent_cell(one.at("detail")),
         one.contains("p_holm") ? number_cell(format_p(one.at("p_holm")), one.at("p_holm")) : absent_cell("no test"),
         text_cell(verdict_words(one.at("verdict")))});
  }
  blocks.push_back(std::move(table));
}

/// Metrics of which some value rests on too few pictures.
std::string small_metrics(const Json& rows) {
  std::set<std::string> names;
  for (const Json& row : rows) {
    for (const Json& warning : row.value("warnings", Json::array())) {
      if (warning == "small_n") names.insert(row.at("metric").get<std::string>());
    }
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

/// "200 prompts", or "500 prompts, 2,000 pictures a row," where prompts are judged several times.
std::string count_judged(const Json& pictures) {
  std::set<std::string> prompts;
  int64_t judged = 0;
  for (const Json& picture : pictures) {
    if (picture.value("reworded", false) || picture.value("tag", "") == "composition") continue;
    prompts.insert(picture.at("text"));
    ++judged;
  }
  const std::string words = format_count(static_cast<int64_t>(prompts.size())) + " prompts";
  if (static_cast<int64_t>(prompts.size()) == judged) return words;
  return fmt::format("{}, {} pictures a cell,", words, format_count(judged));
}

/// A suite that only probes has no row: what its tables cannot say.
std::vector<std::string> limits_of_probes() {
  return {
      "Nothing was trained here: probes say what an encoder's features tell apart, not what a generator makes of them.",
      "Intervals hold the chance of the queries, with the captions and pictures they search fixed.",
      "Encoders differ in more than one way (data, size, dimension). A better row does not say which of them "
      "mattered."};
}

/// True when all encoders were pretrained by the suite, or are the initial values of one that was: they differ in that
/// alone.
bool on_equal_terms(const Json& result, const std::vector<std::string>& encoders) {
  std::set<std::string> pretrained;
  for (const Json& row : result.value("pretrainings", Json::array())) pretrained.insert(row.at("encoder"));
  const Json tables = result.value("config", Json::object()).value("encoder", Json::object());
  return std::all_of(encoders.begin(), encoders.end(), [&](const std::string& name) {
    return pretrained.count(tables.value(name, Json::object()).value("encoder", name)) > 0;
  });
}

/// What the scores were taken of and with, and what they may be compared with.
std::string scores_words(const SectionInput& input, const Record& record) {
  const std::string count = count_judged(input.result.at("prompts"));
  const std::string title = record.names().metric(record.main_metric());
  const std::string backbone = record.names().backbone(record.main_metric());
  if (record.names().official(record.main_metric())) {
    return fmt::format(
        "Scores are of {} with the features that {} is defined on. They also depend on how many pictures "
        "there are and on which real ones they are held against.",
        count, title);
  }
  const int64_t side = input.result.value("sample_grid", Json::object()).value("tile", int64_t{32});
  const char* pictures = side <= 128 ? " on small pictures" : "";
  if (backbone.empty()) {
    return fmt::format(
        "Scores are of {}{}, judged by this suite's own instruments. They rank its rows; they are not "
        "comparable with published {} scores.",
        count, pictures, title);
  }
  return fmt::format(
      "Scores are of {}{}, told by {} features. They rank this suite's rows; they are not comparable with "
      "values on other features.",
      count, pictures, backbone);
}

std::vector<std::string> limits_of_scores(const SectionInput& input, const Record& record) {
  std::vector<std::string> lines = {scores_words(input, record)};
  lines.push_back(
      record.max_seeds() < 2
          ? "Every row was trained with one seed: intervals hold the chance of prompts and pictures, not that "
            "of training."
          : fmt::format("Rows were trained with up to {} seeds. A value is the seeds' mean; its interval "
                        "spans all the seeds' intervals.{}",
                        record.max_seeds(),
                        record.leaves_out_seeds() ? " Where a seed has no value, the mean is of the others and its "
                                                    "cell says of how many: such a mean compares with care."
                                                  : ""));
  if (record.encoder_names().size() > 1)
    lines.push_back(
        on_equal_terms(input.result, record.encoder_names())
            ? "Encoders are small and saw this suite's captions alone: what larger ones gain from a pretraining is "
              "another question."
            : "Encoders differ in more than one way (data, size, dimension). A better row does not say which of them "
              "mattered.");
  if (const int64_t beyond = input.result.value("prompts_beyond_world", 0); beyond > 0) {
    lines.push_back(fmt::format("{} prompts of the file that was judged by were left out: this world cannot draw them.",
                                format_count(beyond)));
  }
  const std::string small = small_metrics(input.result.at("rows"));
  if (!small.empty()) {
    lines.push_back("Too few pictures for a firm value (small_n): " + small + ". Read these as rough order only.");
  }
  const bool judged = record.names().backbone(record.main_metric()).empty();
  if (judged && record.reference("ceiling", record.main_metric()) == nullptr)
    lines.push_back("No ceiling was measured: how far the judge itself errs is unknown here.");
  return lines;
}

void add_limits(const SectionInput& input, const Record& record, std::vector<Block>& blocks) {
  const bool only_probes = record.encoders().empty() && !input.result.value("probes", Json::array()).empty();
  BulletList list;
  for (const std::string& line : only_probes ? limits_of_probes() : limits_of_scores(input, record))
    list.items.push_back({"", line});
  blocks.push_back(Heading{"What is not claimed"});
  blocks.push_back(std::move(list));
}

void add_failures(const Json& failed, std::vector<Block>& blocks) {
  if (failed.empty()) return;
  BulletList list;
  for (const Json& stage : failed) list.items.push_back({stage.at("stage"), stage.at("why")});
  blocks.push_back(Heading{"What failed"});
  blocks.push_back(
      Paragraph{fmt::format("{} stage{} did not finish; their cells hold a dash. The same command runs them again.",
                            failed.size(), failed.size() == 1 ? "" : "s")});
  blocks.push_back(std::move(list));
}

class Verdict : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Verdict"; }
  int order() const override { return 10; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const Json claims = input.result.value("claims", Json::array());
    std::vector<Block> blocks;
    if (claims.empty()) {
      blocks.push_back(Paragraph{"This suite makes no claims."});
    } else {
      BulletList list;
      for (const Json& claim : claims) list.items.push_back(claim_item(record, claim));
      blocks.push_back(Paragraph{claim_count(record.names(), claims)});
      blocks.push_back(std::move(list));
      if (const std::string fixed = fixed_words(input.provenance); !fixed.empty()) blocks.push_back(Paragraph{fixed});
      for (const Json& claim : claims) add_comparisons(record, claim, blocks);
    }
    add_failures(input.result.value("failed", Json::array()), blocks);
    add_limits(input, record, blocks);
    return blocks;
  }
};

EMF_REGISTER(SectionRegistry, "verdict", "Claims with their verdicts, and what is not claimed",
             std::make_unique<Verdict>);

}  // namespace
}  // namespace emf
