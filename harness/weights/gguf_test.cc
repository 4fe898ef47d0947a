// SPDX-License-Identifier: Apache-2.0
// GGUF reading: good files, hostile files, and dequantised values against gguf-python.
#include "harness/weights/gguf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// Bytes of a GGUF file, field by field.
class Bytes {
 public:
  template <typename T>
  Bytes& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Bytes& text(std::string_view value) {
    number<uint64_t>(value.size());
    bytes_.append(value);
    return *this;
  }
  Bytes& raw(std::string_view value) {
    bytes_.append(value);
    return *this;
  }
  Bytes& align() {
    bytes_.resize((bytes_.size() + 31) / 32 * 32);
    return *this;
  }
  Bytes& header(uint64_t tensors, uint64_t values) {
    return raw("GGUF").number<uint32_t>(3).number(tensors).number(values);
  }
  const std::string& str() const { return bytes_; }
  size_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
};

/// Two values of metadata, a list of strings, a Q4_1 matrix [2,32] and a vector [3].
std::string good_file() {
  Bytes bytes;
  bytes.header(2, 3);
  bytes.text("a.count").number<uint32_t>(4).number<uint32_t>(7);
  bytes.text("a.name").number<uint32_t>(8).text("llama");
  bytes.text("a.words").number<uint32_t>(9).number<uint32_t>(8).number<uint64_t>(2).text("x").text("");
  bytes.text("matrix")
      .number<uint32_t>(2)
      .number<uint64_t>(32)
      .number<uint64_t>(2)
      .number<uint32_t>(3)
      .number<uint64_t>(0);
  bytes.text("vector").number<uint32_t>(1).number<uint64_t>(3).number<uint32_t>(0).number<uint64_t>(64);
  bytes.align();
  for (const uint16_t scale : {0x3C00, 0x4000}) {  // 1 and 2
    bytes.number(scale).number<uint16_t>(0xBC00);  // least -1
    for (int i = 0; i < 16; ++i) bytes.number<uint8_t>(static_cast<uint8_t>(i | (15 - i) << 4));
  }
  bytes.align();
  for (const float value : {1.5f, -2.0f, 0.25f}) bytes.number(value);
  return bytes.str();
}

class Gguf : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("emf_gguf_test_" + std::to_string(getpid()) + ".gguf");
  }
  void TearDown() override { std::filesystem::remove(path_); }

  GgufFile open(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary) << bytes;  // no sync: a test writes thousands
    return GgufFile(path_);
  }

  std::string error_of(const std::string& bytes) const {
    try {
      open(bytes);
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }

  void expect_error(const std::string& bytes, const std::string& part) const {
    const std::string error = error_of(bytes);
    EXPECT_NE(error.find(part), std::string::npos) << error;
    EXPECT_NE(error.find(path_.string()), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }

  std::filesystem::path path_;
};

TEST_F(Gguf, ReadsMetadataAndTensors) {
  const GgufFile file = open(good_file());
  EXPECT_EQ(file.integer("a.count"), 7);
  EXPECT_EQ(file.text("a.name"), "llama");
  EXPECT_EQ(file.texts("a.words"), (std::vector<std::string_view>{"x", ""}));
  const GgufTensor& matrix = file.tensor("matrix", {2, 32});
  std::vector<float> row(32);
  dequantise_rows(matrix, 1, 1, row.data());
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(row[static_cast<size_t>(i)], 2.0f * static_cast<float>(i) - 1) << i;
    EXPECT_EQ(row[static_cast<size_t>(i + 16)], 2.0f * static_cast<float>(15 - i) - 1) << i;
  }
  std::vector<float> vector(3);
  dequantise_rows(file.tensor("vector", {3}), 0, 1, vector.data());
  EXPECT_EQ(vector, (std::vector<float>{1.5f, -2.0f, 0.25f}));
}

TEST_F(Gguf, AbsentOrUnfittingItemsAreNamed) {
  const GgufFile file = open(good_file());
  const auto message = [](const auto& action) -> std::string {
    try {
      action();
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message([&] { file.integer("b"); }).find("metadata key 'b' is absent"), std::string::npos);
  EXPECT_NE(message([&] { file.integer("a.name"); }).find("'a.name' is not an integer"), std::string::npos);
  EXPECT_NE(message([&] { file.text("a.words"); }).find("'a.words' is not a string"), std::string::npos);
  EXPECT_NE(message([&] { file.tensor("none", {1}); }).find("tensor 'none' is absent"), std::string::npos);
  EXPECT_NE(message([&] {
              file.tensor("matrix", {32, 2});
            }).find("is [2, 32], the model needs [32, 2]"),
            std::string::npos);
}

TEST_F(Gguf, TruncatedAnywhereIsOneError) {
  const std::string whole = good_file();
  for (size_t size = 1; size < whole.size(); ++size) expect_error(whole.substr(0, size), "not a usable GGUF file");
}

TEST_F(Gguf, AnyFlippedByteIsReadOrRefused) {
  const std::string whole = good_file();
  int refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      try {
        const GgufFile file = open(bytes);
        for (const auto& [name, tensor] : file.tensors()) {
          std::vector<float> values(static_cast<size_t>(tensor.num_rows * tensor.row_size));
          dequantise_rows(tensor, 0, tensor.num_rows, values.data());
        }
      } catch (const UserError& error) {
        ++refused;
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      }
    }
  }
  EXPECT_GT(refused, 200);
}

TEST_F(Gguf, ManyFlippedBytesAreReadOrRefused) {
  const std::string whole = good_file();
  std::mt19937 draw(1);
  for (int i = 0; i < 4000; ++i) {
    std::string bytes = whole;
    for (uint32_t flips = 1 + draw() % 4; flips > 0; --flips) bytes[draw() % bytes.size()] = static_cast<char>(draw());
    if (draw() % 4 == 0) bytes.resize(1 + draw() % bytes.size());
    try {
      const GgufFile file = open(bytes);
      for (const auto& [name, tensor] : file.tensors()) {
        std::vector<float> values(static_cast<size_t>(tensor.num_rows * tensor.row_size));
        dequantise_rows(tensor, 0, tensor.num_rows, values.data());
      }
      file.texts("a.words");
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST_F(Gguf, OverlappingUnsortedOrScatteredTensorsAreRefused) {
  const auto two = [](uint64_t first, uint64_t second) {
    Bytes bytes;
    bytes.header(2, 0);
    for (const auto& [name, offset] : {std::pair{"a", first}, {"b", second}}) {
      bytes.text(name).number<uint32_t>(1).number<uint64_t>(8).number<uint32_t>(0).number(offset);
    }
    return bytes.align().raw(std::string(128, 'x')).str();
  };
  EXPECT_EQ(open(two(0, 32)).tensors().size(), 2u);
  expect_error(two(0, 0), "b starts at 0, the tensors before it end at 32");
  expect_error(two(32, 0), "a starts at 32, the tensors before it end at 0");
  expect_error(two(0, 64), "b starts at 64, the tensors before it end at 32");
}

TEST_F(Gguf, AHugeWordIsRefusedThoughTheFileHoldsIt) {
  constexpr uint64_t kWord = uint64_t{4} << 30;
  const std::string start = Bytes()
                                .header(0, 1)
                                .text("tokenizer.ggml.tokens")
                                .number<uint32_t>(9)
                                .number<uint32_t>(8)
                                .number<uint64_t>(1)
                                .number(kWord)
                                .str();
  expect_error(start, "tokenizer.ggml.tokens needs 4294967296 bytes");
  std::ofstream(path_, std::ios::binary) << start;
  std::filesystem::resize_file(path_, start.size() + kWord);  // a hole: takes no room
  try {
    GgufFile file(path_);
    ADD_FAILURE() << "a word of 4 GiB was read";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("entry 0 of tokenizer.ggml.tokens has 4294967296 bytes"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(Gguf, LyingSizesAreRefused) {
  const uint64_t huge = ~uint64_t{0};
  expect_error("not a GGUF file at all", "does not begin with 'GGUF'");
  expect_error(Bytes().raw("GGUF").number<uint32_t>(2).number<uint64_t>(0).number<uint64_t>(0).str(), "version 2");
  expect_error(Bytes().header(huge, 0).str(), "tensor 0");
  expect_error(Bytes().header(0, huge).str(), "metadata key 0");
  expect_error(Bytes().header(0, 1).number(huge).raw("key").str(), "metadata key 0");
  const auto list = [&](uint32_t type, uint64_t count) {
    return Bytes().header(0, 1).text("list").number<uint32_t>(9).number(type).number(count).str();
  };
  expect_error(list(4, huge), "list claims 18446744073709551615 values");
  expect_error(list(8, huge), "list needs");
  expect_error(list(9, 1), "list has unknown type 9");
  expect_error(list(77, 1), "list has unknown type 77");
  const auto tensor = [&](uint32_t rank, uint64_t a, uint64_t b, uint32_t type, uint64_t offset) {
    return Bytes().header(1, 0).text("w").number(rank).number(a).number(b).number(type).number(offset).align().str();
  };
  expect_error(tensor(2, huge, huge, 0, 0), "w has impossible size");
  expect_error(tensor(2, 1 << 30, 1 << 30, 0, 0), "w has impossible size");
  expect_error(tensor(2, 1 << 20, 1 << 20, 0, 0), "w needs 4398046511104 bytes");
  expect_error(tensor(2, 4, 4, 0, 1), "w starts at 1, no multiple of 32");
  expect_error(tensor(2, 4, 4, 0, huge - 31), "w needs 64 bytes");
  expect_error(tensor(2, 4, 4, 99, 0), "ggml type 99");
  expect_error(tensor(2, 31, 4, 3, 0), "no multiple of Q4_1's block of 32");
  expect_error(tensor(5, 4, 4, 0, 0), "w has 5 dimensions");
  expect_error(Bytes().header(0, 1).text("a\nb").number<uint32_t>(4).number<uint32_t>(1).str(), "control characters");
}

/// The values of `golden` (an oracle file of dequantised tensors) against those of a package's file.
void expect_as_oracle(const std::filesystem::path& path, const std::filesystem::path& golden_path) {
  const GgufFile file(path);
  const Json golden = read_json(golden_path);
  ASSERT_GT(golden.at("rows").size(), 10u);
  const auto same = [](double value, double expected) {
    return std::abs(value - expected) <= 1e-6 * std::abs(expected);
  };
  for (const Json& row : golden.at("rows")) {
    const std::string name = row.at("id");
    const GgufTensor& tensor = file.tensor(name, row.at("shape").get<std::vector<int64_t>>());
    EXPECT_EQ(tensor.format->name, row.at("type").get<std::string>());
    std::vector<float> values(static_cast<size_t>(tensor.num_rows * tensor.row_size));
    dequantise_rows(tensor, 0, tensor.num_rows, values.data());
    double sum = 0, squares = 0;
    for (const float value : values) {
      sum += static_cast<double>(value);
      squares += static_cast<double>(value) * static_cast<double>(value);
    }
    for (size_t i = 0; i < 8; ++i) EXPECT_TRUE(same(values[i], row.at("first")[i])) << name << " " << i;
    for (size_t i = 0; i < 4; ++i)
      EXPECT_TRUE(same(values[values.size() - 4 + i], row.at("last")[i])) << name << " " << i;
    // The sum cancels, so its error is measured against the norm.
    EXPECT_NEAR(sum, row.at("sum").get<double>(), 1e-8 * std::sqrt(squares * static_cast<double>(values.size())))
        << name;
    EXPECT_TRUE(same(std::sqrt(squares), row.at("norm"))) << name;
  }
}

TEST(GgufOracle, DequantisesSmolLm2AsGgufPythonDoes) {
  const PackageFile package = package_file("smollm2-135m-instruct-q4_1");
  if (!std::filesystem::exists(package.path)) GTEST_SKIP() << package.path << " is absent (./emfbench setup)";
  expect_as_oracle(package.path, project_root() / "tests/oracle/encoders/gguf_smollm2.json");
}

TEST(GgufOracle, DequantisesGemmaAsGgufPythonDoes) {
  // Under terms of its own, so no package of ours; the only file at hand with Q5_0, Q4_K and Q6_K.
  const std::filesystem::path path = dependencies_root() / "weights/gemma-3-270m-q4_k_m.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  expect_as_oracle(path, project_root() / "tests/oracle/encoders/gguf_gemma3.json");
}

}  // namespace
}  // namespace emf
