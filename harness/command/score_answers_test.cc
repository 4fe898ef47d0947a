// SPDX-License-Identifier: Apache-2.0
// emfbench score answers, from its words to what is printed; the rules themselves are tested beside them.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "tests/answer_cases.h"
#include "tests/command_run.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

CommandOutcome score(const std::string& rule, const std::vector<std::string>& words) {
  return run_command(with({"score", "answers", "--rule", rule}, words));
}

/// GenEval 2's oracle, and a model beside it that is worse on every prompt but the first two, which are equal.
struct Pair {
  AnswerFolder folder{"geneval2"};
  std::string data = (folder / "geneval2_data.jsonl").string(), scores = (folder / "score_lists.json").string(),
              other = (folder / "other.json").string();

  Pair() {
    Json lists = read_json(scores);
    for (size_t i = 2; i < lists.size(); ++i) {
      for (Json& one : lists[i]) one = one.get<double>() * 0.9;
    }
    write_json(other, lists);
  }
};

TEST(ScoreAnswers, PrintsNumbersWithIntervalsAndNotesOnStderr) {
  const Pair pair;
  const CommandOutcome outcome = score("geneval2", {pair.data, pair.scores});
  EXPECT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_EQ(outcome.out.find("gm "), 0u) << outcome.out;
  EXPECT_NE(outcome.out.find("40.6982       95 % ["), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.talk.find("note: probabilities above 1, kept"), std::string::npos) << outcome.talk;
}

TEST(ScoreAnswers, OfficialTextStandsAloneOnStdout) {
  const Pair pair;
  const CommandOutcome outcome = score("geneval2", {pair.data, pair.scores, "--official"});
  EXPECT_EQ(outcome.out, pair.folder.read("official/soft_tifa_gm.txt") + pair.folder.read("official/soft_tifa_am.txt") +
                             pair.folder.read("official/analysis.txt"));
}

TEST(ScoreAnswers, QuietKeepsNotesUnlessTheDocumentHoldsThem) {
  const Pair pair;
  EXPECT_NE(score("geneval2", {pair.data, pair.scores, "--quiet"}).talk.find("note: "), std::string::npos);
  const CommandOutcome outcome = score("geneval2", {pair.data, pair.scores, "--quiet", "--json"});
  Talk::quiet() = false;
  EXPECT_EQ(outcome.talk, "");
  EXPECT_EQ(parse_json(outcome.out, "stdout")["warnings"].size(), 1u);
}

TEST(ScoreAnswers, LeavesOutWhatAFileNamesAndPrintsItsLines) {
  const Pair pair;
  const std::string items = (pair.folder / "items.jsonl").string(), list = (pair.folder / "exclude.txt").string();
  const Json whole = parse_json(score("geneval2", {pair.data, pair.scores, "--json", "--items", items}).out, "stdout");
  const std::string lines = read_file(items), first = parse_json(lines.substr(0, lines.find('\n')), items)["item"];
  write_atomically(list, first + "\tdrawn twice\n");
  const std::vector<std::string> words = {pair.data, pair.scores, "--exclude", list};
  const Json part = parse_json(score("geneval2", with(words, {"--json"})).out, "stdout");
  EXPECT_EQ(part["n"].get<int>(), whole["n"].get<int>() - 1);
  EXPECT_NE(part["value"], whole["value"]);
  EXPECT_EQ(part["excluded"], Json({{{"item", first}, {"reason", "drawn twice"}, {"rows", 1}}}));
  EXPECT_TRUE(part["official"][0]["text"].is_null());
  EXPECT_NE(score("geneval2", words).out.find("excluded: " + first + " (drawn twice)"), std::string::npos);
  // Both models lose the item, which is no item that one of them lacks.
  const Json both = parse_json(score("geneval2", with(words, {"--json", "--against", pair.other})).out, "stdout");
  EXPECT_EQ(both["against"]["only_there"], Json::array());
  write_atomically(list, first + "x\n");
  EXPECT_EQ(score("geneval2", words).code, 2);
}

TEST(ScoreAnswers, DocumentHoldsNumbersTextsAndWhatTheyRestOn) {
  const Pair pair;
  const Json document = parse_json(score("geneval2", {pair.data, pair.scores, "--json"}).out, "stdout");
  EXPECT_EQ(document["n"], 24);
  EXPECT_EQ(document["identity"]["rule"], "geneval2");
  EXPECT_EQ(document["numbers"][0]["name"], "gm");
  EXPECT_EQ(document["numbers"][0]["value"], document["value"]);
  EXPECT_EQ(document["numbers"][0]["prompts"], 24);
  EXPECT_EQ(document["official"][0]["text"], pair.folder.read("official/soft_tifa_gm.txt"));
  EXPECT_LT(document["ci95"][0], document["value"]);
  // The seed alone decides the draws.
  const auto interval = [&](const std::string& seed) {
    return parse_json(score("geneval2", {pair.data, pair.scores, "--json", "--seed", seed}).out, "stdout")["ci95"];
  };
  EXPECT_EQ(interval("0"), document["ci95"]);
  EXPECT_NE(interval("1"), document["ci95"]);
}

TEST(ScoreAnswers, AgainstPairsItemsAndCorrectsForTheNumberOfTests) {
  const Pair pair;
  const CommandOutcome outcome = score("geneval2", {pair.data, pair.scores, "--json", "--items",
                                                    (pair.folder / "items.jsonl").string(), "--against", pair.other});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json against = parse_json(outcome.out, "stdout")["against"];
  EXPECT_EQ(against["tied"].get<int>() + against["won"].get<int>(), 24);
  EXPECT_EQ(against["tied"], 3);  // the equal ones, and the prompt that is 0 on both sides
  EXPECT_EQ(against["lost"], 0);
  for (const Json& number : against["numbers"]) {
    EXPECT_NEAR(number["difference"].get<double>(), number["value"].get<double>() - number["other"].get<double>(),
                1e-9);
    if (number["p"].is_null()) continue;
    EXPECT_GE(number["p_holm"], number["p"]) << number["name"];
  }
  EXPECT_GT(against["numbers"][0]["ci95"][0], 0);
  const std::vector<Json> items = read_json_lines(pair.folder / "items.jsonl");
  ASSERT_EQ(items.size(), 24u);
  EXPECT_EQ(items[0]["outcome"], "tied");
  EXPECT_EQ(items[2]["outcome"], "won");
  EXPECT_NEAR(items[2]["against"].get<double>(), 0.9 * items[2]["score"].get<double>(), 1e-12);
  // A set against itself differs in nothing.
  const Json same = parse_json(score("geneval2", {pair.data, pair.scores, "--json", "--against", pair.scores}).out,
                               "stdout")["against"];
  EXPECT_EQ(same["tied"], 24);
  for (const Json& number : same["numbers"]) EXPECT_EQ(number["p"], 1.0) << number;
}

TEST(ScoreAnswers, ItemsWithoutAPartnerAreLeftOutOfTheComparisonAndNamed) {
  const AnswerFolder folder("wise");
  const std::string all = (folder / "verified/all_scores_results.jsonl").string();
  const std::string text = read_file(all);
  folder.write("fewer.jsonl", text.substr(text.find('\n') + 1));
  const CommandOutcome outcome = score("wise", {all, "--json", "--against", (folder / "fewer.jsonl").string()});
  const Json against = parse_json(outcome.out, "stdout")["against"];
  EXPECT_EQ(against["only_here"], Json{"1"});
  EXPECT_EQ(against["won"].get<int>() + against["lost"].get<int>() + against["tied"].get<int>(), 999);
  EXPECT_NE(outcome.talk.find("note: items that --against does not have, not compared (1)"), std::string::npos);
  EXPECT_NE(outcome.talk.find("note: --against: the official script gives no overall score here"), std::string::npos);
  const CommandOutcome mixed = score("wise", {all, "--against", (folder / "legacy").string()});
  EXPECT_EQ(mixed.code, 2);
  EXPECT_NE(mixed.talk.find("do not compare (variant is"), std::string::npos) << mixed.talk;
}

TEST(ScoreAnswers, EveryRuleComparesWithItself) {
  for (const AnswerCase& one : answer_cases()) {
    const AnswerFolder folder(one.rule);
    std::vector<std::string> words = folder.words(one.words);
    for (const auto& [key, value] : one.options.items())
      words = with(words, {"--option", key + "=" + value.get<std::string>()});
    const CommandOutcome outcome =
        score(one.rule, with(with(words, {"--json", "--draws", "50", "--against"}), folder.words(one.words)));
    ASSERT_EQ(outcome.code, 0) << one.name << ": " << outcome.talk;
    const Json document = parse_json(outcome.out, "stdout");
    EXPECT_EQ(document["against"]["tied"], document["n"]) << one.name;
    for (const Json& number : document["numbers"]) {
      if (number["ci95"].is_null()) continue;
      EXPECT_LE(number["ci95"][0], number["value"]) << one.name << ": " << number;
      EXPECT_GE(number["ci95"][1], number["value"]) << one.name << ": " << number;
    }
  }
}

TEST(ScoreAnswers, WordsThatCannotBeMeantAreRefused) {
  const AnswerFolder folder("wise");
  const std::string file = (folder / "verified").string();
  const auto refused = [](const std::vector<std::string>& words, const std::string& hint) {
    const CommandOutcome outcome = run_command(with({"score"}, words));
    EXPECT_EQ(outcome.code, 2) << outcome.talk;
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.talk.find(hint), std::string::npos) << outcome.talk;
  };
  refused({"answers", "--rule", "wize", file}, "did you mean 'wise'? (see: emfbench list rules)");
  refused({"answers", file}, "--rule is required (see: emfbench score answers --help)");
  refused({"answers", "--rule", "wise"}, "files is required");
  refused({"--real", "x.npy", "answers", "--rule", "wise", file}, "does not take --real before it");
  refused({"answers", "--rule", "wise", file, "--option", "a=1"}, "rule wise takes no options");
  refused({"answers", "--rule", "wise", file, "--draws", "0"}, "--draws");
  refused({}, "score needs a metric, or answers");
  const CommandOutcome missing = score("wise", {(folder / "nothing.jsonl").string()});
  EXPECT_EQ(missing.code, 3);
}

TEST(ScoreAnswers, HelpSaysWhatEachRuleTakes) {
  const CommandOutcome outcome = run_command({"score", "answers", "--help"});
  EXPECT_EQ(outcome.code, 0);
  for (const std::string& name : AnswerRuleRegistry::instance().names()) {
    EXPECT_NE(outcome.out.find("\n\n" + name + ": "), std::string::npos) << name;
    for (const FileKind& kind : AnswerRuleRegistry::instance().make(name)->files()) {
      EXPECT_NE(outcome.out.find("  " + kind.name + " ("), std::string::npos) << kind.name;
    }
  }
}

/// A judge's numbers of two models, three pictures a prompt; the second is better by 0.1 on all but one.
struct Judged {
  TemporaryFolder folder{"score_mean"};
  std::string a = (folder / "a.csv").string(), b = (folder / "b.jsonl").string();

  Judged() {
    std::string csv = "prompt,clip\n", lines;
    for (int i = 0; i < 30; ++i) {
      const double value = 0.25 + 0.01 * (i / 3 * 7 % 10), other = i == 4 ? value - 0.1 : value + 0.1;
      csv += fmt::format("\"no {}, red\",{}\n", i / 3, value);
      lines += Json{{"prompt", fmt::format("no {}, red", i / 3)}, {"clip", other}}.dump() + "\n";
    }
    write_atomically(a, csv);
    write_atomically(b, lines);
  }
};

TEST(ScoreMean, MeanWithItsIntervalPairedAgainstAnother) {
  const Judged judged;
  const std::string page = (judged.folder / "page.html").string(), items = (judged.folder / "items.jsonl").string();
  const CommandOutcome outcome = run_command({"score", "mean", judged.b, "--column", "clip", "--cluster", "prompt",
                                              "--against", judged.a, "--html", page, "--items", items, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json result = parse_json(outcome.out, "stdout");
  EXPECT_NEAR(result["value"].get<double>(), 0.295 + 0.1 * 28 / 30, 1e-9);
  EXPECT_EQ(result["numbers"][0]["prompts"], 10);
  EXPECT_EQ(result["numbers"][0]["items"], 30);
  const Json& against = result["against"];
  EXPECT_NEAR(against["numbers"][0]["difference"].get<double>(), 0.1 * 28 / 30, 1e-9);
  EXPECT_GT(against["numbers"][0]["ci95"][0].get<double>(), 0.05);
  EXPECT_EQ(against["won"], 29);
  EXPECT_EQ(against["lost"], 1);
  EXPECT_EQ(read_json_lines(items).size(), 30u);
  const std::string html = read_file(page);
  EXPECT_NE(html.find("no 1, red #2"), std::string::npos) << "the picture that was lost";
  EXPECT_NE(html.find("Items lost by most"), std::string::npos);
}

TEST(ScoreMean, WordsThatWouldChangeNothingAreRefused) {
  const Judged judged;
  EXPECT_EQ(run_command({"score", "mean", judged.a}).code, 2) << "which column?";
  EXPECT_NE(run_command({"score", "mean", judged.a, "--column", "clp"}).talk.find("did you mean 'clip'"),
            std::string::npos);
  const CommandOutcome lines = run_command({"score", "mean", judged.a, "--column", "clip"});
  EXPECT_NE(lines.talk.find("name their column with --cluster"), std::string::npos) << lines.talk;
  EXPECT_NE(lines.out.find("30 prompts"), std::string::npos) << lines.out;
  const Pair pair;
  EXPECT_EQ(score("geneval2", {pair.data, pair.scores, "--official", "--html", "x.html"}).code, 2);
}

}  // namespace
}  // namespace emf
