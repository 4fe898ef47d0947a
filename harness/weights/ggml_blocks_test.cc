// SPDX-License-Identifier: Apache-2.0
// Every block format against gguf-python, bit for bit, on random blocks.
#include "harness/weights/ggml_blocks.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>
#include <vector>

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

std::vector<std::byte> bytes_of_hex(const std::string& hex) {
  std::vector<std::byte> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST(GgmlBlocks, EveryFormatIsBitEqualToGgufPython) {
  const Json oracle = read_json(project_root() / "tests/oracle/encoders/ggml_blocks.json");
  std::set<std::string> formats;
  for (const Json& row : oracle.at("rows")) {
    const std::string name = row.at("format");
    const GgmlFormat* format = ggml_format(row.at("type"));
    ASSERT_NE(format, nullptr) << name;
    EXPECT_EQ(format->name, name);
    EXPECT_EQ(format->block_size, row.at("block_size"));
    EXPECT_EQ(format->block_bytes, row.at("block_bytes"));
    // One byte further than any alignment: blocks stand anywhere.
    std::vector<std::byte> stored = bytes_of_hex(row.at("blocks"));
    stored.insert(stored.begin(), std::byte{0});
    const auto blocks = static_cast<int64_t>(stored.size() - 1) / format->block_bytes;
    const std::string& expected = row.at("float32_bits").get_ref<const std::string&>();
    std::vector<float> values(static_cast<size_t>(blocks * format->block_size));
    ASSERT_EQ(expected.size(), values.size() * 8) << name;
    format->dequantise(stored.data() + 1, blocks, values.data());
    for (size_t i = 0; i < values.size(); ++i) {
      const auto bits = static_cast<uint32_t>(std::stoul(expected.substr(i * 8, 8), nullptr, 16));
      ASSERT_EQ(std::bit_cast<uint32_t>(values[i]), bits) << name << " value " << i;
    }
    formats.insert(name);
  }
  EXPECT_EQ(formats, (std::set<std::string>{"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K",
                                            "Q5_K", "Q6_K"}));
}

TEST(GgmlBlocks, UnknownTypesAreNotRead) {
  for (const uint32_t type : {4u, 5u, 31u, 1000u}) EXPECT_EQ(ggml_format(type), nullptr) << type;
  // Known by size, so that a file with such tensors beside the text encoder's can be opened.
  for (const uint32_t type : {9u, 10u, 20u, 39u}) EXPECT_EQ(ggml_format(type)->dequantise, nullptr) << type;
}

}  // namespace
}  // namespace emf
