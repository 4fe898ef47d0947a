// SPDX-License-Identifier: Apache-2.0
#include "probes/dropped_parts.h"

#include <fmt/format.h>

#include <sstream>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf {
namespace {

Random draw_of(const std::string& text, double share, uint64_t seed) {
  // Keyed by the text itself: the same prompt loses the same parts whatever stands around it.
  return {seed, fmt::format("probe/dropped_parts/{}", share), stream_key(text)};
}

/// Earlier objects that went away shift the index a position refers to; -1 when its target went.
int64_t moved_target(const Json& position, const std::vector<int64_t>& places) {
  const bool sound = position.is_array() && position.size() == 2 && position[1].is_number_integer();
  const int64_t target = sound ? position[1].get<int64_t>() : -1;
  return target >= 0 && target < static_cast<int64_t>(places.size()) ? places[static_cast<size_t>(target)] : -1;
}

}  // namespace

Prompt without_words(const Prompt& prompt, double share, uint64_t seed) {
  std::istringstream stream(prompt.text);
  std::vector<std::string> words, kept;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.empty()) return {prompt.text, Json()};
  Random random = draw_of(prompt.text, share, seed);
  for (const std::string& word : words) {
    if (random.uniform() >= share) kept.push_back(word);
  }
  if (kept.empty()) kept.push_back(words[random.below(static_cast<uint32_t>(words.size()))]);
  std::string text;
  for (const std::string& word : kept) text += (text.empty() ? "" : " ") + word;
  return {text, Json()};
}

Prompt without_labels(const Prompt& prompt, double share, uint64_t seed) {
  const Json include = prompt.labels.is_object() ? prompt.labels.value("include", Json()) : Json();
  if (!include.is_array() || include.empty()) {
    fail_input("'{}' has no labels to drop: parts of labels need GenEval metadata with an include clause", prompt.text);
  }
  Random random = draw_of(prompt.labels.dump(), share, seed);
  const auto dropped = [&] { return random.uniform() < share; };
  Json labels = prompt.labels;
  if (labels.contains("tag") && dropped()) labels.erase("tag");
  Json objects = Json::array();
  std::vector<int64_t> places;  // of the kept objects by old index; -1 = dropped
  for (const Json& object : include) {
    if (!places.empty() && dropped()) {
      places.push_back(-1);
      continue;
    }
    places.push_back(static_cast<int64_t>(objects.size()));
    Json kept = object;
    if (kept.contains("color") && dropped()) kept.erase("color");
    if (kept.contains("count") && kept["count"] != 1 && dropped()) {
      kept["count"] = 1;
      labels.erase("exclude");
    }
    if (kept.contains("position")) {
      const int64_t target = moved_target(kept["position"], places);
      if (dropped() || target < 0) {
        kept.erase("position");
      } else {
        kept["position"][1] = target;
      }
    }
    objects.push_back(std::move(kept));
  }
  labels["include"] = std::move(objects);
  labels.erase("prompt");
  return {labels.dump(), labels};
}

}  // namespace emf
