// SPDX-License-Identifier: Apache-2.0
// JSON as the whole program uses it: one alias, and the canonical text that hashes are taken of.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

// Compiled once, in json.cc: every file that uses JSON would do it again.
extern template class nlohmann::basic_json<>;

namespace emf {

/// Objects keep their keys sorted, so equal values have equal text.
using Json = nlohmann::json;

/// Canonical text of a value: sorted keys, no spaces, shortest round-trip numbers. Hashes are taken of it.
///
/// @throws InternalError  a NaN or infinity inside (nlohmann would write null and hide it).
std::string canonical_json(const Json& value);

/// Text for people: two-space indent, one trailing newline. Same refusal of NaN.
std::string pretty_json(const Json& value);

/// The text under a key, or the fallback where the value is no object, or holds no text there: of documents that nobody
/// has checked yet.
std::string text_under(const Json& value, const std::string& key, const std::string& fallback = "");

/// The whole number under a key, or 0: as text_under.
int64_t whole_number_under(const Json& value, const std::string& key);

/// A whole number that fits; nothing for other values, those beyond 2^63 - 1 among them, which get<int64_t>() would
/// take for negative ones.
std::optional<int64_t> whole_number(const Json& value);

/// Parses a JSON text.
///
/// @param origin  what to call it in the error: a path, or "line 3 of x.jsonl".
/// @throws UserError  malformed (names origin and byte offset).
Json parse_json(const std::string& text, const std::string& origin);

}  // namespace emf
