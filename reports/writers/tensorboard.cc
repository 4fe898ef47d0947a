// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/tensorboard.h"

#include <array>
#include <bit>

namespace emf {
namespace {

template <typename Number>
std::string little_endian(Number number) {
  static_assert(std::endian::native == std::endian::little);
  const auto bytes = std::bit_cast<std::array<char, sizeof(Number)>>(number);
  return {bytes.data(), bytes.size()};
}

std::string varint(uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  return bytes + static_cast<char>(number);
}

// The types of fields on the wire.
constexpr int kVarint = 0, kEightBytes = 1, kBytes = 2, kFourBytes = 5;

std::string key(int field, int type) { return varint(static_cast<uint64_t>(field << 3 | type)); }
std::string bytes_field(int field, std::string_view bytes) {
  return key(field, kBytes) + varint(bytes.size()) + std::string(bytes);
}

std::string frame(const std::string& message) {
  const std::string length = little_endian(static_cast<uint64_t>(message.size()));
  return length + little_endian(masked_crc32c(length)) + message + little_endian(masked_crc32c(message));
}

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t rest = i;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = rest;
  }
  return table;
}

}  // namespace

uint32_t masked_crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = crc_table();
  uint32_t crc = 0xFFFFFFFFu;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return std::rotr(~crc, 15) + 0xA282EAD8u;
}

std::string tensorboard_file(const std::vector<ScalarEvent>& events, double seconds) {
  // message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
  // message Summary { message Value { string tag = 1; float simple_value = 2; } repeated Value value = 1; }
  const std::string time = key(1, kEightBytes) + little_endian(seconds);
  std::string file = frame(time + bytes_field(3, "brain.Event:2"));
  for (const ScalarEvent& event : events) {
    const std::string value =
        bytes_field(1, event.tag) + key(2, kFourBytes) + little_endian(static_cast<float>(event.value));
    file += frame(time + key(2, kVarint) + varint(static_cast<uint64_t>(event.step)) +
                  bytes_field(5, bytes_field(1, value)));
  }
  return file;
}

}  // namespace emf
