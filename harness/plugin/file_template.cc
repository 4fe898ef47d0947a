// SPDX-License-Identifier: Apache-2.0
#include "harness/plugin/file_template.h"

#include <cctype>
#include <regex>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// "my_words" -> "MyWords".
std::string pascal_case(const std::string& name) {
  std::string word;
  bool start = true;
  for (const char letter : name) {
    if (letter != '_') word += static_cast<char>(start ? std::toupper(letter) : letter);
    start = letter == '_';
  }
  return word;
}

/// "MyWords-2" -> "my_words_2"; "" when nothing of the text can stand in a name.
std::string snake_case(const std::string& text) {
  std::string name;
  bool boundary = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto letter = static_cast<unsigned char>(text[i]);
    if (letter >= 128 || !std::isalnum(letter)) {
      boundary = true;
      continue;
    }
    const bool hump = std::isupper(letter) && i > 0 && std::islower(static_cast<unsigned char>(text[i - 1]));
    if ((boundary || hump) && !name.empty()) name += '_';
    boundary = false;
    if (!name.empty() || std::isalpha(letter)) name += static_cast<char>(std::tolower(letter));
  }
  return name;
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace

const std::vector<TemplateKind>& template_kinds() {
  static const std::vector<TemplateKind> kinds = {
      {"encoder", "encoders", ".cc"},
      {"dataset", "data", ".cc"},
      {"objective", "harness/objectives", ".cc"},
      {"probe", "probes", ".cc"},
      {"metric", "probes/metrics", ".cc"},
      {"codec", "harness/codecs", ".cc"},
      {"judge", "harness/judges", ".cc"},
      {"backbone", "harness/backbones", ".cc"},
      {"section", "reports/sections", ".cc"},
      {"suite", "experiments", ".toml"},
  };
  return kinds;
}

std::string fill_template(const TemplateKind& kind, const std::string& name) {
  const std::string text =
      read_file(project_root() / "harness" / "plugin" / "templates" / (kind.kind + kind.extension + ".in"));
  return replace_all(replace_all(text, "@name@", name), "@Name@", pascal_case(name));
}

void require_plugin_name(const std::string& name) {
  static const std::regex snake("[a-z][a-z0-9]*(_[a-z0-9]+)*");
  static const std::regex taken(".*_(test|benchmark)|main");  // the build gives these files another meaning
  if (std::regex_match(name, taken))
    fail_input("'{}' cannot name a plugin: the build keeps files of that name for tests, benchmarks and main()", name);
  if (std::regex_match(name, snake)) return;
  const std::string near = snake_case(name);
  fail_input("'{}' is no plugin name: lower-case letters, digits and single underscores, a letter first{}", name,
             near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

}  // namespace emf
