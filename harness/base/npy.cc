// SPDX-License-Identifier: Apache-2.0
#include "harness/base/npy.h"

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>
#include <limits>
#include <map>
#include <optional>

#include "harness/base/error.h"

namespace emf {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Header {
  std::string kind;  // dtype without byte order: "f4"
  bool swapped = false, fortran = false;
  std::vector<int64_t> shape;
  uint64_t elements = 1;
};

using Reader = void (*)(const char* bytes, size_t count, double* values);

template <typename Number>
void read_numbers(const char* bytes, size_t count, double* values) {
  for (size_t i = 0; i < count; ++i) {
    // A header can be of any length and a zip entry can begin at any byte, so a number may stand at an address
    // that a plain load must not touch.
    Number number;
    std::memcpy(&number, bytes + i * sizeof number, sizeof number);
    values[i] = static_cast<double>(number);
  }
}

Reader reader_of(const std::string& kind) {
  // What is absent here (complex numbers, text, long double) is refused by name: no features are made of it.
  // numpy stores a boolean as a byte.
  static const std::map<std::string, Reader> readers = {
      {"b1", read_numbers<uint8_t>},     {"u1", read_numbers<uint8_t>},  {"u2", read_numbers<uint16_t>},
      {"u4", read_numbers<uint32_t>},    {"u8", read_numbers<uint64_t>}, {"i1", read_numbers<int8_t>},
      {"i2", read_numbers<int16_t>},     {"i4", read_numbers<int32_t>},  {"i8", read_numbers<int64_t>},
      {"f2", read_numbers<Eigen::half>}, {"f4", read_numbers<float>},    {"f8", read_numbers<double>}};
  const auto found = readers.find(kind);
  return found == readers.end() ? nullptr : found->second;
}

/// What stands behind 'KEY': in the text of a Python dict; nothing where there is no such key.
std::optional<std::string_view> behind_key(std::string_view text, const std::string& key) {
  const std::string quoted = "'" + key + "'";
  size_t at = text.find(quoted);
  if (at == std::string_view::npos) return std::nullopt;
  const auto skip_blanks = [&] { at = std::min(text.find_first_not_of(" \t\n\r", at), text.size()); };
  at += quoted.size();
  skip_blanks();
  if (at == text.size() || text[at] != ':') return std::nullopt;
  ++at;
  skip_blanks();
  return text.substr(at);
}

/// One of '<f4', '>i8', '|u1': order and kind.
std::optional<std::pair<char, std::string>> dtype_in(std::string_view text) {
  const size_t end = text.empty() ? std::string_view::npos : text.find('\'', 1);
  if (end == std::string_view::npos || text[0] != '\'' || end < 3 ||
      std::string_view("<>|=").find(text[1]) == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view kind = text.substr(2, end - 2);
  const bool sound = std::isalpha(static_cast<unsigned char>(kind[0])) != 0 &&
                     kind.find_first_not_of("0123456789", 1) == std::string_view::npos;
  return sound ? std::optional(std::pair(text[1], std::string(kind))) : std::nullopt;
}

/// The header is the text of a Python dict: {'descr': '<f4', 'fortran_order': False, 'shape': (64, 16), }.
/// Looked through from front to back, key by key: an expression of std::regex goes a call deeper at every letter.
Header parse_header(const std::string& text, const std::string& where) {
  Header header;
  const auto descr = behind_key(text, "descr");
  const auto dtype = descr ? dtype_in(*descr) : std::nullopt;
  if (!dtype) fail_input("{}: an array of structures, not of numbers", where);
  const auto& [byte_order, kind] = *dtype;
  header.kind = kind;
  // "|" is a type of one byte, which has no order, and "=" is the order of the machine that reads.
  header.swapped =
      (byte_order == '>') != (std::endian::native == std::endian::big) && byte_order != '|' && byte_order != '=';
  if (reader_of(header.kind) == nullptr) {
    fail_input("{}: dtype '{}' is not supported; save it as float32 or float64", where, header.kind);
  }
  const auto order = behind_key(text, "fortran_order");
  header.fortran = order && order->starts_with("True");
  if (!order || (!header.fortran && !order->starts_with("False"))) {
    fail_input("{}: the .npy header lacks fortran_order", where);
  }
  const auto shape = behind_key(text, "shape");
  const size_t end = shape && shape->starts_with("(") ? shape->find(')') : std::string_view::npos;
  const std::string_view sides = end == std::string_view::npos ? "" : shape->substr(1, end - 1);
  if (end == std::string_view::npos || sides.find_first_not_of("0123456789, ") != std::string_view::npos) {
    fail_input("{}: the .npy header lacks a shape", where);
  }
  for (size_t at = sides.find_first_of("0123456789"); at != std::string_view::npos;) {
    const std::string_view side = sides.substr(at, sides.find_first_not_of("0123456789", at) - at);
    // Held against the limit before it is multiplied: a short header must not make a product wrap around. The
    // sixteenth leaves room for the eight bytes of each number.
    constexpr uint64_t kMost = std::numeric_limits<int64_t>::max() / 16;
    constexpr size_t kMostSides = 64;  // numpy's own limit
    const bool fits = side.size() < 18;
    const uint64_t size = fits ? std::stoull(std::string(side)) : 0;
    if (!fits || header.shape.size() == kMostSides || (size != 0 && header.elements > kMost / size)) {
      fail_input("{}: shape ({}) is too large", where, sides.substr(0, 100));
    }
    header.elements *= size;
    header.shape.push_back(static_cast<int64_t>(size));
    at = sides.find_first_of("0123456789", at + side.size());
  }
  return header;
}

/// Column-major values brought into row-major order.
std::vector<double> row_major(const std::vector<double>& values, const std::vector<int64_t>& shape) {
  std::vector<double> ordered(values.size());
  // An index that counts up in row-major order; at each value, its place in column-major order is computed.
  std::vector<int64_t> index(shape.size(), 0);
  for (double& value : ordered) {
    int64_t place = 0;
    for (size_t axis = shape.size(); axis-- > 0;) place = place * shape[axis] + index[axis];
    value = values[static_cast<size_t>(place)];
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return ordered;
}

/// Where the numbers of an array lie.
struct Layout {
  Header header;
  size_t width = 0;          // bytes a number
  size_t begin = 0;          // of the numbers
  std::string_view payload;  // elements * width bytes, or what is at hand of them
};

/// @param bytes  the array, or so much of it that the header is whole.  @param size  of all of it.
Layout layout_of(std::string_view bytes, uint64_t size, const std::string& where) {
  // Twelve bytes hold the magic, the version and the longer of the two forms of the header's length.
  if (!bytes.starts_with(kMagic) || bytes.size() < 12) fail_input("{}: not a .npy file, or truncated", where);
  const auto byte = [&](size_t place) { return static_cast<uint64_t>(static_cast<unsigned char>(bytes[place])); };
  const bool wide = byte(6) >= 2;  // format 2 widened the header's length from two bytes to four
  const size_t begin = wide ? 12 : 10;
  uint64_t length = byte(8) + (byte(9) << 8);
  if (wide) length += (byte(10) << 16) + (byte(11) << 24);
  if (length > bytes.size() - begin || length > kMostNpyHeader - 12) fail_input("{}: truncated in its header", where);
  Layout layout;
  layout.header = parse_header(std::string(bytes.substr(begin, length)), where);
  // Every kind that has a reader is one letter and one digit.
  layout.width = static_cast<size_t>(layout.header.kind[1] - '0');
  layout.begin = begin + length;
  layout.payload = bytes.substr(layout.begin);
  const uint64_t behind = size - layout.begin;
  // Divided rather than multiplied, so that no product can wrap around.
  if (behind / layout.width < layout.header.elements) {
    fail_input("{}: truncated, {} bytes for {} numbers of {} bytes", where, behind, layout.header.elements,
               layout.width);
  }
  if (behind != layout.header.elements * layout.width) {
    fail_input("{}: {} bytes for {} numbers of {} bytes; a damaged header, or several arrays in one file", where,
               behind, layout.header.elements, layout.width);
  }
  return layout;
}

Layout layout_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  return layout_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, bytes.size(), file.path().string());
}

void convert(const Layout& layout, size_t begin, size_t count, double* values) {
  const Reader reader = reader_of(layout.header.kind);
  const char* bytes = layout.payload.data() + begin * layout.width;
  if (!layout.header.swapped) return reader(bytes, count, values);
  // Turned around one by one: files of the other byte order are rare, and all others keep the plain loop.
  char number[8];
  for (size_t i = 0; i < count; ++i) {
    std::reverse_copy(bytes + i * layout.width, bytes + (i + 1) * layout.width, number);
    reader(number, 1, values + i);
  }
}

}  // namespace

NpyArray parse_npy(std::string_view bytes, const std::string& where) {
  const Layout layout = layout_of(bytes, bytes.size(), where);
  NpyArray array;
  array.shape = layout.header.shape;
  array.values.resize(layout.header.elements);
  convert(layout, 0, layout.header.elements, array.values.data());
  if (layout.header.fortran && array.shape.size() > 1) array.values = row_major(array.values, array.shape);
  return array;
}

NpyRows::NpyRows(const std::filesystem::path& path) : file_(path) {
  const Layout layout = layout_of(file_);
  const std::vector<int64_t>& shape = layout.header.shape;
  if (shape.size() != 2)
    fail_input("{}: features must be [rows, columns], but have {} axes", path.string(), shape.size());
  rows_ = shape[0];
  columns_ = shape[1];
}

void NpyRows::read(int64_t begin, int64_t count, std::vector<double>& values) const {
  ensure(begin >= 0 && count >= 0 && begin + count <= rows_, "rows {}..{} of {} were asked for", begin, begin + count,
         rows_);
  const Layout layout = layout_of(file_);
  // The header was parsed once more for this, which is little beside a block of rows and keeps no second copy
  // of where things lie.
  values.resize(static_cast<size_t>(count * columns_));
  if (!layout.header.fortran) {
    convert(layout, static_cast<size_t>(begin * columns_), values.size(), values.data());
    return;
  }
  // Column by column, as they lie: the rows of a block are neighbours within each.
  std::vector<double> column(static_cast<size_t>(count));
  for (int64_t c = 0; c < columns_; ++c) {
    convert(layout, static_cast<size_t>(c * rows_ + begin), column.size(), column.data());
    for (int64_t r = 0; r < count; ++r) values[static_cast<size_t>(r * columns_ + c)] = column[static_cast<size_t>(r)];
  }
}

NpyShape parse_npy_shape(std::string_view bytes, uint64_t size, const std::string& where) {
  const Layout layout = layout_of(bytes, size, where);
  return {layout.header.kind, layout.header.shape, layout.header.fortran, layout.begin};
}

NpyShape read_npy_shape(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  return parse_npy_shape({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, bytes.size(), path.string());
}

NpyArray read_npy(const std::filesystem::path& path) { return parse_npy(read_file(path), path.string()); }

std::string npy_bytes(const NpyArray& array) {
  static_assert(std::endian::native == std::endian::little, "the header below says little-endian");
  std::string shape;
  for (const int64_t side : array.shape) shape += fmt::format("{}, ", side);
  std::string header = fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", shape);
  // The format asks for data at a multiple of 64 and a final newline.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string bytes(kMagic);
  // Version 1.0 of the format, which allows headers below 64 KiB and which every reader knows.
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(array.values.data()), array.values.size() * sizeof(double));
  return bytes;
}

}  // namespace emf
