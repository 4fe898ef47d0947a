// SPDX-License-Identifier: Apache-2.0
// Vocabulary files that are lists of lines, plain or gzipped.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// @throws UserError  absent (kMissing); damaged, not UTF-8, or beyond 256 MiB when unpacked.
std::string read_text_or_gzip(const std::filesystem::path& path);

/// Views into the text, without line ends (LF or CRLF); no empty line after the last.
std::vector<std::string_view> text_lines(std::string_view text);

}  // namespace emf
