// What counts as a caption in a JSON object, in a row of a CSV, in a text file.
#pragma once

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

/// What stands under the first of the keys that the object has: a text or a list of texts, trimmed, without blank ones.
/// @throws UserError  none of the keys, or neither a text nor texts there.
std::vector<std::string> captions_of(const Json& object, const std::vector<std::string>& keys,
                                     const std::string& origin);

/// The column that holds captions: the first of the keys that the header has.   @throws UserError  none.
size_t caption_column(const CsvTable& table, const std::vector<std::string>& keys);

/// A caption in a text.
struct TextSpan {
  size_t offset = 0, length = 0;
};

/// Every line of a text that is not blank, trimmed; or the whole text as one. Nothing where the text is not UTF-8.
std::optional<std::vector<TextSpan>> captions_in_text(std::string_view text, bool lines);

/// "a/b.jpg" -> "a/b.txt".
std::string caption_file_beside(const std::string& picture_path);

}  // namespace emf::captioned
