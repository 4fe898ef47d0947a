// The question's answer first: each claim in one sentence, then what the record does not show.
#include <fmt/format.h>

#include <set>

#include "reports/writers/html.h"
#include "reports/writers/record.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

std::string verdict_words(const std::string& verdict) {
  if (verdict == "pass") return "\u2713 shown";
  if (verdict == "fail") return "\u2717 refuted";
  return "? undecided";
}

std::string claim_item(const Json& claim) {
  const std::string verdict = claim.at("verdict");
  std::string numbers;
  if (claim.contains("difference") && claim.contains("ci95") && !claim.at("ci95").is_null()) {
    numbers = fmt::format("Difference in {}: {} (95 % interval {} to {}). ", metric_words(claim.at("metric")),
                          format_number(claim.at("difference"), 3), format_number(claim.at("ci95").at(0), 3),
                          format_number(claim.at("ci95").at(1), 3));
  }
  return fmt::format("<li><span class=\"verdict {}\">{}</span><strong>{}</strong><p class=\"note\">{}{}</p></li>\n",
                     verdict, verdict_words(verdict), escape_html(claim.at("name").get<std::string>()),
                     escape_html(numbers), escape_html(claim.at("detail").get<std::string>()));
}

std::string claim_count(const Json& claims) {
  int passed = 0, failed = 0;
  for (const Json& claim : claims) {
    passed += claim.at("verdict") == "pass";
    failed += claim.at("verdict") == "fail";
  }
  return fmt::format(
      "{} of {} claims shown, {} refuted, {} undecided. A claim is shown when the whole 95 % interval of its "
      "paired "
      "difference (same prompts, same noise) lies above zero, refuted when it lies below.",
      passed, claims.size(), failed, static_cast<int>(claims.size()) - passed - failed);
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

/// True when all encoders were pretrained by the suite, or are the initial values of one that was: they differ in that alone.
bool on_equal_terms(const Json& result, const std::vector<std::string>& encoders) {
  std::set<std::string> pretrained;
  for (const Json& row : result.value("pretrainings", Json::array())) pretrained.insert(row.at("encoder"));
  const Json tables = result.value("config", Json::object()).value("encoder", Json::object());
  return std::all_of(encoders.begin(), encoders.end(), [&](const std::string& name) {
    return pretrained.count(tables.value(name, Json::object()).value("encoder", name)) > 0;
  });
}

std::vector<std::string> limits_of_scores(const SectionInput& input, const Record& record) {
  std::vector<std::string> lines;
  lines.push_back(
      fmt::format("Scores are of {} on small pictures, judged by this suite's own instruments. They rank its rows; "
                  "they are not comparable with published GenEval scores.",
                  count_judged(input.result.at("prompts"))));
  lines.push_back(record.max_seeds() < 2 ? "Every row was trained with one seed: intervals hold the chance "
                                           "of prompts and pictures, not that of training."
                                         : fmt::format("Rows were trained with up to {} seeds. A value is "
                                                       "the seeds' mean; its interval spans all the seeds' "
                                                       "intervals.",
                                                       record.max_seeds()));
  lines.push_back(
      on_equal_terms(input.result, record.encoders())
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
  if (record.reference("ceiling") == nullptr)
    lines.push_back("No ceiling was measured: how far the judge itself errs is unknown here.");
  return lines;
}

std::string limits(const SectionInput& input, const Record& record) {
  const bool only_probes = record.encoders().empty() && !input.result.value("probes", Json::array()).empty();
  const std::vector<std::string> lines = only_probes ? limits_of_probes() : limits_of_scores(input, record);
  std::string html = "<h3>What is not claimed</h3>\n<ul class=\"plain\">\n";
  for (const std::string& line : lines) html += "<li>" + escape_html(line) + "</li>\n";
  return html + "</ul>\n";
}

std::string failures(const Json& failed) {
  if (failed.empty()) return "";
  std::string html = fmt::format(
      "<h3>What failed</h3>\n<p>{} stage{} did not finish; their cells hold a dash. The same command runs "
      "them "
      "again.</p>\n<ul class=\"plain\">\n",
      failed.size(), failed.size() == 1 ? "" : "s");
  for (const Json& stage : failed) {
    html += "<li><strong>" + escape_html(stage.at("stage").get<std::string>()) +
            "</strong>: " + escape_html(stage.at("why").get<std::string>()) + "</li>\n";
  }
  return html + "</ul>\n";
}

class Verdict : public Section {
 public:
  std::string title() const override { return "Verdict"; }
  int order() const override { return 10; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    const Json claims = input.result.value("claims", Json::array());
    std::string html = claims.empty() ? paragraph("This suite makes no claims.")
                                      : paragraph(claim_count(claims)) + "<ul class=\"claims\">\n";
    for (const Json& claim : claims) html += claim_item(claim);
    if (!claims.empty()) html += "</ul>\n";
    return html + failures(input.result.value("failed", Json::array())) + limits(input, record);
  }
};

EMF_REGISTER(SectionRegistry, "verdict", "Claims with their verdicts, and what is not claimed",
             std::make_unique<Verdict>);

}  // namespace
}  // namespace emf
