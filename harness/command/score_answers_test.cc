// emfbench score answers, from its words to what is printed; the rules themselves are tested beside them.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "tests/answer_cases.h"
#include "tests/command_run.h"

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

}  // namespace
}  // namespace emf
