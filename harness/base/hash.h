// SPDX-License-Identifier: Apache-2.0
// SHA-256 (OpenSSL) of bytes, files and JSON values.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/base/json.h"

namespace emf {

/// Lower-case hex SHA-256 (64 characters) of the bytes.
std::string sha256_hex(std::string_view bytes);

/// SHA-256 of a file's bytes, read in 1 MiB pieces.
/// @throws UserError  file absent (kMissing) or unreadable.
std::string sha256_file(const std::filesystem::path& path);

/// First 16 hex digits (64 bits) of the SHA-256 of the canonical text: names run folders and cache entries.
std::string spec_hash(const Json& value);

}  // namespace emf
