// SPDX-License-Identifier: Apache-2.0
// Every published rule against what its official script printed of the same files: tests/oracle/answers.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/answer_cases.h"

namespace emf {
namespace {

/// Lines that hold no number, or that say where files lie.
std::string scores_alone(const std::string& text) {
  std::vector<std::string> lines;
  for_each_line(text, "", [&](std::string_view line, const std::string&) {
    for (const char* before : {"Start to conduct", "Failed filename", "Save results to", "Image path"}) {
      if (line.starts_with(before)) return;
    }
    lines.emplace_back(line);
  });
  // DPG-Bench's order of categories is that of a Python set.
  std::sort(lines.begin(), lines.end());
  return fmt::format("{}", fmt::join(lines, "\n"));
}

class Published : public testing::TestWithParam<AnswerCase> {};

TEST_P(Published, PrintsWhatTheOfficialScriptPrints) {
  const AnswerCase& one = GetParam();
  const AnswerFolder folder(one.rule);
  const ScoredAnswers scored = scored_answers(folder, one);
  std::string ours, theirs;
  for (size_t i = 0; i < one.printed.size(); ++i) {
    ASSERT_TRUE(scored.set.official.at(i).why.empty()) << scored.set.official[i].why;
    ours += scored.set.official[i].text;
    theirs += read_file(AnswerFolder::oracle(one.rule) / one.printed[i]);
  }
  if (one.rule == "dpg") {
    EXPECT_EQ(scores_alone(ours), scores_alone(theirs));
  } else {
    EXPECT_EQ(ours, theirs);
  }
}

TEST_P(Published, NamesEachNumberItemAndFileOnce) {
  const AnswerCase& one = GetParam();
  const AnswerFolder folder(one.rule);
  const ScoredAnswers scored = scored_answers(folder, one);
  std::set<std::string> names, items;
  for (const AnswerNumber& number : scored.set.numbers) {
    EXPECT_TRUE(names.insert(number.name).second) << number.name;
    EXPECT_FALSE(number.slots.empty()) << number.name;
  }
  for (const AnswerItem& item : scored.set.items) {
    EXPECT_TRUE(items.insert(item.id).second) << item.id;
    EXPECT_FALSE(item.parts.empty()) << item.id;
    EXPECT_FALSE(item.cluster.empty()) << item.id;
  }
}

TEST_P(Published, OrderOfFilesDoesNotMatter) {
  AnswerCase one = GetParam();
  const AnswerFolder folder(one.rule);
  const double value = *scored_answers(folder, one).set.numbers.front().official;
  std::reverse(one.words.begin(), one.words.end());
  const ScoredAnswers turned = scored_answers(folder, one);
  // Several runs keep the order they are given in; the first is the headline.
  if (one.rule == "compbench") return;
  EXPECT_EQ(*turned.set.numbers.front().official, value);
}

TEST_P(Published, AnUnknownOptionIsRefused) {
  const AnswerCase& one = GetParam();
  const AnswerFolder folder(one.rule);
  EXPECT_THROW(scored_answers(one.rule, folder.words(one.words), {{"no_such_option", 1}}), UserError);
}

INSTANTIATE_TEST_SUITE_P(Rules, Published, testing::ValuesIn(answer_cases()),
                         [](const auto& one) { return one.param.name; });

TEST(PublishedRules, EachHasAnOracleAndIsNamedAfterItsFile) {
  std::set<std::string> tested;
  for (const AnswerCase& one : answer_cases()) tested.insert(one.rule);
  for (const std::string& name : AnswerRuleRegistry::instance().names()) {
    EXPECT_EQ(tested.count(name), 1u) << name;
    const auto& entry = AnswerRuleRegistry::instance().find(name);
    EXPECT_EQ(std::filesystem::path(entry.source_file).stem(), name);
    EXPECT_FALSE(entry.make()->files().empty());
    EXPECT_FALSE(entry.make()->source().empty());
  }
}

/// What is said of files that cannot be scored.
std::string refusal(const std::string& rule, const std::vector<std::string>& words,
                    const Json& options = Json::object()) {
  try {
    scored_answers(rule, words, options);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

void expect_refused(const AnswerFolder& folder, const std::string& rule, const std::vector<std::string>& words,
                    const std::string& hint, const Json& options = Json::object()) {
  const std::string said = refusal(rule, folder.words(words), options);
  EXPECT_NE(said.find(hint), std::string::npos) << said;
}

TEST(PublishedRules, FilesAreToldApartAndMissedByName) {
  const AnswerFolder folder("geneval2");
  expect_refused(folder, "geneval2", {"geneval2_data.jsonl"}, "needs score_lists.json");
  expect_refused(folder, "geneval2", {"score_lists.json"}, "needs geneval2_data.jsonl");
  expect_refused(folder, "geneval2", {"geneval2_data.jsonl", "score_lists.json", "nothing.json"}, "does not exist");
  expect_refused(folder, "geneval2", {"score_lists.json", "official/analysis.txt", "geneval2_data.jsonl"},
                 "analysis.txt is none of the files that this rule reads");
  expect_refused(folder, "geneval2", {"geneval2_data.jsonl", "score_lists.json", "score_lists.json"}, "is given twice");
  expect_refused(folder, "geneval2", {"geneval2_data.jsonl", "run=score_lists.json"},
                 "without names; leave 'run=' out");
  folder.write("second.json", folder.read("score_lists.json"));
  expect_refused(folder, "geneval2", {"geneval2_data.jsonl", "score_lists.json", "second.json"},
                 "second.json look like it");
  folder.write("latin.json", "[[\"caf\xe9\"]]");
  expect_refused(folder, "geneval2", {"geneval2_data.jsonl", "latin.json"}, "latin.json:1: not UTF-8 at byte 6");
}

TEST(PublishedRules, AFolderStandsForTheFilesInIt) {
  const AnswerFolder folder("geneval2");
  const ScoredAnswers scored = scored_answers("geneval2", folder.words({"."}));
  EXPECT_TRUE(scored.noted("none of the rule's files, and not read (3 times"));
  folder.write("marked.json", "\xEF\xBB\xBF" + folder.read("score_lists.json"));
  EXPECT_EQ(scored_answers("geneval2", folder.words({"geneval2_data.jsonl", "marked.json"})).value("gm"),
            scored.value("gm"));
}

TEST(GenEval2, AZeroMakesItsPromptZeroAndAFirstTokenMayCountTwice) {
  const AnswerFolder folder("geneval2");
  const ScoredAnswers scored = scored_answers("geneval2", folder.words({"geneval2_data.jsonl", "score_lists.json"}));
  EXPECT_EQ(scored.set.items.at(4).score, 0);
  EXPECT_GT(scored.set.items.at(4).facts["am"], 0.2);
  EXPECT_TRUE(scored.noted("probabilities above 1, kept"));
}

TEST(GenEval2, ListsOfAnotherShapeAreRefusedWithTheirCause) {
  const AnswerFolder folder("geneval2");
  const std::vector<std::string> words = {"geneval2_data.jsonl", "other.json"};
  const Json lists = read_json(folder / "score_lists.json");
  const auto other = [&](const Json& value) { folder.write("other.json", value.dump()); };
  Json changed = lists;
  changed[2][1] = 95.0;
  other(changed);
  expect_refused(folder, "geneval2", words, "list 3, score 2: 95 is no probability (0 to 1); these look like percent");
  changed = lists;
  changed.erase(5);
  other(changed);
  expect_refused(folder, "geneval2", words, "list 8 has more scores than the 5 questions of");
  changed = lists;
  changed.erase(lists.size() - 1);
  other(changed);
  expect_refused(folder, "geneval2", words, "23 score lists, but the data has 24 prompts");
  changed = lists;
  changed.push_back({0.5});
  other(changed);
  expect_refused(folder, "geneval2", words, "more score lists than the 24 prompts");
  for (Json& list : changed = lists) list = {0.5};
  other(changed);
  expect_refused(folder, "geneval2", words, "list 1 has 1 scores");
  expect_refused(folder, "geneval2", words, "is it the output of --method vqascore?");
  folder.write("other.json", "[[0.5, NaN, 0.5]]");
  expect_refused(folder, "geneval2", words, "NaN is no score");
  folder.replace("geneval2_data.jsonl", "\"object\"", "\"objcet\"");
  expect_refused(folder, "geneval2", {"geneval2_data.jsonl", "score_lists.json"}, "did you mean 'object'?");
}

TEST(GenEval2, ASkillWithoutAQuestionEndsTheOfficialAnalysisAlone) {
  const AnswerFolder folder("geneval2");
  folder.write("data.jsonl",
               R"({"prompt": "a red block", "atom_count": 3, "vqa_list": [["?", "one"]], "skills": ["count"]})");
  folder.write("scores.json", "[[1]]");
  const ScoredAnswers scored = scored_answers("geneval2", folder.words({"data.jsonl", "scores.json"}));
  EXPECT_EQ(scored.value("gm"), 100);
  EXPECT_EQ(scored.set.official.at(0).text, "Score: 100.0\n");
  EXPECT_EQ(scored.set.official.at(2).why, "no question asks for the skill 'object'");
  EXPECT_TRUE(scored.noted("the official analysis ends in an error here"));
  EXPECT_TRUE(scored.noted("look like --method tifa's"));
}

TEST(Dpg, SaysWhatTheOfficialScriptLeavesOut) {
  const AnswerFolder folder("dpg");
  const ScoredAnswers scored = scored_answers(folder, answer_cases().at(1));
  EXPECT_TRUE(scored.noted("the first question of dpg_bench.csv"));
  EXPECT_TRUE(scored.noted("question 2 depends on question 1, which does not exist"));
  EXPECT_TRUE(scored.noted("several picture files"));
  EXPECT_TRUE(scored.noted("1 of 12 prompts have no answers"));
  EXPECT_FALSE(scored.noted("results.txt"));  // its scores are those of the answers
}

TEST(Dpg, ResultsAloneGiveTheMean) {
  const AnswerFolder folder("dpg");
  const ScoredAnswers whole = scored_answers(folder, answer_cases().at(1));
  const ScoredAnswers alone = scored_answers("dpg", folder.words({"dpg_results.txt"}));
  EXPECT_EQ(alone.value("dpg"), whole.value("dpg"));
  EXPECT_EQ(alone.set.numbers.size(), 1u);
  EXPECT_TRUE(alone.noted("categories need"));
  // A result that is not that of its answers is told of.
  folder.replace("dpg_results.txt", "attribute: 6", "attribute: 5");
  const ScoredAnswers mixed = scored_answers(folder, answer_cases().at(1));
  EXPECT_TRUE(mixed.noted("several processes mix categories up"));
}

TEST(Dpg, AnswersThatMatchNothingAreRefusedOrNamed) {
  const AnswerFolder folder("dpg");
  const std::vector<std::string> words = {"dpg_bench.csv", "dpg_results_detail.txt"};
  const std::string detail = folder.read("dpg_results_detail.txt");
  const size_t second = detail.find('\n') + 1;
  folder.write("dpg_results_detail.txt", detail + detail.substr(second, detail.find('\n', second) + 1 - second));
  expect_refused(folder, "dpg", words, "is answered twice; are two runs in one file?");
  folder.write("dpg_results_detail.txt", detail + "x/3.png, (0, 0, 8, 8), Is it raining?, yes\n");
  expect_refused(folder, "dpg", words, "no question that 'Is it raining?, yes' begins with");
  folder.write("dpg_results_detail.txt", detail + "x/unknown.png, (0, 0, 8, 8), Is it raining?, yes\n");
  EXPECT_TRUE(scored_answers("dpg", folder.words(words)).noted("a prompt that dpg_bench.csv does not have"));
  folder.write("dpg_results_detail.txt", detail.substr(0, detail.rfind("\n", detail.size() - 2) + 1));
  EXPECT_TRUE(scored_answers("dpg", folder.words(words)).noted("questions are answered for the crop"));
  expect_refused(folder, "dpg", {"dpg_results_detail.txt"}, "its answers need the questions of dpg_bench.csv");
  folder.write("dpg_results.txt", "a.png, 95.0, 95.0\n");
  expect_refused(folder, "dpg", {"dpg_results.txt"},
                 "dpg_results.txt:1: a score of 95 is not in 0..1; is it in percent?");
  folder.write("dpg_results.txt", "a.png, 0.5, 1.0, 0.5\n");
  expect_refused(folder, "dpg", {"dpg_results.txt"}, "is not the mean of the 2 before it");
}

TEST(Dsg, UnmatchedAndUnclearAnswersAreNamed) {
  const AnswerFolder folder("dsg");
  const AnswerCase one = answer_cases().at(2);
  folder.write("answers_dsg.csv", folder.read("answers_dsg.csv") +
                                      "tifa160,dsg,sd2dot1,tifa160_99,?,1,0,yes\n"
                                      "tifa160,dsg,sd2dot1,tifa160_0,?,99,0,yes\n");
  const ScoredAnswers scored = scored_answers(folder, one);
  EXPECT_TRUE(scored.noted("answers to prompts that the graph does not have, left out (tifa160_99 at"));
  EXPECT_TRUE(scored.noted("answers to questions that the graph does not have"));
  EXPECT_TRUE(scored.noted("prompts without an answer, scored 0 as the official script does (whoops_2)"));
  EXPECT_TRUE(scored.noted("lose every dependency"));
  EXPECT_TRUE(scored.noted("'Yes'"));
  expect_refused(folder, "dsg", one.words, "(sd1dot5, sd2dot1); choose one with --option generator=NAME");
  expect_refused(folder, "dsg", one.words, "did you mean 'sd2dot1'?", {{"generator", "sd2dot"}});
}

TEST(OneIgText, SaysWhichPromptsCountNowhere) {
  const AnswerFolder folder("oneig_text");
  const std::vector<std::string> words = {"en/text_content.csv", "en/ocr.json"};
  const ScoredAnswers scored = scored_answers("oneig_text", folder.words(words));
  EXPECT_TRUE(scored.noted("prompts without a picture, which count nowhere in the official score (006)"));
  EXPECT_TRUE(scored.noted("prompts with fewer than 4 pictures (003)"));
  folder.replace("en/OneIG-Bench.csv", "middle", "medium");
  EXPECT_TRUE(scored_answers("oneig_text", folder.words({"en/text_content.csv", "en/OneIG-Bench.csv", "en/ocr.json"}))
                  .noted("prompt lengths other than short, middle and long"));
  folder.replace("en/ocr.json", "\"000\"", "\"900\"");
  EXPECT_TRUE(scored_answers("oneig_text", folder.words(words)).noted("prompts that text_content does not have"));
  folder.replace("en/text_content.csv", "prompt_en", "prompt");
  expect_refused(folder, "oneig_text", words, "neither prompt_en nor prompt_cn is a column");
  EXPECT_EQ(scored_answers("oneig_text", folder.words(words), {{"language", "zh"}}).set.identity["language"], "zh");
  folder.write("en/scores.csv", ",model\n000,\"[12.0, 25.0, 0.5]\"\n");
  expect_refused(folder, "oneig_text", {"en/text_content.csv", "en/scores.csv"}, "are they in percent?",
                 {{"language", "en"}});
  // Lines of {id, ocr} are the same answers.
  std::string lines;
  const Json read = read_json(folder / "zh/ocr.json");
  for (const auto& [id, texts] : read.items()) lines += Json{{"id", id}, {"ocr", texts}}.dump() + "\n";
  folder.write("zh/ocr.jsonl", lines);
  EXPECT_EQ(scored_answers("oneig_text", folder.words({"zh/text_content_zh.csv", "zh/ocr.jsonl"})).value("score"),
            scored_answers("oneig_text", folder.words({"zh/text_content_zh.csv", "zh/ocr.json"})).value("score"));
}

TEST(CompBench, PartsAreHeldAgainstWhatWasWrittenOfThem) {
  const AnswerFolder folder("compbench");
  const std::vector<std::string> words = {"complex", "dataset"};
  EXPECT_FALSE(scored_answers("compbench", folder.words(words)).noted("written otherwise"));
  folder.replace("complex/annotation_3_in_1/vqa_result.json", "\"answer\": 0.", "\"answer\": 0.0");
  folder.replace("complex/annotation1_blip/VQA/result/vqa_result.json", "\"question_id\": 3,", "\"question_id\": 4,");
  const ScoredAnswers scored = scored_answers("compbench", folder.words(words));
  EXPECT_TRUE(scored.noted("3_in_1 was written otherwise than its parts are"));
  EXPECT_TRUE(scored.noted("paired by place as the official script does"));
  expect_refused(folder, "compbench", {"complex/annotation1_blip/VQA"}, "vqa_test.json are missing");
}

TEST(CompBench, AnswersOnAnotherScaleAreRefused) {
  const AnswerFolder folder("compbench");
  folder.write("annotation_blip/vqa_result.json", R"([{"question_id": 0, "answer": "95.0"}])");
  expect_refused(folder, "compbench", {"annotation_blip"},
                 "element 1: an answer of 95 is not in 0..1; is it in percent?");
  folder.write("annotation_blip/vqa_result.json", R"([{"question_id": 0, "answer": "nan"}])");
  expect_refused(folder, "compbench", {"annotation_blip"}, "\"answer\" must be a number");
  folder.write(
      "annotation_blip/vqa_result.json",
      R"([{"question_id": 0, "answer": "0.5"}, {"question_id": 0, "answer": "0.7"}, {"question_id": 3, "answer": 1}])");
  const ScoredAnswers scored = scored_answers("compbench", folder.words({"annotation_blip"}));
  EXPECT_TRUE(scored.noted("pictures that stand more than once"));
  EXPECT_TRUE(scored.noted("question_ids that are missing between the first and the last"));
  EXPECT_NEAR(scored.value("blip_vqa"), 2.2 / 3, 1e-12);
}

TEST(Wise, LinesThatTheOfficialScriptDropsAreNamed) {
  const AnswerFolder folder("wise");
  const ScoredAnswers scored = scored_answers("wise", folder.words({"legacy"}));
  EXPECT_TRUE(scored.noted("no number for consistency, realism, aesthetic_quality"));
  EXPECT_TRUE(scored.noted("judged more than once"));
  EXPECT_TRUE(scored.noted("prompt_id outside 1..1000"));
  const ScoredAnswers part = scored_answers("wise", folder.words({"legacy/culture_scores_results.jsonl"}));
  EXPECT_EQ(part.set.numbers.front().name, "CULTURE");
  EXPECT_TRUE(
      part.noted("gives no overall score here: 600 of 1000 prompts have no line (401, 402, 403, 404, 405, ...)"));
}

TEST(Wise, JudgementsOnAnotherScaleAndMixedBenchmarksAreRefused) {
  const AnswerFolder folder("wise");
  const auto line = [&](const std::string& text) { folder.write("one.jsonl", text + "\n"); };
  line(R"({"prompt_id": 1, "consistency": 1.9, "realism": 95.0, "aesthetic_quality": 0})");
  expect_refused(folder, "wise", {"one.jsonl"},
                 "one.jsonl:1: realism is 95.0, but the judge gives 0, 1 or 2; is it on another");
  line(R"({"prompt_id": 1, "score": 0.5})");
  expect_refused(folder, "wise", {"one.jsonl"}, "score is 0.5, but the judge gives 0 or 1");
  line(R"({"prompt_id": "1", "score": 1})");
  expect_refused(folder, "wise", {"one.jsonl"}, "\"prompt_id\" must be a whole number");
  line(
      "{\"prompt_id\": 1, \"score\": 1}\n{\"prompt_id\": 2, \"consistency\": 1, \"realism\": 1, \"aesthetic_quality\": "
      "1}");
  expect_refused(folder, "wise", {"one.jsonl"}, "one.jsonl:2: a line of the legacy benchmark, but those before");
}

TEST(UniGenBench, RowsThatTheOfficialScriptDropsAreNamed) {
  const AnswerFolder folder("unigenbench");
  const ScoredAnswers scored = scored_answers("unigenbench", folder.words({"model_en.csv"}));
  EXPECT_TRUE(scored.noted("no result of the judge"));
  EXPECT_TRUE(scored.noted("null, true or false, which the official script cannot read"));
  EXPECT_TRUE(scored.noted("scores between 0 and 1, counted as 0"));
  EXPECT_TRUE(scored.noted("checkpoints that are none of the benchmark's"));
  EXPECT_TRUE(scored.noted("prompts with fewer than the 4 pictures that others have (index 11: 3)"));
  folder.write("rows.csv", "index,testpoint,score\n0,\"['Style', 'Grammar - Negation']\",\"[1, 95.0]\"\n");
  expect_refused(folder, "unigenbench", {"rows.csv"}, "rows.csv:2: a score of 95, but the judge gives 0 or 1");
  folder.write("rows.csv", "index,testpoint,score\n0,\"['Style', 'Grammar - Negation']\",[1]\n");
  const ScoredAnswers row = scored_answers("unigenbench", folder.words({"rows.csv"}));
  EXPECT_EQ(row.value("checkpoints"), 1);
  EXPECT_TRUE(row.noted("another number of scores than checkpoints"));
}

TEST(Tiif, MeansAreOfRoundedSharesAndPicturesMayBeMissing) {
  const AnswerFolder folder("tiif");
  const ScoredAnswers scored = scored_answers("tiif", folder.words({"answers"}));
  EXPECT_TRUE(scored.noted("no numeracy/short/1"));
  EXPECT_TRUE(scored.noted("another number of answers than are wanted"));
  EXPECT_EQ(fmt::format("{:.4f}\n", scored.value("mean_accuracy")), folder.read("official/mean_accuracy.txt"));
  folder.write("answers/other/style/short/0.json", folder.read("answers/our_model/style/short/0.json"));
  expect_refused(folder, "tiif", {"answers"}, "give the folder of one model");
  folder.replace("answers/our_model/style/short/0.json", "\"style\"", "\"text\"");
  EXPECT_TRUE(scored_answers("tiif", folder.words({"answers/our_model"}))
                  .noted("another attribute or length than their folder"));
  folder.write("text/ocr_results_our_model.json",
               R"([{"image_name": "0.png", "short_image_ocr_results": [], "long_image_ocr_results": [], "text": []}])");
  expect_refused(folder, "tiif", {"text"}, "\"text\" must be a list of the wanted words, and not empty");
}

}  // namespace
}  // namespace emf
