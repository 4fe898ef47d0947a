// SPDX-License-Identifier: Apache-2.0
#include "data/captioned/caption_text.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf::captioned {

std::vector<std::string> usual_caption_keys() { return {"text", "caption", "captions", "prompt"}; }

std::string_view trimmed_view(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return text.substr(0, 0);
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::string trimmed(std::string_view text) { return std::string(trimmed_view(text)); }

std::vector<TextSpan> captions_in_object(std::string_view text, const Json& object,
                                         const std::vector<std::string>& keys, const std::string& origin) {
  if (!object.is_object()) fail_input("{}: an object with a caption was expected, not {}", origin, object.type_name());
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const std::string& one) { return object.contains(one); });
  if (key == keys.end()) {
    fail_input("{}: no caption under {}; name the key with caption_key", origin, fmt::join(keys, ", "));
  }
  const Json& value = object.at(*key);
  const auto is_text = [](const Json& one) { return one.is_string(); };
  if (!value.is_null() && !value.is_string() &&
      !(value.is_array() && std::all_of(value.begin(), value.end(), is_text))) {
    fail_input("{}: '{}' must be a text or a list of texts, not {}", origin, *key, value.type_name());
  }
  // Parsed once more with an eye on the place: a caption is then read later without all that stands around it.
  std::vector<TextSpan> captions;
  const char* reached = text.data();
  size_t from = 0;
  bool here = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const auto at = static_cast<size_t>(reached - text.data());
    if (depth == 1 && event == Json::parse_event_t::key) {
      here = parsed == *key;
      if (here) captions.clear();  // the last of equal keys counts, as in `object`
    } else if (here && event == Json::parse_event_t::value && parsed.is_string() &&
               !trimmed_view(parsed.get_ref<const std::string&>()).empty()) {
      const size_t quote = text.find('"', from);
      captions.push_back({quote, at - quote});
    }
    from = at;
    return true;
  };
  const Json again =
      Json::parse(WatchedLetter(text.data(), &reached), WatchedLetter(text.data() + text.size(), &reached), watch);
  ensure(again == object, "{}: one text, two meanings", origin);
  return captions;
}

size_t caption_column(const CsvTable& table, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (const auto column = table.column(key)) return *column;
  }
  fail_input("{}: no column called {}; name the column with caption_key", table.origin, fmt::join(keys, ", "));
}

std::optional<std::vector<TextSpan>> captions_in_text(std::string_view text, bool lines) {
  if (invalid_utf8_at(text) != std::string_view::npos) return std::nullopt;
  std::vector<TextSpan> captions;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  for (size_t begin = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0; begin < text.size();) {
    const size_t end = lines ? std::min(text.find('\n', begin), text.size()) : text.size();
    const std::string_view caption = trimmed_view(text.substr(begin, end - begin));
    if (!caption.empty()) captions.push_back({static_cast<size_t>(caption.data() - text.data()), caption.size()});
    begin = end + 1;
  }
  return captions;
}

std::string caption_file_beside(const std::string& picture_path) {
  return picture_path.substr(0, picture_path.rfind('.')) + ".txt";
}

}  // namespace emf::captioned
