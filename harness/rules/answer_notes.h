// SPDX-License-Identifier: Apache-2.0
// What a rule has to say of the answers it read: one line a kind of thing, however often it was met.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace emf {

/// Remarks in the order in which their kinds were first met.
class AnswerNotes {
 public:
  /// @param what   the kind of thing, as a sentence without its end ("no score, left out as the official script does").
  /// @param where  one place of it: "scores.jsonl:12", an item.
  void add(const std::string& what, const std::string& where);
  /// A remark that has no place.
  void add(const std::string& what);

  /// "what (3 times: a, b, c)", "what (a)", or what alone; of many places the first three are named.
  std::vector<std::string> lines() const;

 private:
  struct Places {
    size_t count = 0;
    std::vector<std::string> first;
  };
  std::vector<std::string> order_;
  std::map<std::string, Places> places_;
};

}  // namespace emf
