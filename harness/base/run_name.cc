// SPDX-License-Identifier: Apache-2.0
#include "harness/base/run_name.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"

namespace emf {
namespace {

/// A report's folder is called after its run: a name with a slash would lie outside the store.
bool is_plain(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || std::string("_-.=,+:[]").find(static_cast<char>(letter)) != std::string::npos;
  });
}

}  // namespace

std::string run_name(const std::string& suite, const std::vector<std::string>& overrides) {
  constexpr size_t kLongest = 100;
  std::map<std::string, std::string> by_key;
  for (const std::string& word : overrides) by_key[word.substr(0, word.find('='))] = word;
  if (by_key.empty() || by_key.count("suite.name") > 0) return suite;
  std::string words;
  for (const auto& [key, word] : by_key) words += (words.empty() ? "" : ",") + word;
  // Quotes are the shell's or TOML's, and say nothing that the letters between them do not.
  std::erase(words, '"');
  std::erase(words, '\'');
  if (!is_plain(words) || words.size() > kLongest) words = sha256_hex(words).substr(0, 8);
  return suite + "[" + words + "]";
}

void require_suite_name(const std::string& name, const std::string& place) {
  // The report's folder is called after it: a name with a slash would lie outside the store.
  if (!is_plain_name(name)) {
    fail_input("{}: suite name '{}' may hold letters, digits, '_' and '-' alone, a hundred at most", place, name);
  }
}

bool is_run_name(const std::string& name) {
  const bool moves = name.find("..") != std::string::npos || name.starts_with(".");
  return !name.empty() && !moves && is_plain(name);
}

void require_run_name(const std::string& name) {
  if (!is_run_name(name)) fail_input("--as '{}': a run's name may hold letters, digits and \"_-.=,+:[]\" alone", name);
}

}  // namespace emf
