// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/report/audited_suite.h"

#include "tests/golden/report/sample_suite.h"

namespace emf {

Json audited_result() {
  Json result = sample_result();
  result["suite"] = "audited";
  result["spec_hash"] = "aaaaaaaaaaaaaaaa";
  result["metrics"]["dpg"] = {{"title", "DPG"}, {"metric", "question_graph"}, {"higher_is_better", true}};
  result["metrics"]["tifa"] = {{"title", "Facts shown"}, {"metric", "tifa"}, {"higher_is_better", true}};
  for (Json row : Json(result["rows"])) {
    // A world that holds words out says so of every part of a score.
    if (row.at("metric") != "geneval/in_distribution") continue;
    row["metric"] = "geneval/words";
    result["rows"].push_back(row);
  }
  const Json told = result["rows"];
  for (Json row : told) {
    if (row.at("metric") != "geneval" || row.at("value").is_null()) continue;
    for (const char* metric : {"geneval/judge_corrected", "dpg", "dpg/entity", "dpg/attribute", "dpg/relation", "tifa",
                               "tifa/facts_03", "tifa/all_facts_03", "tifa/facts_10"}) {
      row["metric"] = metric;
      result["rows"].push_back(row);
    }
  }
  Json kinds = Json::array();
  for (const char* name : {"as rendered", "through the autoencoder"}) {
    // Nothing of one kind was shown, as in a world without colours.
    const bool worse = !kinds.empty();
    kinds.push_back({{"name", name},
                     {"pictures", 60},
                     {"boxes",
                      {{"recall", worse ? 0.875 : 1.0},
                       {"precision", worse ? 0.9375 : 1.0},
                       {"color_confusion", {{"red", {{"red", 12}, {"orange", worse ? 4 : 0}}}}}}},
                     {"count_confusion", {{"3", {{"3", 8}, {"2", worse ? 2 : 0}}}}},
                     {"trials",
                      {{"single_object", {{"right", {30, 30}}, {"wrong", {worse ? 3 : 0, 30}}}},
                       {"colors", {{"right", {worse ? 24 : 30, 30}}, {"wrong", {0, 0}}}}}}});
  }
  result["judge_calibration"] = {{"generated_like", "through the autoencoder"}, {"kinds", kinds}};
  // One kind of which every picture was left out has no share.
  result["judge_mush"] = {
      {"averaged", 16},
      {"left_out", 2},
      {"kinds",
       {{{"name", "averages of a prompt's pictures"},
         {"pictures", 40},
         {"accepted", 2},
         {"share", 0.05},
         {"ci95", {0.01, 0.125}},
         {"tasks",
          {{"single_object", {{"accepted", 2}, {"pictures", 20}}}, {"colors", {{"accepted", 0}, {"pictures", 20}}}}}},
        {{"name", "pictures of other prompts"}, {"pictures", 0}, {"accepted", 0}, {"tasks", Json::object()}}}},
      {"mush", {{"share", 0.025}, {"ci95", nullptr}}}};
  result["claims"].push_back(
      {{"name", "MeanFlow is ahead whatever the encoder"},
       {"metric", "geneval"},
       {"claim", "mean_flow > flow_matching"},
       {"verdict", "undecided"},
       {"detail", "1 of 2 comparisons hold; undecided: llm"},
       {"comparisons",
        {{{"label", "class_label"},
          {"verdict", "pass"},
          {"detail", ".5, .25"},
          {"difference", 0.25},
          {"ci95", {0.125, 0.375}},
          {"p", 0.001},
          {"p_holm", 0.002}},
         {{"label", "llm"}, {"verdict", "undecided"}, {"detail", "llm/mean_flow/1 was not run"}}}}});
  result["config"]["suite"]["paper"] = "emf";
  for (const int seed : {0, 1}) {
    result["trajectories"].push_back({{"run", std::string(16, 'c')},
                                      {"encoder", "llm"},
                                      {"objective", "mean_flow"},
                                      {"seed", seed},
                                      {"steps", 2},
                                      {"pictures", 8},
                                      {"straightness", 0.25 + 0.125 * seed},
                                      {"gap", {{1.0, 0.5}, {0.5, 0.25}}}});
  }
  result["trajectories"].push_back(result["trajectories"][0]);
  result["trajectories"].back().update({{"objective", "ddpm"}, {"straightness", nullptr}, {"gap", Json::array()}});
  result["pretrainings"] = {{{"encoder", "llm"},
                             {"objective", "clip"},
                             {"seed", 0},
                             {"captions", 65536},
                             {"parameters", 3000000},
                             {"parameters_beside", 500000},
                             {"flops", 3.5e12},
                             {"curve", {{8192, 4.5}, {65536, 1.25}}},
                             {"accuracy", 0.8125}}};
  result["template_audit"] = {{"exact", 0.9375}, {"template", 1.0},          {"four_grams", 0.984375},
                              {"prompts", 7},    {"training_captions", 496}, {"training_templates", 6}};
  return result;
}

}  // namespace emf
