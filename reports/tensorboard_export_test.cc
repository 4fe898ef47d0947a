// SPDX-License-Identifier: Apache-2.0
// Event files for TensorBoard: their bytes, and what of a record stands in them.
#include "reports/tensorboard_export.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/sha256.h"
#include "reports/writers/tensorboard.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

TEST(Tensorboard, ChecksumsAreThoseOfRfc3720) {
  // Its appendix B.4: 32 bytes of zeros have the CRC-32C 8a9136aa; masking rotates by 15 and adds a constant.
  const uint32_t zeros = 0x8a9136aau;
  EXPECT_EQ(masked_crc32c(std::string(32, '\0')), ((zeros >> 15) | (zeros << 17)) + 0xa282ead8u);
  const uint32_t digits = 0xe3069283u;
  EXPECT_EQ(masked_crc32c("123456789"), ((digits >> 15) | (digits << 17)) + 0xa282ead8u);
}

TEST(Tensorboard, AFileIsTheOneThatThePackageWrites) {
  // tensorboard 2.21.0: EventFileWriter's bytes of the same events, see tests/oracle/make_tensorboard_events.py.
  EXPECT_EQ(hex(tensorboard_file({{"train/loss", 64, 0.5}, {"geneval/1 step", 300, 0.25}}, 1.5)),
            "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c2000000000000000"
            "29eda95009000000000000f83f10402a130a110a0a747261696e2f6c6f7373150000003f0c05de202500000000000000"
            "eabc36f309000000000000f83f10ac022a170a150a0e67656e6576616c2f312073746570150000803ec8acf9e9");
}

class TensorboardFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("emf_tensorboard_" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// A finished training of a store.
  void stage(const std::string& hash, const Json& inputs, const std::string& events) const {
    const std::filesystem::path stage = folder_ / "store" / "runs" / "train" / hash;
    write_json(stage / "spec.json", {{"inputs", inputs}});
    write_atomically(stage / "events.jsonl", events);
    write_atomically(stage / "DONE", seal_folder(stage, {{"kind", "train"}, {"hash", hash}}) + "\n");
  }
  SectionInput record() const {
    SectionInput input{sample_result(), sample_provenance(), {}};
    input.result["budgets"] = Json::array({{{"encoder", "llm"},
                                            {"objective", "mean_flow"},
                                            {"seed", 0},
                                            {"run", "bb"},
                                            {"pictures", 128},
                                            {"pretraining_pictures", 0},
                                            {"flops", 1},
                                            {"parameters", 1}}});
    return input;
  }
  /// How often a tag stands in a file.
  static size_t count(const std::string& file, const std::string& tag) {
    size_t found = 0;
    for (size_t at = file.find(tag); at != std::string::npos; at = file.find(tag, at + 1)) ++found;
    return found;
  }

  std::filesystem::path folder_;
};

TEST_F(TensorboardFolder, EventsOfAllSegmentsAndScores) {
  stage("aa", {"0123"}, "{\"loss\": 2, \"pictures\": 32}\n{\"loss\": 1.5, \"pictures\": 64, \"note\": \"words\"}\n");
  stage("bb", {"0123", "aa"}, "{\"loss\": 1, \"pictures\": 96, \"gradient_norm\": 0.5}\n");
  const TensorboardExport done =
      write_tensorboard(record(), {folder_ / "elsewhere", folder_ / "store"}, folder_ / "out");
  ASSERT_EQ(done.files.size(), 1u);
  EXPECT_TRUE(done.without_events.empty());
  EXPECT_EQ(done.files[0], folder_ / "out" / "llm" / "mean_flow" / "seed0" / "events.out.tfevents.0.emfbench");
  const std::string file = read_file(done.files[0]);
  EXPECT_EQ(count(file, "train/loss"), 3u) << "both segments";
  EXPECT_EQ(count(file, "train/gradient_norm"), 1u);
  EXPECT_EQ(count(file, "train/note"), 0u);
  EXPECT_EQ(count(file, "geneval/1 step"), 1u);
  EXPECT_EQ(count(file, "geneval/25 steps"), 1u);
}

TEST_F(TensorboardFolder, WithoutAStoreTheResidualIsLeftAndSaid) {
  SectionInput input = record();
  input.result["curves"] = Json::array({{{"run", "bb"}, {"points", {{32, 0.5}, {64, 0.25}}}}});
  const TensorboardExport done = write_tensorboard(input, {folder_ / "store"}, folder_ / "out");
  EXPECT_EQ(done.without_events, std::vector<std::string>{"llm/mean_flow/0"});
  EXPECT_EQ(count(read_file(done.files.at(0)), "train/residual"), 2u);
  input.result["budgets"] = Json::array();
  EXPECT_THROW(write_tensorboard(input, {}, folder_ / "out"), UserError);
}

TEST_F(TensorboardFolder, DamagedEventsAreRefused) {
  stage("bb", Json::array(), "{\"loss\": 1, \"pictures\": 96}\n");
  write_atomically(folder_ / "store" / "runs" / "train" / "bb" / "events.jsonl", "{\"loss\": 9, \"pictures\": 96}\n");
  EXPECT_THROW(write_tensorboard(record(), {folder_ / "store"}, folder_ / "out"), UserError);
}

}  // namespace
}  // namespace emf
