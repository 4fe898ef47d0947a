// SPDX-License-Identifier: Apache-2.0
// The instruments in data/instruments are the ones instruments.json speaks of, and see as well as it says.
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/engine/scoring/mush.h"
#include "harness/instruments/instrument_measures.h"
#include "harness/instruments/instrument_training.h"
#include "harness/judges/scenes_detector.h"
#include "harness/tensor/instrument_file.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

Json shipped() { return read_json(instruments_folder() / "instruments.json"); }

Json entry(const std::string& name) {
  const Json index = shipped();
  for (const Json& row : index.at("instruments")) {
    if (row.at("name") == name) return row;
  }
  return {};
}

/// The suite's own world with some options replaced.
std::shared_ptr<Dataset> world(int64_t side, const Json& overrides) {
  const char* suite = side == 32 ? "instruments.toml" : "instruments_64.toml";
  Config config = load_config(project_root() / "experiments" / suite);
  for (const auto& [key, value] : overrides.items()) config.values["data"][key] = value;
  return DatasetRegistry::instance().make("scenes", Options(config, {"data"}, {"name"}), {31});
}

TEST(ShippedInstrumentsTest, FilesAreTheDocumentedOnes) {
  const Json index = shipped();
  ASSERT_GE(index.at("instruments").size(), 2U);
  for (const Json& row : index.at("instruments")) {
    const auto path = instruments_folder() / row.at("file").get<std::string>();
    EXPECT_EQ(sha256_file(path), row.at("sha256")) << path;
    EXPECT_EQ(std::filesystem::file_size(path), row.at("bytes").get<uint64_t>());
    EXPECT_LT(std::filesystem::file_size(path), 8U << 20) << "instruments are a few MB";
    EXPECT_EQ(read_instrument(path, row.at("kind")).facts.at("recipe"), row.at("recipe"));
  }
  std::string attributions = index.at("attributions").dump();
  EXPECT_NE(attributions.find("CC-BY 4.0"), std::string::npos) << "Twemoji's licence asks to be named";
}

TEST(ShippedInstrumentsTest, TheDetectorIsNotTakenInByMush) {
  // The world of the paper's suites. 1.3 % when it was trained; 5.8 % before mush was part of its training.
  const Json options = {
      {"classes", {"dog", "cat", "car", "bus", "airplane", "bicycle", "cup", "tv", "clock", "umbrella"}},
      {"colors", 6},
      {"layout", "quarters"},
      {"variety", 0.25}};
  const auto codec = make_codec("autoencoder", CodecContext{32, 32, {}});
  const auto judge = make_judge("detector", JudgeContext{32, 32, {}});
  const Json found = mush_acceptance(*world(32, options), *codec, *judge, 120, 5);
  EXPECT_LE(found.at("mush").at("share").get<double>(), 0.03) << found.dump(1);
  EXPECT_LE(found.at("kinds")[2].at("share").get<double>(), 0.01) << found.dump(1);
  EXPECT_GE(found.at("thresholds")[1].at("right").get<double>(), 0.88) << "and sees what is there";
}

TEST(ShippedInstrumentsTest, AFileThatIsNotTheListedOneIsRefused) {
  const TemporaryFolder folder("instruments");
  const std::string name = shipped().at("instruments")[0].at("file"), kind = shipped().at("instruments")[0].at("kind");
  std::string bytes = read_file(instruments_folder() / name);
  bytes[bytes.size() / 2] ^= 1;
  folder.write(name, bytes);
  EXPECT_EQ(read_instrument(folder / name, kind).sha256, sha256_hex(bytes)) << "no list says otherwise";
  folder.write("instruments.json", read_file(instruments_folder() / "instruments.json"));
  try {
    read_instrument(folder / name, kind);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find(name + " is damaged"), std::string::npos) << error.what();
  }
}

class ShippedInstruments : public testing::TestWithParam<int64_t> {
 protected:
  std::string name(const std::string& kind) const { return kind + "-" + std::to_string(GetParam()); }
};

TEST_P(ShippedInstruments, DetectorKnowsEveryClassOfScenes) {
  const Detector detector(detector_path(GetParam()));
  const auto dataset = world(GetParam(), Json::object());
  EXPECT_EQ(detector.class_names(), dataset->world()->class_names());
  EXPECT_EQ(detector.color_names(), dataset->world()->color_names());
}

TEST_P(ShippedInstruments, SeeAsWellAsClaimed) {
  const Detector detector(detector_path(GetParam()));
  const Autoencoder autoencoder(autoencoder_path(GetParam()));
  const GenEvalOptions options = geneval_options(detector.geneval_options(), "detector");
  const Json worlds = shipped().at("worlds");
  const KnownPictures known = draw_known_pictures(*world(GetParam(), worlds.at("quick")), 240, 1, 31);
  const double seen = known_scores(known, detector.detect(known.pictures), options).at("overall");
  const at::Tensor latents = autoencoder.encode(known.pictures);
  EXPECT_EQ(latents.sizes().slice(1), (std::vector<int64_t>{16, GetParam() / 8, GetParam() / 8}));
  const double rebuilt = known_scores(known, detector.detect(autoencoder.decode(latents)), options).at("overall");
  // 240 pictures of score 0.9 have a standard error of 0.02.
  const double claimed = entry(name("detector")).at("measured").at("quick").at("geneval").at("overall");
  const double claimed_rebuilt = entry(name("autoencoder")).at("measured").at("quick").at("geneval").at("overall");
  EXPECT_NEAR(seen, claimed, 0.06);
  EXPECT_NEAR(rebuilt, claimed_rebuilt, 0.07);
  EXPECT_GE(claimed, 0.85);
  EXPECT_GE(claimed_rebuilt, claimed - 0.05);
  const double psnr = entry(name("autoencoder")).at("measured").at("quick").at("reconstruction").at("psnr_db");
  EXPECT_NEAR(reconstruction_error(autoencoder, known.pictures).at("psnr_db").get<double>(), psnr, 0.7);
}

INSTANTIATE_TEST_SUITE_P(Sides, ShippedInstruments, testing::Values(32, 64));

}  // namespace
}  // namespace emf
