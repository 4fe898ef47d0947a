// The instruments in data/instruments are the ones instruments.json speaks of, and see as well as it says.
#include <gtest/gtest.h>

#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/engine/instrument_measures.h"
#include "harness/engine/instrument_training.h"
#include "harness/models/instrument_file.h"

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
std::shared_ptr<Dataset> world(const Json& overrides) {
  Config config = load_config(project_root() / "experiments" / "instruments.toml");
  for (const auto& [key, value] : overrides.items()) config.values["data"][key] = value;
  return DatasetRegistry::instance().make("scenes", config, 31);
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

TEST(ShippedInstrumentsTest, DetectorKnowsEveryClassOfScenes) {
  const Detector detector(detector_path(32));
  const auto dataset = world(Json::object());
  EXPECT_EQ(detector.class_names(), dataset->class_names());
  EXPECT_EQ(detector.color_names(), dataset->color_names());
}

TEST(ShippedInstrumentsTest, DetectorAndAutoencoderAreAsGoodAsClaimed) {
  const Detector detector(detector_path(32));
  const Autoencoder autoencoder(autoencoder_path(32));
  const GenEvalOptions options = geneval_options(detector.geneval_options(), "detector");
  const Json worlds = read_json(instruments_folder() / "instruments.json").at("worlds");
  const KnownPictures known = draw_known_pictures(*world(worlds.at("quick")), 240, 1, 31);
  const double seen = known_scores(known, judge(detector, known.pictures), options).at("overall");
  const double rebuilt =
      known_scores(known, judge(detector, autoencoder.decode(autoencoder.encode(known.pictures))), options).at("overall");
  // 240 pictures of score 0.9 have a standard error of 0.02.
  const double claimed = entry("detector-32").at("measured").at("quick").at("geneval").at("overall");
  const double claimed_rebuilt = entry("autoencoder-32").at("measured").at("quick").at("geneval").at("overall");
  EXPECT_NEAR(seen, claimed, 0.06);
  EXPECT_NEAR(rebuilt, claimed_rebuilt, 0.07);
  EXPECT_GE(claimed, 0.85);
  const double psnr = entry("autoencoder-32").at("measured").at("quick").at("reconstruction").at("psnr_db");
  EXPECT_NEAR(reconstruction_error(autoencoder, known.pictures).at("psnr_db").get<double>(), psnr, 0.7);
}

}  // namespace
}  // namespace emf
