#include "reports/writers/words.h"

#include <fmt/format.h>

#include <array>
#include <map>

namespace emf {
namespace {

using Words = std::map<std::string, std::string>;

std::string look_up(const Words& words, const std::string& name) {
  const auto found = words.find(name);
  return found == words.end() ? name : found->second;
}

}  // namespace

std::string encoder_words(const std::string& encoder) {
  static const Words kWords = {{"class_label", "Class labels"},
                               {"llm", "Language model"},
                               {"hash", "Hashed words"},
                               {"random", "Random text vectors"},
                               {"minilm", "Sentence encoder"},
                               {"clip", "CLIP text tower"},
                               {"t5", "T5"},
                               {"clip_small", "Small CLIP"},
                               {"t5_small", "Small T5"},
                               {"llm_small", "Small language model"},
                               {"sentence_small", "Small sentence encoder"},
                               {"real", "Real pictures"}};
  return look_up(kWords, encoder);
}

std::string objective_words(const std::string& objective) {
  static const Words kWords = {{"mean_flow", "MeanFlow"},
                               {"flow_matching", "Flow matching"},
                               {"ddpm", "Diffusion"},
                               {"ceiling", "as rendered"},
                               {"reconstruction", "through the autoencoder"}};
  return look_up(kWords, objective);
}

std::string pretraining_words(const std::string& pretraining) {
  static const Words kWords = {{"picture_contrastive", "know a caption's picture"},
                               {"span_corruption", "fill gaps in captions"},
                               {"next_token", "go on with captions"},
                               {"paraphrase_contrastive", "know a caption in other words"}};
  return look_up(kWords, pretraining);
}

std::string metric_words(const std::string& metric) {
  static const Words kWords = {{"geneval", "GenEval"},
                               {"geneval/single_object", "One object"},
                               {"geneval/two_object", "Two objects"},
                               {"geneval/counting", "Counting"},
                               {"geneval/colors", "Colours"},
                               {"geneval/position", "Position"},
                               {"geneval/color_attr", "Colour binding"},
                               {"geneval/composition", "Long caption"},
                               {"geneval/in_distribution", "Pairs seen in training"},
                               {"geneval/held_out", "Pairs held out"},
                               {"geneval/held_out_template", "In other words"},
                               {"question_graph", "Long captions"},
                               {"question_graph/entity", "Objects"},
                               {"question_graph/attribute", "Colours"},
                               {"question_graph/other", "Counts"},
                               {"question_graph/relation", "Places"},
                               {"geneval/judge_corrected", "GenEval, corrected for the judge"},
                               {"geneval/over_seeds", "GenEval over training seeds"},
                               {"fd_lite0", "Fr\u00e9chet distance on lite0 features (fd_lite0)"},
                               {"kid_lite0", "Kernel distance on lite0 features (kid_lite0)"},
                               {"network_evaluations", "Network evaluations a picture"},
                               {"seconds_per_picture", "Seconds a picture"}};
  return look_up(kWords, metric);
}

std::string probe_words(const std::string& probe) {
  static const Words kWords = {{"discriminability", "Discriminability"}, {"disentanglement", "Disentanglement"}};
  return look_up(kWords, probe);
}

std::string probe_title(const Json& probe) {
  const std::string title = probe.value("title", "");
  return probe_words(probe.at("probe")) + (title.empty() ? "" : ": " + title);
}

std::string mode_words(const std::string& mode) {
  static const Words kWords = {{"own_1", "Own nearest"},
                               {"own_5", "Own in 5 nearest"},
                               {"own_1_centred", "Own nearest, centred"},
                               {"own_5_centred", "Own in 5 nearest, centred"}};
  std::string words = look_up(kWords, mode);
  for (char& c : words) c = c == '_' ? ' ' : c;
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words;
}

std::string steps_words(int64_t steps) { return fmt::format("{} step{}", steps, steps == 1 ? "" : "s"); }

SeriesStyle objective_style(const std::string& objective, size_t place) {
  static const std::map<std::string, SeriesStyle> kStyles = {{"mean_flow", {"#d55e00", {}, "circle"}},
                                                             {"flow_matching", {"#0072b2", {6, 3}, "square"}},
                                                             {"ddpm", {"#009e73", {2, 2}, "triangle-up"}}};
  static const std::array<SeriesStyle, 4> kOthers = {{{"#b5589a", {8, 2, 2, 2}, "diamond"},
                                                      {"#8c6d31", {4, 4}, "cross"},
                                                      {"#7570b3", {1, 3}, "triangle-down"},
                                                      {"#7f7f7f", {10, 3}, "triangle-right"}}};
  const auto found = kStyles.find(objective);
  return found == kStyles.end() ? kOthers[place % kOthers.size()] : found->second;
}

}  // namespace emf
