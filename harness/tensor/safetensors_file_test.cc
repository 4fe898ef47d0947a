// SPDX-License-Identifier: Apache-2.0
// Safetensors: what is written comes back, as views or row by row.
#include "harness/tensor/safetensors_file.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "harness/base/error.h"
#include "harness/tensor/safetensors.h"
#include "harness/tensor/safetensors_rows.h"

namespace emf {
namespace {

class SafetensorsTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("emf_safetensors_" + std::to_string(getpid()));
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_;
};

TEST_F(SafetensorsTest, EveryDtypeComesBack) {
  const NamedTensors tensors = {{"f64", at::randn({2, 3}, at::kDouble)},
                                {"f32", at::randn({4})},
                                {"f16", at::randn({3}).to(at::kHalf)},
                                {"bf16", at::randn({3}).to(at::kBFloat16)},
                                {"i64", at::arange(3)},
                                {"i32", at::arange(3, at::kInt)},
                                {"i16", at::arange(3, at::kShort)},
                                {"i8", at::arange(3, at::kChar)},
                                {"u8", at::arange(3, at::kByte)},
                                {"bool", at::arange(3).remainder(2).to(at::kBool)},
                                {"scalar", at::scalar_tensor(2.5)},
                                {"empty", at::empty({0, 7})}};
  write_safetensors(path_, tensors, {{"key", "value"}});
  TensorMetadata metadata;
  const NamedTensors read = read_safetensors(path_, &metadata);
  const SafetensorsFile file(path_);
  EXPECT_EQ(metadata, (TensorMetadata{{"key", "value"}}));
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read.at(name), tensor)) << name;
    EXPECT_TRUE(at::equal(file.view(name), tensor)) << name;
  }
}

TEST_F(SafetensorsTest, ViewsOutliveTheFileObject) {
  write_safetensors(path_, {{"x", at::arange(4.0f)}});
  const at::Tensor view = SafetensorsFile(path_).view("x");
  EXPECT_EQ(view.sum().item<float>(), 6);
}

/// A file of this header and payload.
void write_file(const std::filesystem::path& path, const std::string& header, const std::string& payload) {
  const uint64_t length = header.size();
  std::ofstream(path, std::ios::binary) << std::string(reinterpret_cast<const char*>(&length), sizeof length) << header
                                        << payload;
}

TEST_F(SafetensorsTest, MisalignedDataIsRead) {
  const float values[] = {1.5f, -2};
  write_file(path_,
             R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
             R"("x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})",
             "b" + std::string(reinterpret_cast<const char*>(values), sizeof values));
  const SafetensorsFile file(path_);
  EXPECT_TRUE(at::equal(file.view("x"), at::tensor({1.5f, -2.0f})));
  EXPECT_TRUE(at::equal(file.tensor("x", {2}), at::tensor({1.5f, -2.0f})));
}

TEST_F(SafetensorsTest, ABoolOfSevenIsRefused) {
  write_file(path_, R"({"x":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", "\x01\x07");
  EXPECT_THROW(read_safetensors(path_), UserError);
}

TEST_F(SafetensorsTest, RowsWrittenPieceByPieceAreOneTensor) {
  const at::Tensor whole = at::randn({10, 3});
  {
    SafetensorsRows rows(path_, "pooled", 3, {{"encoder", "hash"}});
    rows.append(whole.narrow(0, 0, 4));
    rows.append(whole.narrow(0, 4, 6));
    EXPECT_FALSE(std::filesystem::exists(path_));
    rows.finish();
  }
  TensorMetadata metadata;
  EXPECT_TRUE(at::equal(read_safetensors(path_, &metadata).at("pooled"), whole));
  EXPECT_EQ(metadata.at("encoder"), "hash");
}

TEST_F(SafetensorsTest, UnfinishedRowsLeaveNothing) {
  const auto count = [&] {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path_.parent_path())) {
      files += entry.path().filename().string().starts_with(path_.filename().string());
    }
    return files;
  };
  {
    SafetensorsRows rows(path_, "pooled", 3);
    rows.append(at::zeros({1, 3}));
    EXPECT_EQ(count(), 1);
  }
  EXPECT_EQ(count(), 0);
}

}  // namespace
}  // namespace emf
