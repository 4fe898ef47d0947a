// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/template_audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <unordered_set>

#include "harness/captions/grammar.h"
#include "harness/captions/sentences.h"

namespace emf {
namespace {

constexpr size_t kRun = 4;  // words
/// GenEval has it as an object and as a colour; the words around it decide.
constexpr const char* kOrange = "<orange>";

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (!word.empty()) words.push_back(word);
    word.clear();
  }
  if (!words.empty() && words.back().size() > 1 && words.back().back() == '.') words.back().pop_back();
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// What may stand in an open place, as words, and what marks the place.
const std::map<std::vector<std::string>, std::string>& fillings() {
  static const std::map<std::vector<std::string>, std::string> all = [] {
    std::map<std::vector<std::string>, std::string> known;
    for (int id = 0; id < static_cast<int>(geneval_classes().size()); ++id) {
      for (const NameStyle style : {NameStyle::kOfficial, NameStyle::kSynonym}) {
        known[words_of(noun(id, style))] = known[words_of(plural(id, style))] = "<object>";
      }
      for (const WordSplit split : kWordSplits) {
        for (const std::string& name : class_words(id, split)) {
          known[words_of(name)] = known[words_of(plural_of(name))] = "<object>";
        }
      }
    }
    for (int id = 0; id < static_cast<int>(geneval_colors().size()); ++id) {
      for (const WordSplit split : kWordSplits) {
        for (const std::string& color : color_words(id, split))
          known[{color}] = known[{color + "-colored"}] = "<colour>";
      }
    }
    known[{"orange"}] = kOrange;
    for (const std::string& number : number_words()) known[{number}] = "<number>";
    for (int count = 2; count <= 10; ++count) {
      for (const WordSplit split : kWordSplits) {
        for (const std::string& words : count_words(count, split)) known[words_of(words)] = "<number>";
      }
    }
    for (const std::string& relation : geneval_relations()) known[words_of(relation)] = "<place>";
    return known;
  }();
  return all;
}

void add_runs(const std::vector<std::string>& words, std::unordered_set<std::string>& runs) {
  for (size_t i = 0; i + kRun <= words.size(); ++i) {
    runs.insert(joined(
        {words.begin() + static_cast<std::ptrdiff_t>(i), words.begin() + static_cast<std::ptrdiff_t>(i + kRun)}));
  }
}

/// An orange stands behind an article, a number or a colour, and before no object of which it would be the colour.
bool is_fruit(const std::vector<std::string>& open, size_t at) {
  const std::string before = at > 0 ? open[at - 1] : "", after = at + 1 < open.size() ? open[at + 1] : "";
  const bool is_noun =
      before == "a" || before == "the" || before == "<number>" || before == "<colour>" || before == kOrange;
  return is_noun && after.rfind("<object>", 0) != 0 && after.rfind(kOrange, 0) != 0;
}

std::string template_of_words(const std::vector<std::string>& words) {
  constexpr size_t kLongest = 4;  // words of a filling
  std::vector<std::string> open;
  for (size_t i = 0; i < words.size();) {
    size_t taken = 0;
    for (size_t length = std::min(kLongest, words.size() - i); length > 0 && taken == 0; --length) {
      const auto first = words.begin() + static_cast<std::ptrdiff_t>(i);
      std::vector<std::string> run(first, first + static_cast<std::ptrdiff_t>(length));
      // A comma behind a filling is the template's.
      std::string comma;
      if (run.back().size() > 1 && run.back().back() == ',') {
        run.back().pop_back();
        comma = ",";
      }
      const auto found = fillings().find(run);
      if (found == fillings().end()) continue;
      open.push_back(found->second + comma);
      taken = length;
    }
    if (taken == 0) open.push_back(words[i] == "an" ? "a" : words[i]);  // the article follows what is filled in
    i += std::max<size_t>(1, taken);
  }
  for (size_t i = 0; i < open.size(); ++i) {
    if (open[i].rfind(kOrange, 0) != 0) continue;
    open[i] =
        fmt::format("{}{}", is_fruit(open, i) ? "<object>" : "<colour>", open[i].substr(std::string(kOrange).size()));
  }
  return joined(open);
}

}  // namespace

std::string template_of(const std::string& caption) { return template_of_words(words_of(caption)); }

TemplateAudit audit_templates(const std::vector<std::string>& training, const std::vector<std::string>& judged) {
  std::unordered_set<std::string> captions, templates, runs;
  for (const std::string& caption : training) {
    const std::vector<std::string> words = words_of(caption);
    if (!captions.insert(joined(words)).second) continue;
    templates.insert(template_of_words(words));
    add_runs(words, runs);
  }
  TemplateAudit audit;
  audit.training_captions = static_cast<int64_t>(captions.size());
  audit.training_templates = static_cast<int64_t>(templates.size());
  std::set<std::string> seen;
  int64_t with_runs = 0;
  for (const std::string& prompt : judged) {
    const std::vector<std::string> words = words_of(prompt);
    if (!seen.insert(joined(words)).second) continue;
    audit.exact += captions.count(joined(words)) > 0;
    audit.in_template += templates.count(template_of_words(words)) > 0;
    std::unordered_set<std::string> own;
    add_runs(words, own);
    if (own.empty()) continue;
    ++with_runs;
    const auto known =
        std::count_if(own.begin(), own.end(), [&](const std::string& run) { return runs.count(run) > 0; });
    audit.four_grams += static_cast<double>(known) / static_cast<double>(own.size());
  }
  audit.prompts = static_cast<int64_t>(seen.size());
  if (!seen.empty()) {
    audit.exact /= static_cast<double>(seen.size());
    audit.in_template /= static_cast<double>(seen.size());
  }
  if (with_runs > 0) audit.four_grams /= static_cast<double>(with_runs);
  return audit;
}

Json TemplateAudit::to_json() const {
  return {{"training_captions", training_captions},
          {"training_templates", training_templates},
          {"prompts", prompts},
          {"exact", exact},
          {"template", in_template},
          {"four_grams", four_grams}};
}

}  // namespace emf
