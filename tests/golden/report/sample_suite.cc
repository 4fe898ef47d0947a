// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/report/sample_suite.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "harness/base/file.h"
#include "harness/base/random.h"
#include "harness/pictures/png.h"

namespace emf {
namespace {

constexpr int kTile = 16, kColumns = 4;
constexpr std::array<const char*, 3> kEncoders = {"class_label", "llm", "hash"};
constexpr std::array<const char*, 3> kObjectives = {"flow_matching", "mean_flow", "ddpm"};
constexpr std::array<int64_t, 3> kSteps = {1, 4, 25};
constexpr std::array<const char*, 6> kTasks = {"single_object", "two_object", "counting",
                                               "colors",        "position",   "color_attr"};
constexpr std::array<const char*, 7> kPrompts = {"a photo of a cat",
                                                 "a photo of a dog and a car",
                                                 "a photo of three apples",
                                                 "a photo of a red bus",
                                                 "a photo of a cat left of a dog",
                                                 "a photo of a red car and a green apple",
                                                 "a photo of a green bus <b>\"&\""};

double round_to(double value, double unit) { return std::round(value / unit) * unit; }

/// A plausible score: rises with steps, MeanFlow early, class labels first.
double made_up_score(size_t encoder, size_t objective, int64_t steps) {
  const double many = 0.72 - 0.12 * static_cast<double>(encoder);
  const std::array<double, 3> at_one_step = {0.08, 0.52, 0.05};
  const double start = at_one_step[objective] * (1 - 0.2 * static_cast<double>(encoder));
  const double share = std::log(static_cast<double>(steps)) / std::log(25.0);
  return round_to(start + (many - start) * share, 1.0 / 1024);
}

Json interval(double value, double half) {
  return {round_to(std::max(0.0, value - half), 1.0 / 1024), round_to(std::min(1.0, value + half), 1.0 / 1024)};
}

std::string run_of(size_t encoder, size_t objective) { return fmt::format("00000000000000{}{}", encoder, objective); }

Json cell_of(size_t encoder, size_t objective, int64_t steps) {
  return {{"encoder", kEncoders[encoder]},
          {"objective", kObjectives[objective]},
          {"steps", steps},
          {"seed", 0},
          {"run", run_of(encoder, objective)}};
}

void add_row(Json& rows, Json cell, const std::string& metric, const Json& value, const Json& ci95, int n) {
  cell["metric"] = metric;
  cell["value"] = value;
  cell["ci95"] = ci95;
  cell["n"] = n;
  rows.push_back(cell);
}

void add_cell_rows(Json& rows, size_t encoder, size_t objective, int64_t steps) {
  const Json cell = cell_of(encoder, objective, steps);
  if (encoder == 2 && objective == 2) {  // the row that failed
    add_row(rows, cell, "geneval", nullptr, nullptr, 0);
    rows.back()["why"] = "not run: an input failed";
    return;
  }
  const double score = made_up_score(encoder, objective, steps);
  add_row(rows, cell, "geneval", score, interval(score, 0.0625), 200);
  for (size_t task = 0; task < kTasks.size(); ++task) {
    const double value = round_to(std::min(1.0, score * (1.3 - 0.1 * static_cast<double>(task))), 1.0 / 1024);
    add_row(rows, cell, fmt::format("geneval/{}", kTasks[task]), value, interval(value, 0.125), 33);
  }
  add_row(rows, cell, "geneval/in_distribution", score, interval(score, 0.075), 180);
  add_row(rows, cell, "geneval/held_out", score * 0.75, interval(score * 0.75, 0.1875), 20);
  add_row(rows, cell, "network_evaluations", 2 * steps, nullptr, 200);
  if (steps == 4) return;
  add_row(rows, cell, "kid_lite0", round_to(0.25 * (1 - score), 1.0 / 4096), Json{0.015625, 0.25}, 200);
  add_row(rows, cell, "fd_lite0", round_to(400 * (1 - score), 0.25), nullptr, 200);
  rows.back()["warnings"] = {"small_n"};
}

Json rows_of() {
  Json rows = Json::array();
  for (size_t encoder = 0; encoder < kEncoders.size(); ++encoder) {
    for (size_t objective = 0; objective < kObjectives.size(); ++objective) {
      for (const int64_t steps : kSteps) add_cell_rows(rows, encoder, objective, steps);
    }
  }
  for (const auto& [name, value] : {std::pair<std::string, double>{"ceiling", 0.90625}, {"reconstruction", 0.875}}) {
    const Json cell = {
        {"encoder", "real"}, {"objective", name}, {"steps", 0}, {"seed", 0}, {"run", "00000000000000ff"}};
    add_row(rows, cell, name, value, interval(value, 0.03125), 200);
    for (const char* task : kTasks) add_row(rows, cell, name + "/" + task, value, interval(value, 0.0625), 33);
  }
  return rows;
}

Json probes_of() {
  Json probes = Json::array();
  for (size_t encoder = 0; encoder < kEncoders.size(); ++encoder) {
    for (const char* probe : {"discriminability", "disentanglement"}) {
      const double value = 0.8125 - 0.0625 * static_cast<double>(encoder);
      probes.push_back({{"probe", probe},
                        {"encoder", kEncoders[encoder]},
                        {"modes",
                         {{"raw", {{"value", value}, {"ci95", interval(value, 0.015625)}}},
                          {"centred", {{"value", value - 0.25}, {"ci95", interval(value - 0.25, 0.03125)}}}}},
                        {"numbers", {{"chance", 0.375}}},
                        {"n_queries", 560},
                        {"n_candidates", 560}});
    }
  }
  return probes;
}

void add_training(Json& budgets, Json& curves) {
  for (size_t encoder = 0; encoder < kEncoders.size(); ++encoder) {
    for (size_t objective = 0; objective < kObjectives.size(); ++objective) {
      if (encoder == 2 && objective == 2) continue;
      const Json row = {{"encoder", kEncoders[encoder]},
                        {"objective", kObjectives[objective]},
                        {"seed", 0},
                        {"run", run_of(encoder, objective)}};
      Json budget = row, curve = row;
      budget["pictures"] = 24576;
      budget["pretraining_pictures"] = objective == 1 ? 12288 : 0;
      budget["flops"] = objective == 1 ? 2.5e12 : 1.96e12;
      budget["parameters"] = 1234567;
      curve["points"] = Json::array();
      for (int i = 1; i <= 8; ++i) curve["points"].push_back({3072 * i, round_to(0.5 + 1.0 / i, 1.0 / 1024)});
      budgets.push_back(budget);
      curves.push_back(curve);
    }
  }
}

Json claims_of() {
  return {{{"name", "With class labels, MeanFlow beats flow matching at one step"},
           {"metric", "geneval"},
           {"verdict", "pass"},
           {"detail", "class_label/mean_flow/1 0.520, class_label/flow_matching/1 0.080"},
           {"difference", 0.4375},
           {"ci95", {0.375, 0.5}}},
          {{"name", "With a language model, MeanFlow at four steps reaches the ceiling"},
           {"metric", "geneval"},
           {"verdict", "fail"},
           {"detail", "llm/mean_flow/4 0.491, ceiling 0.906"},
           {"difference", -0.40625},
           {"ci95", {-0.46875, -0.34375}}},
          {{"name", "With hashed words, MeanFlow beats diffusion at one step"},
           {"metric", "geneval"},
           {"verdict", "undecided"},
           {"detail", "hash/ddpm/1 was not run"}}};
}

Json comparisons_of() {
  Json comparisons = Json::array();
  for (size_t encoder = 0; encoder < 2; ++encoder) {
    for (const int64_t steps : kSteps) {
      const double difference = made_up_score(encoder, 1, steps) - made_up_score(encoder, 0, steps);
      comparisons.push_back(
          {{"name", fmt::format("mean_flow - flow_matching, {}, {} steps", kEncoders[encoder], steps)},
           {"metric", "geneval"},
           {"a", {{"encoder", kEncoders[encoder]}, {"objective", "mean_flow"}, {"steps", steps}}},
           {"b", {{"encoder", kEncoders[encoder]}, {"objective", "flow_matching"}, {"steps", steps}}},
           {"difference", difference},
           {"ci95", {difference - 0.0625, difference + 0.0625}},
           {"p", difference > 0.0625 ? 0.00048828125 : 0.75},
           {"p_holm", difference > 0.0625 ? 0.0029296875 : 1.0},
           {"n", 200}});
    }
  }
  return comparisons;
}

std::string grid_name(const std::string& encoder, const std::string& objective, int64_t steps) {
  return fmt::format("runs/sample/{}-{}-{}/samples/grid.png", encoder, objective, steps);
}

Json samples_of() {
  Json samples = Json::array();
  for (size_t encoder = 0; encoder < kEncoders.size(); ++encoder) {
    for (size_t objective = 0; objective < kObjectives.size(); ++objective) {
      if (encoder == 2 && objective == 2) continue;
      for (const int64_t steps : kSteps) {
        Json sample = cell_of(encoder, objective, steps);
        sample["file"] = grid_name(kEncoders[encoder], kObjectives[objective], steps);
        sample["correct"] = Json::array();
        for (size_t i = 0; i < kPrompts.size(); ++i)
          sample["correct"].push_back(made_up_score(encoder, objective, steps) > 0.1 * static_cast<double>(i));
        for (Json& correct : sample["correct"]) correct = correct.get<bool>() ? 1 : 0;
        samples.push_back(sample);
      }
    }
  }
  samples.push_back({{"encoder", "real"},
                     {"objective", "ceiling"},
                     {"steps", 0},
                     {"seed", 0},
                     {"run", "00000000000000ff"},
                     {"file", grid_name("real", "ceiling", 0)}});
  return samples;
}

/// Discs that are the noisier, the worse the cell's made-up score.
void write_grid(const std::filesystem::path& path, double noise, uint64_t seed) {
  const int rows = (static_cast<int>(kPrompts.size()) + kColumns - 1) / kColumns;
  cv::Mat grid(rows * kTile, kColumns * kTile, CV_8UC3, cv::Scalar(235, 240, 240));
  for (int i = 0; i < static_cast<int>(kPrompts.size()); ++i) {
    const cv::Point centre(i % kColumns * kTile + kTile / 2, i / kColumns * kTile + kTile / 2);
    cv::circle(grid, centre, kTile / 3, cv::Scalar(40 + 30 * i, 90, 220 - 25 * i), cv::FILLED);
  }
  Random random(seed, "sample grid", 0);
  for (auto pixel = grid.begin<cv::Vec3b>(); pixel != grid.end<cv::Vec3b>(); ++pixel) {
    for (int c = 0; c < 3; ++c) (*pixel)[c] = cv::saturate_cast<uchar>((*pixel)[c] + 90 * noise * random.normal());
  }
  cv::Mat rgb;
  cv::cvtColor(grid, rgb, cv::COLOR_BGR2RGB);
  write_atomically(path, pictures::encode_png({rgb.data, rgb.total() * 3}, rgb.rows, rgb.cols));
}

}  // namespace

Json sample_result() {
  Json budgets = Json::array(), curves = Json::array(), prompts = Json::array();
  add_training(budgets, curves);
  for (size_t i = 0; i < kPrompts.size(); ++i) {
    prompts.push_back(
        {{"text", kPrompts[i]}, {"tag", kTasks[i < kTasks.size() ? i : 3]}, {"held_out", i >= kTasks.size()}});
  }
  return {{"schema", "emf.result/1"},
          {"kind", "suite"},
          {"suite", "sample"},
          {"question",
           "Which text encoder lets a few-step generator paint what the prompt says, and what does each step "
           "cost?"},
          {"spec_hash", "0123456789abcdef"},
          {"prompts", prompts},
          {"rows", rows_of()},
          {"probes", probes_of()},
          {"budgets", budgets},
          {"curves", curves},
          {"comparisons", comparisons_of()},
          {"claims", claims_of()},
          {"samples", samples_of()},
          {"sample_grid", {{"tile", kTile}, {"columns", kColumns}}},
          {"instruments",
           {{{"name", "detector"},
             {"version", "1"},
             {"sha256", std::string(64, 'a')},
             {"measured", {{"single_object", 0.96875}}}}}},
          {"attributions", {"Twemoji graphics copyright Twitter, Inc and other contributors, CC-BY 4.0"}},
          {"failed",
           {{{"stage", "train hash ddpm seed 0"}, {"run", run_of(2, 2)}, {"why", "loss is not finite at step 17"}}}}};
}

Json sample_provenance(const Json& result) {
  Json timed = Json::array(), training = Json::array();
  for (const Json& sample : result.at("samples")) {
    if (sample.at("encoder") == "real") continue;
    Json row = sample;
    row.erase("file");
    row.erase("correct");
    row["value"] = 0.0009765625 * sample.at("steps").get<double>();
    timed.push_back(row);
  }
  for (const Json& budget : result.at("budgets")) {
    training.push_back(
        {{"encoder", budget.at("encoder")}, {"objective", budget.at("objective")}, {"seed", 0}, {"value", 41.5}});
  }
  return {{"schema", "emf.provenance/1"},
          {"emfbench", "0.1.0"},
          {"commit", "0123456789abcdef0123456789abcdef01234567"},
          {"dirty", true},
          {"host", "bench"},
          {"system", "Linux 6.1"},
          {"cpu", "Some processor"},
          {"simd", "AVX2"},
          {"threads", 2},
          {"compiler", "g++ 12.2.0"},
          {"libtorch", "2.13.0"},
          {"argv", {"run", "sample"}},
          {"seeds", {0}},
          {"started", "2026-01-31T12:00:00Z"},
          {"finished", "2026-01-31T12:09:30Z"},
          {"weights", {{{"name", "llm"}, {"sha256", std::string(64, 'b')}, {"licence", "Apache-2.0"}}}},
          {"seconds",
           {{"train class_label mean_flow seed 0", 41.5}, {"sample class_label mean_flow seed 0, 1 steps", 0.75}}},
          {"training_seconds", training},
          {"seconds_per_picture", timed}};
}

Json factless_result() {
  const auto style = [](const char* title, const char* color) { return Json{{"title", title}, {"color", color}}; };
  Json result = {{"schema", "emf.result/1"},
                 {"kind", "suite"},
                 {"suite", "factless"},
                 {"question", "Which objective paints the nearest pictures?"},
                 {"spec_hash", "fedcba9876543210"},
                 {"main_metric", "fid"},
                 {"main_objective", "leap"},
                 {"metrics",
                  {{"fid",
                    {{"title", "FID"},
                     {"higher_is_better", false},
                     {"metric", "frechet"},
                     {"backbone", "inception"},
                     {"official", true}}}}},
                 {"names",
                  {{"encoder", {{"words", {{"title", "Plain words"}}}}},
                   {"objective", {{"leap", style("Leap", "#aa3377")}, {"crawl", style("Crawl", "#225588")}}}}},
                 {"sample_grid", {{"tile", kTile}, {"columns", kColumns}}}};
  for (const char* text : {"two people on a beach", "a bus at night", "cake"})
    result["prompts"].push_back({{"text", text}, {"tag", "caption"}, {"held_out", false}});
  for (const char* objective : {"leap", "crawl"}) {
    const bool leap = objective == std::string("leap");
    Json cell = {{"encoder", "words"}, {"objective", objective}, {"seed", 0}, {"run", leap ? "01" : "02"}};
    Json budget = cell, curve = cell;
    budget.update({{"pictures", 8192}, {"pretraining_pictures", 0}, {"flops", 1e12}, {"parameters", 4321}});
    curve["points"] = {{4096, 1.5}, {8192, 0.75}};
    result["budgets"].push_back(budget);
    result["curves"].push_back(curve);
    for (const int64_t steps : {1, 4}) {
      cell["steps"] = steps;
      const double value = (leap ? 24.0 : 96.0) - 2.0 * static_cast<double>(steps);
      add_row(result["rows"], cell, "fid", value, Json{value - 1, value + 1}, 5000);
      Json checkpoint = cell;
      checkpoint["checkpoint"] = 4096;
      add_row(result["rows"], checkpoint, "fid", 2 * value, nullptr, 5000);
      add_row(result["rows"], cell, "network_evaluations", steps, nullptr, 3);
      cell["file"] = grid_name("words", objective, steps);
      result["samples"].push_back(cell);
      cell.erase("file");
    }
  }
  return result;
}

std::filesystem::path write_sample_store(const std::filesystem::path& store, const Json& result) {
  const std::filesystem::path folder = store / "runs" / "suite" / result.at("spec_hash").get<std::string>();
  write_json(folder / "result.json", result);
  write_json(folder / "provenance.json", sample_provenance(result));
  uint64_t seed = 0;
  for (const Json& sample : result.at("samples")) {
    const double steps = sample.at("steps");
    const double noise = steps == 0 ? 0 : (sample.at("objective") == "mean_flow" ? 0.3 : 1.2) / std::sqrt(steps);
    write_grid(store / sample.at("file").get<std::string>(), noise, ++seed);
  }
  return folder;
}

}  // namespace emf
