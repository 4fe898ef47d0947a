// SPDX-License-Identifier: Apache-2.0
// Bytes of a shared object's section, read without loading it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace emf {

/// @param file  the bytes of a 64-bit ELF file of this machine's byte order.
/// @return  the section's bytes; nothing when the file is something else, is damaged or has no such section.
std::optional<std::string> elf_section(std::string_view file, std::string_view name);

/// Why a loader may not be given the file: "" where its headers hold together and everything that they say is loaded
/// lies inside it. What the bytes mean is not looked at.
/// @param file  the bytes of a shared object.
std::string elf_damage(std::string_view file);

}  // namespace emf
