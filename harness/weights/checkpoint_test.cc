// SPDX-License-Identifier: Apache-2.0
// Checkpoints: one file or shards, what is wrong with bad ones, and hostile bytes.
#include "harness/weights/checkpoint.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

class CheckpointFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("emf_checkpoint_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  /// A safetensors file of this header and payload.
  static std::string file_of(const std::string& header, const std::string& payload) {
    const uint64_t length = header.size();
    return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + payload;
  }
  template <typename Action>
  std::string error_of(const Action& action) const {
    try {
      action();
    } catch (const UserError& error) {
      return error.what();
    }
    return "no error";
  }
  std::string error_of_opening() const {
    return error_of([&] { Checkpoint checkpoint(folder_); });
  }
  static void expect_part(const std::string& error, const std::string& part) {
    EXPECT_NE(error.find(part), std::string::npos) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }

  std::filesystem::path folder_;
};

TEST_F(CheckpointFolder, ReadsOneFileInAnyPrecision) {
  const at::Tensor table = at::randn({5, 4});
  write_safetensors(folder_ / "model.safetensors", {{"double", table.to(at::kDouble)},
                                                    {"half", table.to(at::kHalf)},
                                                    {"brain", table.to(at::kBFloat16)},
                                                    {"float", table},
                                                    {"ids", at::arange(3)},
                                                    {"odd", at::ones({3}, at::kBool)}});
  const Checkpoint checkpoint(folder_);
  EXPECT_EQ(checkpoint.names(), (std::vector<std::string>{"brain", "double", "float", "half", "ids", "odd"}));
  EXPECT_TRUE(checkpoint.has("float") && !checkpoint.has("floats"));
  EXPECT_EQ(checkpoint.shape("float"), (std::vector<int64_t>{5, 4}));
  for (const auto& [name, type] : {std::pair{"half", at::kHalf}, {"brain", at::kBFloat16}, {"float", at::kFloat}}) {
    const at::Tensor expected = table.to(type).to(at::kFloat);
    EXPECT_TRUE(at::equal(checkpoint.tensor(name, {5, 4}), expected)) << name;
    const std::vector<int64_t> rows = {4, 0, 4};
    at::Tensor read = at::empty({3, 4});
    checkpoint.rows(name, 5, 4)(rows.data(), 3, read.data_ptr<float>());
    EXPECT_TRUE(at::equal(read, expected.index_select(0, at::tensor(rows)))) << name;
  }
  EXPECT_TRUE(at::equal(checkpoint.tensor("double", {5, 4}), table));
  EXPECT_EQ(checkpoint.sha256(), sha256_file(folder_ / "model.safetensors"));
  EXPECT_EQ(Checkpoint(folder_ / "model.safetensors").names(), checkpoint.names());
}

TEST_F(CheckpointFolder, RowsOutliveTheCheckpoint) {
  write_safetensors(folder_ / "model.safetensors", {{"table", at::arange(6.0f).view({3, 2})}});
  const RowReader rows = Checkpoint(folder_).rows("table", 3, 2);
  const int64_t row = 2;
  float values[2];
  rows(&row, 1, values);
  EXPECT_EQ(values[1], 5.0f);
  for (const int64_t outside : {int64_t{-1}, int64_t{3}, std::numeric_limits<int64_t>::max()}) {
    expect_part(error_of([&] { rows(&outside, 1, values); }), "is outside the 3 rows of 'table'");
  }
}

TEST_F(CheckpointFolder, WrongNamesShapesAndTypesSayWhatWasExpected) {
  write_safetensors(folder_ / "model.safetensors", {{"layer.0.weight", at::zeros({2, 3})}, {"ids", at::arange(3)}});
  const Checkpoint checkpoint(folder_);
  expect_part(error_of([&] { checkpoint.tensor("layer.0.weigth", {2, 3}); }), "did you mean 'layer.0.weight'?");
  expect_part(error_of([&] { checkpoint.tensor("layer.0.weight", {3, 2}); }), "is [2, 3], expected [3, 2]");
  expect_part(error_of([&] { checkpoint.rows("layer.0.weight", 3, 2); }), "is [2, 3], expected [3, 2]");
  expect_part(error_of([&] { checkpoint.tensor("ids", {3}); }),
              "tensor 'ids' is stored as I64, which is not read here");
}

TEST_F(CheckpointFolder, DtypesThatNobodyAsksForArePassedOver) {
  write("model.safetensors", file_of(R"({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                                         "vision": {"dtype": "F8_E4M3", "shape": [2, 3], "data_offsets": [4, 10]}})",
                                     std::string(4, '\0') + "123456"));
  const Checkpoint checkpoint(folder_);
  EXPECT_EQ(checkpoint.tensor("w", {1}).item<float>(), 0);
  expect_part(error_of([&] {
                checkpoint.tensor("vision", {2, 3});
              }),
              "tensor 'vision' is stored as F8_E4M3, which is not read here");
}

TEST_F(CheckpointFolder, ReadsShards) {
  write_safetensors(folder_ / "a.safetensors", {{"x", at::full({2}, 1.0f)}, {"y", at::full({2}, 2.0f)}});
  write_safetensors(folder_ / "b.safetensors", {{"y", at::full({2}, 3.0f)}});
  write("model.safetensors.index.json",
        R"({"metadata": {}, "weight_map": {"x": "a.safetensors", "y": "b.safetensors"}})");
  const Checkpoint checkpoint(folder_);
  EXPECT_EQ(checkpoint.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(checkpoint.tensor("y", {2})[0].item<float>(), 3);
  EXPECT_EQ(checkpoint.sha256(), sha256_hex(sha256_file(folder_ / "a.safetensors") + "  a.safetensors\n" +
                                            sha256_file(folder_ / "b.safetensors") + "  b.safetensors\n"));
}

TEST_F(CheckpointFolder, BadIndexesAreNamed) {
  expect_part(error_of_opening(), "holds neither model.safetensors nor model.safetensors.index.json");
  const auto index = [&](const std::string& text) {
    write("model.safetensors.index.json", text);
    return error_of_opening();
  };
  expect_part(index("[]"), "no 'weight_map'");
  expect_part(index(R"({"weight_map": {}})"), "no 'weight_map'");
  expect_part(index(R"({"weight_map": {"x": 3}})"), "tensor \"x\" is in 3");
  for (const char* name : {"../x.safetensors", "/etc/passwd", "..", "", "a\\nb"}) {
    expect_part(index(fmt::format(R"({{"weight_map": {{"x": "{}"}}}})", name)), "not the name of a file beside");
  }
  expect_part(index(R"({"weight_map": {"x": "gone.safetensors"}})"), "gone.safetensors is absent");
  write_safetensors(folder_ / "a.safetensors", {{"x", at::zeros({2})}});
  expect_part(index(R"({"weight_map": {"y": "a.safetensors"}})"), "a.safetensors: tensor \"y\" is absent");
}

TEST_F(CheckpointFolder, LyingHeadersAreRefused) {
  const auto expect_error = [&](const std::string& bytes, const std::string& part) {
    write("model.safetensors", bytes);
    expect_part(error_of_opening(), part);
  };
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return file_of(
        R"({"w": {"dtype": ")" + dtype + R"(", "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}}",
        std::string(16, '\0'));
  };
  expect_error(std::string(7, '\0'), "not a safetensors file, or truncated");
  expect_error(std::string(8, '\xff') + "{}", "not a safetensors file, or truncated");
  expect_error(file_of("[]", ""), "the safetensors header is not an object");
  expect_error(file_of("{", ""), "not valid JSON");
  expect_error(file_of(R"({"w": 1e999})", ""), "a number too large");
  expect_error(file_of(R"({"w": [1]})", ""), "w: the header entry lacks dtype");
  expect_error(file_of(R"({"__metadata__": 3})", ""), "__metadata__: is not an object");
  expect_error(file_of(R"({"a\nb": {}})", ""), "control characters");
  expect_error(entry(std::string(33, 'F').c_str(), "[4]", "[0, 16]"), "is none");
  expect_error(entry("F32", "[4]", "[0, 15]"), "does not fit its shape (16 bytes)");
  expect_error(entry("F32", "[5]", "[0, 20]"), "and the file (16 bytes)");
  expect_error(entry("F32", "[4]", "[16, 0]"), "data 16..0");
  expect_error(entry("F32", "[-4]", "[0, 16]"), "holds -4, not a size");
  expect_error(entry("F32", "[4.0]", "[0, 16]"), "holds 4.0, not a size");
  expect_error(entry("F32", "[4]", "[0, 18446744073709551615]"), "does not fit");
  expect_error(entry("F32", "[4611686018427387904, 4]", "[0, 16]"), "its shape is too large");
  expect_error(entry("F32", "[0, 9223372036854775807]", "[0, 0]"), "its shape is too large");
  expect_error(entry("F32", "[0, 4]", "[0, 0]"), "the file's last 16 bytes belong to no tensor");
  const auto two = [](const std::string& first, const std::string& second) {
    return file_of(R"({"a": {"dtype": "U8", "shape": [8], "data_offsets": )" + first +
                       R"(}, "b": {"dtype": "U8", "shape": [8], "data_offsets": )" + second + "}}",
                   std::string(16, '\0'));
  };
  expect_error(two("[0, 8]", "[4, 12]"), "b: its data begins at 4, inside the data of the tensor before it");
  expect_error(two("[0, 8]", "[0, 8]"), "b: its data begins at 0, inside the data");
  expect_error(two("[8, 16]", "[8, 16]"), "its data begins at 8, after a gap");
  write("model.safetensors", two("[8, 16]", "[0, 8]"));
  EXPECT_EQ(Checkpoint(folder_).names().size(), 2u) << "names need not be in the order of their data";
}

TEST_F(CheckpointFolder, ADeepHeaderIsOneError) {
  for (const char* opening : {"[", "{\"a\":"}) {
    std::string header;
    for (int i = 0; i < 1'000'000; ++i) header += opening;
    write("model.safetensors", file_of(header, ""));
    expect_part(error_of_opening(), "levels deep");
  }
}

TEST_F(CheckpointFolder, AnyTruncationIsOneError) {
  write_safetensors(folder_ / "whole",
                    {{"a", at::zeros({2, 3})}, {"b", at::arange(5)}, {"c", at::ones({3}, at::kBool)}});
  const std::string whole = read_file(folder_ / "whole");
  for (size_t size = 1; size < whole.size(); ++size) {
    write("model.safetensors", whole.substr(0, size));
    EXPECT_NE(error_of_opening(), "no error") << size;
  }
}

TEST_F(CheckpointFolder, FlippedBytesAreReadOrRefused) {
  write_safetensors(folder_ / "whole",
                    {{"a", at::randn({2, 3})},
                     {"b", at::randn({4}).to(at::kBFloat16)},
                     {"c", at::ones({3}, at::kBool)},
                     {"d", at::arange(2)}},
                    {{"format", "pt"}});
  const std::string whole = read_file(folder_ / "whole");
  std::mt19937 draw(1);
  int refused = 0;
  for (int i = 0; i < 6000; ++i) {
    std::string bytes = whole;
    for (uint32_t flips = 1 + draw() % 3; flips > 0; --flips) {
      bytes[draw() % bytes.size()] = draw() % 2 != 0 ? static_cast<char>(draw()) : "0123456789[]{},:\"-e."[draw() % 20];
    }
    write("model.safetensors", bytes);
    try {
      const SafetensorsFile file(folder_ / "model.safetensors");
      for (const auto& [name, entry] : file.entries()) {
        const at::Tensor values = file.view(name).clone();
        if (values.is_floating_point()) file.tensor(name, entry.shape);
      }
    } catch (const UserError& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(refused, 3000);
}

}  // namespace
}  // namespace emf
