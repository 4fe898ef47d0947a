// SPDX-License-Identifier: Apache-2.0
// What the command line of `score` says, shared by its kinds of input: judge outputs and features.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "harness/api/metric.h"
#include "harness/command/command.h"
#include "harness/rules/exclusions.h"

namespace emf {

struct ScoreOptions {
  std::string metric;
  std::string detections, results, metadata;                // geneval
  std::string images, judge = "detector", save_detections;  // geneval: pictures, and who looks at them
  std::string device = "cpu";                               // of judge and backbone, where pictures are looked at
  bool summary = false;                                     // geneval: the official summary's text
  std::string graph, answers;                               // question_graph
  std::vector<std::string> generators;                      // question_graph
  std::string real, generated, held_out;                    // features
  std::string exclude;                                      // of judged rows: a file of those to leave out
  bool subfolders = false;                                  // of folders of pictures
  std::vector<std::string> backbones = {"lite0"};           // of features, where a side holds pictures
  std::string resize;                                       // likewise
  std::string save_statistics;                              // frechet: a file to write
  std::string against;                                      // features: an earlier result
  std::string html;                                         // a page to write
  Json metric_options = Json::object();  ///< as the metric reads them; it refuses those it does not know
  uint64_t seed = 0;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
};

/// Writes the page that --html names, if it does, from what --json prints.
void write_score_page(const ScoreOptions& options, const Json& result);
/// null when there is none.
Json interval_json(const MetricValue& value);
/// "  95 % [low, high]", or "".
std::string interval_text(const MetricValue& value);
void print_warnings(const MetricValue& value);
/// A line each, with its reason.
void print_exclusions(const Exclusions& exclusions);

/// Scores pictures from what a judge said of them.  @throws UserError  files missing or malformed.
ExitCode score_detections(const ScoreOptions& options, const CommonFlags& flags);
ExitCode score_questions(const ScoreOptions& options, const CommonFlags& flags);

/// Scores a set of features against another.  @throws UserError  likewise.
ExitCode score_features(const ScoreOptions& options, const CommonFlags& flags);

}  // namespace emf
