// SPDX-License-Identifier: Apache-2.0
// What counts as a caption in a JSON object, in a row of a CSV, in a text file.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/csv.h"
#include "harness/base/json.h"

namespace emf::captioned {

/// The keys that are tried in this order where the user names none.
std::vector<std::string> usual_caption_keys();

/// Without white space at either end.
std::string_view trimmed_view(std::string_view text);
std::string trimmed(std::string_view text);

/// A caption in a text.
struct TextSpan {
  size_t offset = 0, length = 0;
};

/// An iterator that tells how far it came: nlohmann's parser takes one letter at a time and never one ahead of what it
/// reports, but for numbers.
class WatchedLetter {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  WatchedLetter(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  WatchedLetter& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  WatchedLetter operator++(int) {
    const WatchedLetter before = *this;
    ++*this;
    return before;
  }
  bool operator==(const WatchedLetter& other) const { return at_ == other.at_; }
  bool operator!=(const WatchedLetter& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

/// Where the strings stand, with their quotes, under the first of the keys that the object has: a text or a list of
/// texts, without blank ones.
/// @param text  the object's own; `object` is what it parses to.
/// @throws UserError  none of the keys, or neither a text nor texts there.
std::vector<TextSpan> captions_in_object(std::string_view text, const Json& object,
                                         const std::vector<std::string>& keys, const std::string& origin);

/// The column that holds captions: the first of the keys that the header has.   @throws UserError  none.
size_t caption_column(const CsvTable& table, const std::vector<std::string>& keys);

/// Every line of a text that is not blank, trimmed; or the whole text as one. Nothing where the text is not UTF-8.
std::optional<std::vector<TextSpan>> captions_in_text(std::string_view text, bool lines);

/// "a/b.jpg" -> "a/b.txt".
std::string caption_file_beside(const std::string& picture_path);

}  // namespace emf::captioned
