// SPDX-License-Identifier: Apache-2.0
// Source: the ELF-64 object file format (System V ABI, chapter 4): file header, section headers, names of sections.
#include "harness/plugin/elf_section.h"

#include <elf.h>

#include <bit>
#include <cstring>

namespace emf {
namespace {

#if defined(__x86_64__)
constexpr int kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr int kMachine = EM_AARCH64;
#else
#error "say here what this machine is called in ELF files"
#endif

/// A plain record at an offset; nothing when it does not lie inside the file.
template <typename Record>
std::optional<Record> record_at(std::string_view file, uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(Record)) return std::nullopt;
  Record record;
  std::memcpy(&record, file.data() + offset, sizeof(Record));
  return record;
}

std::optional<std::string_view> bytes_at(std::string_view file, uint64_t offset, uint64_t size) {
  if (offset > file.size() || file.size() - offset < size) return std::nullopt;
  return file.substr(offset, size);
}

}  // namespace

std::optional<std::string> elf_section(std::string_view file, std::string_view name) {
  const auto header = record_at<Elf64_Ehdr>(file, 0);
  constexpr int kOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != kOrder) {
    return std::nullopt;
  }
  const auto section_at = [&](uint64_t index) {
    return record_at<Elf64_Shdr>(file, header->e_shoff + index * sizeof(Elf64_Shdr));
  };
  if (header->e_shoff == 0 || header->e_shoff > file.size()) return std::nullopt;
  const auto names_section = section_at(header->e_shstrndx);
  if (!names_section) return std::nullopt;
  const auto names = bytes_at(file, names_section->sh_offset, names_section->sh_size);
  if (!names) return std::nullopt;
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    const auto section = section_at(i);
    if (!section) return std::nullopt;
    if (section->sh_type != SHT_PROGBITS || section->sh_name >= names->size()) continue;
    const std::string_view rest = names->substr(section->sh_name);
    if (rest.substr(0, rest.find('\0')) != name) continue;
    const auto bytes = bytes_at(file, section->sh_offset, section->sh_size);
    return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
  }
  return std::nullopt;
}

std::string elf_damage(std::string_view file) {
  const auto header = record_at<Elf64_Ehdr>(file, 0);
  constexpr int kOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return "no ELF file";
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != kOrder || header->e_type != ET_DYN ||
      header->e_machine != kMachine) {
    return "not a 64-bit shared object of this machine";
  }
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0) return "no program headers";
  bool dynamic = false;
  for (uint64_t i = 0; i < header->e_phnum; ++i) {
    const auto segment = record_at<Elf64_Phdr>(file, header->e_phoff + i * sizeof(Elf64_Phdr));
    if (header->e_phoff > file.size() || !segment) return "its program headers lie outside the file";
    constexpr uint64_t kMostMemory = uint64_t{1} << 40;
    if (segment->p_type == PT_NULL) continue;
    if (!bytes_at(file, segment->p_offset, segment->p_filesz)) return "a segment lies outside the file";
    if (segment->p_type == PT_LOAD &&
        (segment->p_filesz > segment->p_memsz || segment->p_memsz > kMostMemory || segment->p_vaddr > kMostMemory ||
         (segment->p_align > 1 && !std::has_single_bit(segment->p_align)))) {
      return "a segment of impossible size";
    }
    dynamic = dynamic || segment->p_type == PT_DYNAMIC;
  }
  if (!dynamic) return "nothing in it is to be linked";
  for (uint64_t i = 0; i < header->e_shnum; ++i) {
    const auto section = record_at<Elf64_Shdr>(file, header->e_shoff + i * sizeof(Elf64_Shdr));
    if (header->e_shoff > file.size() || !section) return "its section headers lie outside the file";
    if (section->sh_type != SHT_NOBITS && section->sh_type != SHT_NULL &&
        !bytes_at(file, section->sh_offset, section->sh_size)) {
      return "a section lies outside the file";
    }
  }
  return "";
}

}  // namespace emf
