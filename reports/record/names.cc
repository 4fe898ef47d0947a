// SPDX-License-Identifier: Apache-2.0
#include "reports/record/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/record/encoder_key.h"
#include "reports/record/format.h"
#include "reports/record/known_names.h"

namespace emf {
namespace {

/// What stands at a path of keys; null when something on the way is absent.
Json at_path(const Json& from, const std::vector<std::string>& keys) {
  const Json* place = &from;
  for (const std::string& key : keys) {
    if (!place->is_object()) return nullptr;
    const auto found = place->find(key);
    if (found == place->end()) return nullptr;
    place = &*found;
  }
  return *place;
}

std::string part_of(const std::string& metric) {
  const size_t slash = metric.find('/');
  return slash == std::string::npos ? "" : metric.substr(slash + 1);
}

}  // namespace

std::string metric_base(const std::string& metric) { return metric.substr(0, metric.find('/')); }

std::string plain_words(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

std::string steps_words(int64_t steps) { return fmt::format("{} step{}", steps, steps == 1 ? "" : "s"); }

Names::Names(const Json& result)
    : main_metric_(result.value("main_metric", known_names().at("main_metric").get<std::string>())),
      names_(result.value("names", Json::object())),
      metrics_(result.value("metrics", Json::object())) {
  for (const Json& row : result.value("rows", Json::array())) {
    const auto [seen, first] = official_rows_.try_emplace(metric_base(row.at("metric")), true);
    seen->second = seen->second && row.value("official", false);
  }
}

std::string Names::text(const char* kind, const std::string& name, const char* key) const {
  Json found = at_path(names_, {kind, name, key});
  if (found.is_null()) found = at_path(known_names(), {"names", kind, name, key});
  return found.is_null() ? "" : found.get<std::string>();
}

std::string Names::title(const char* kind, const std::string& name) const {
  for (const Json* from : {&names_, &known_names().at("names")}) {
    const Json found = at_path(*from, {kind, name, "title"});
    if (found.is_string() && found != "") return found;  // a registration without a title leaves an empty one
  }
  return name;
}

std::string Names::encoder(const std::string& key) const {
  const auto [name, pictures] = split_encoder_key(key);
  const std::string words = title("encoder", name);
  return pictures ? fmt::format("{} at {} pictures", words, format_count(*pictures)) : words;
}

std::string Names::probe_title(const Json& asked) const {
  const std::string way = asked.value("title", "");
  return probe(asked.at("probe")) + (way.empty() ? "" : ": " + way);
}

std::string Names::mode(const std::string& name) const { return plain_words(title("mode", name)); }

SeriesStyle Names::style(const std::string& objective, size_t place) const {
  // Colours that keep a contrast of 3 to 1 on white and on the dark page, and stay apart for colour-blind readers.
  static const std::vector<SeriesStyle> kPalette = {{"#b5589a", {8, 2, 2, 2}, "diamond"},
                                                    {"#8c6d31", {4, 4}, "cross"},
                                                    {"#7570b3", {1, 3}, "triangle-down"},
                                                    {"#7f7f7f", {10, 3}, "triangle-right"}};
  SeriesStyle style = kPalette[place % kPalette.size()];
  Json own = at_path(names_, {"objective", objective});
  const auto styled = [](const Json& facts) { return facts.is_object() && !facts.value("color", "").empty(); };
  if (!styled(own)) own = at_path(known_names(), {"names", "objective", objective});
  if (!styled(own)) return style;
  // A colour of its own without a dash means a solid line, not the palette's.
  return {own.at("color"), own.value("dash", std::vector<int>()), own.value("mark", "circle")};
}

Json Names::metric_fact(const std::string& metric, const char* key) const {
  const std::string base = metric_base(metric);
  Json found = at_path(metrics_, {base, key});
  if (found.is_null() || found == "") found = at_path(known_names(), {"metrics", base, key});
  return found.is_null() ? Json("") : found;
}

std::string Names::metric(const std::string& name) const {
  const std::string base = metric_base(name), part = part_of(name);
  std::string whole = metric_fact(base, "title");
  if (whole.empty()) whole = base;
  if (base == "fid") {
    const bool claimed = whole == base || whole.find("FID") != std::string::npos;
    if (whole == base) whole = "FID";
    if (official(base) && !claimed) whole += " (FID)";
    if (!official(base) && claimed) whole = "Fr\u00e9chet distance on features that are not the official ones (fid)";
  }
  if (part.empty()) return whole;
  for (const Json* from : {&metrics_, &known_names().at("metrics")}) {
    const Json words = at_path(*from, {base, "parts", part});
    if (words.is_string()) return words;
  }
  const Json behind = at_path(known_names(), {"parts", part});
  return behind.is_string() ? whole + behind.get<std::string>() : name;
}

bool Names::higher_is_better(const std::string& metric) const {
  const Json fact = metric_fact(metric, "higher_is_better");
  return !fact.is_boolean() || fact.get<bool>();
}

bool Names::official(const std::string& metric) const {
  const Json fact = metric_fact(metric, "official");
  if (fact.is_boolean()) return fact;
  const auto rows = official_rows_.find(metric_base(metric));
  return rows != official_rows_.end() && rows->second;
}

std::string Names::backbone(const std::string& metric) const {
  const std::string name = metric_fact(metric, "backbone");
  return name.empty() ? "" : title("backbone", name);
}

std::string Names::plugin(const std::string& metric) const {
  const std::string name = metric_fact(metric, "metric");
  return name.empty() ? metric_base(metric) : name;
}

std::string Names::tag(const std::string& name) const {
  std::vector<std::string> bases = {main_metric_};
  for (const Json* from : {&metrics_, &known_names().at("metrics")}) {
    for (const auto& [base, facts] : from->items()) bases.push_back(base);
  }
  for (const std::string& base : bases) {
    for (const Json* from : {&metrics_, &known_names().at("metrics")}) {
      const Json words = at_path(*from, {base, "parts", name});
      if (words.is_string()) return words;
    }
  }
  return plain_words(name);
}

}  // namespace emf
