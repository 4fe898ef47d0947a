// SPDX-License-Identifier: Apache-2.0
#include "harness/instruments/instrument_suite.h"

#include <torch/nn/module.h>
#include <algorithm>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/engine/scoring/calibration.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/store/scheduler.h"
#include "harness/instruments/autoencoder_training.h"
#include "harness/instruments/detector_training.h"
#include "harness/instruments/instrument_measures.h"
#include "harness/instruments/picture_augmentation.h"
#include "harness/judges/scenes_detector.h"
#include "harness/rules/geneval_rule.h"
#include "harness/tensor/instrument_file.h"

namespace emf {
namespace {

constexpr const char* kTrained = "detector.safetensors";  // without thresholds

/// How instruments are measured; the seeds pick pictures that no judged run uses for anything else.
struct MeasureOptions {
  int prompts, repeats;
  uint64_t calibration_seed, judging_seed;
  Json worlds;           ///< name -> overrides of [data]
  bool shipped = false;  ///< measure the instruments that are there; train none

  static MeasureOptions read(const Config& suite) {
    ConfigReader reader(suite, "measure");
    MeasureOptions options{};
    options.prompts = static_cast<int>(
        reader.integer("prompts", 600, 6, 100000, "prompts that instruments are measured on [prompts]"));
    options.repeats = static_cast<int>(reader.integer("repeats", 2, 1, 1000, "pictures of each [pictures]"));
    options.calibration_seed = static_cast<uint64_t>(
        reader.integer("calibration_seed", 100, 0, 1 << 30, "of the pictures that thresholds are fixed on"));
    options.judging_seed = static_cast<uint64_t>(
        reader.integer("judging_seed", 1, 0, 1 << 30, "of the pictures that errors are measured on"));
    options.worlds = reader.raw("worlds", "worlds to measure in: a table of [data] options each");
    options.shipped = reader.flag("shipped", false, "measure the shipped instruments; train none");
    reader.finish();
    if (options.worlds.is_null()) options.worlds = {{"full", Json::object()}};
    return options;
  }
  Json to_json() const {
    return {{"prompts", prompts},
            {"repeats", repeats},
            {"calibration_seed", calibration_seed},
            {"judging_seed", judging_seed},
            {"worlds", worlds}};
  }
};

std::shared_ptr<Dataset> make_dataset(const std::string& name, const Config& suite, uint64_t seed) {
  return DatasetRegistry::instance().make(name, Options(suite, {"data"}, {"name"}), {seed});
}

struct Work {
  Config suite;
  uint64_t data_seed = 0;
  std::string dataset_name;
  int64_t version = 1;
  MeasureOptions measure;
  AutoencoderRecipe autoencoder;
  DetectorRecipe detector;
  std::shared_ptr<Dataset> dataset;
  Placement placement;

  /// The dataset with some options of [data] replaced.
  std::shared_ptr<Dataset> world(const Json& overrides) const {
    Config config = suite;
    for (const auto& [key, value] : overrides.items()) config.values["data"][key] = value;
    return make_dataset(dataset_name, config, data_seed);
  }
};

/// Clean and softened pictures of the calibration seed, every world's.
Json calibrate(const Work& work, const Detector& detector) {
  KnownPictures all;
  std::vector<std::vector<Detection>> judged;
  const uint64_t seed = work.measure.calibration_seed;
  for (const auto& [name, overrides] : work.measure.worlds.items()) {
    const KnownPictures known =
        draw_known_pictures(*work.world(overrides), work.measure.prompts, work.measure.repeats, seed);
    std::vector<uint64_t> indices(known.prompts.size());
    for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
    const at::Tensor soft = augment_pictures(known.pictures.to(at::kFloat) / 255, seed, indices);
    for (const at::Tensor& pictures : {known.pictures, soft}) {
      const auto found = detector.detect(pictures);
      judged.insert(judged.end(), found.begin(), found.end());
      all.prompts.insert(all.prompts.end(), known.prompts.begin(), known.prompts.end());
      all.truth.insert(all.truth.end(), known.truth.begin(), known.truth.end());
    }
  }
  return calibrate_thresholds(all, judged, detector.class_names(), seed);
}

/// Trains; the file it writes has no thresholds yet.
Json run_detector(const Work& work, const RunFolder& folder, const std::filesystem::path& file) {
  const NamedTensors tensors = train_detector(work.detector, *work.dataset, folder, work.placement);
  const FactWorld& world = world_of(*work.dataset);
  write_instrument(file, "detector", tensors,
                   {{"name", "detector-" + std::to_string(work.dataset->height())},
                    {"side", work.dataset->height()},
                    {"class_names", world.class_names()},
                    {"color_names", world.color_names()},
                    {"sizes", work.detector.sizes.to_json()},
                    {"recipe", work.detector.to_json()},
                    {"data", work.dataset->fingerprint()},
                    {"attributions", work.dataset->attributions()},
                    {"geneval_options", Json::object()}});
  int64_t num_parameters = 0;
  for (const auto& [name, value] : tensors) num_parameters += value.numel();
  return {{"parameters", num_parameters}};
}

/// Fixes the thresholds of a trained detector and writes the file that is shipped.
Json run_calibration(const Work& work, const std::filesystem::path& trained, const std::filesystem::path& file) {
  const Json calibration = calibrate(work, Detector(trained, work.placement));
  InstrumentFile detector = read_instrument(trained, "detector");
  detector.facts["calibration"] = calibration;
  detector.facts["geneval_options"] = {{"threshold", calibration.at("threshold")},
                                       {"counting_threshold", calibration.at("counting_threshold")}};
  write_instrument(file, "detector", detector.tensors, detector.facts);
  return calibration;
}

/// Errors of both instruments on unseen pictures of every world.
Json measure(const Work& work, const std::filesystem::path& autoencoder_file,
             const std::filesystem::path& detector_file) {
  const Autoencoder autoencoder(autoencoder_file, work.placement);
  const Detector detector(detector_file, work.placement);
  const GenEvalOptions options = geneval_options(detector.geneval_options(), detector_file.string());
  const uint64_t seed = work.measure.judging_seed;
  Json result = {{"autoencoder", Json::object()}, {"detector", Json::object()}};
  for (const auto& [name, overrides] : work.measure.worlds.items()) {
    const KnownPictures known = draw_known_pictures(*work.world(overrides), work.measure.prompts, work.measure.repeats,
                                                    work.measure.judging_seed);
    const auto judged = detector.detect(known.pictures);
    const at::Tensor rebuilt = autoencoder.decode(autoencoder.encode(known.pictures));
    std::vector<uint64_t> indices(known.prompts.size());
    for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
    const at::Tensor soft = augment_pictures(known.pictures.to(at::kFloat) / 255, work.measure.judging_seed, indices);
    result["detector"][name] = {{"geneval", known_scores(known, judged, options)},
                                {"geneval_softened", known_scores(known, detector.detect(soft), options)},
                                {"kinds", Json::array()}};
    for (const Corruption& kind : corruptions()) {
      Json row = judge_errors(known, detector.detect(corrupt(known.pictures, kind, seed)), options,
                              world_of(*work.dataset).class_names(), seed);
      row["name"] = kind.name;
      result["detector"][name]["kinds"].push_back(row);
    }
    result["autoencoder"][name] = {{"reconstruction", reconstruction_error(autoencoder, known.pictures)},
                                   {"geneval", known_scores(known, detector.detect(rebuilt), options)}};
  }
  const int64_t count = 2048;
  const at::Tensor latents =
      autoencoder.encode(draw_batch(*work.dataset, Dataset::kUnseen, count).pictures).cpu().to(at::kDouble);
  result["autoencoder"]["latents"] = {
      {"mean_abs_max", latents.mean({0, 2, 3}).abs().max().item<double>()},
      {"deviation_range",
       {latents.std({0, 2, 3}, false).min().item<double>(), latents.std({0, 2, 3}, false).max().item<double>()}}};
  return result;
}

Json entry(const std::string& kind, const std::filesystem::path& file, int64_t version, const Json& facts,
           const Json& measured) {
  Json row = {{"name", file.stem().string()},
              {"kind", kind},
              {"version", version},
              {"file", file.filename().string()},
              {"bytes", std::filesystem::file_size(file)},
              {"sha256", sha256_file(file)},
              {"side", facts.at("side")},
              {"recipe", facts.at("recipe")},
              {"data", facts.at("data")},
              {"measured", measured}};
  if (facts.contains("calibration")) row["calibration"] = facts.at("calibration");
  return row;
}

/// Entries of other instruments (another picture side) stay.
Json merged(const std::filesystem::path& index, std::vector<Json> entries, const Work& work) {
  if (path_exists(index)) {
    const Json shipped = read_json(index);
    for (const Json& old : shipped.at("instruments")) {
      const bool replaced = std::any_of(entries.begin(), entries.end(),
                                        [&](const Json& row) { return row.at("name") == old.at("name"); });
      if (!replaced) entries.push_back(old);
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Json& a, const Json& b) { return a.at("name") < b.at("name"); });
  return {{"schema", "emf.instruments/1"},
          {"licence", "Apache-2.0"},
          {"attributions", work.dataset->attributions()},
          {"worlds", work.measure.worlds},
          {"retrain", "emfbench run instruments --install"},
          {"instruments", entries}};
}

Work read_work(const Config& suite) {
  Work work;
  work.suite = suite;
  ConfigReader top(suite, "");
  for (const char* table : {"suite", "data", "autoencoder", "detector", "measure"}) top.raw(table);
  work.placement =
      read_placement(top.text("device", "cpu", "what trains and measures: cpu, cuda or cuda:N (the N-th card, from 0)"),
                     top.place("device"));
  top.finish();
  ConfigReader about(suite, "suite");
  about.text("name", "instruments", "what the suite is called");
  about.text("question", "", "what it makes, in a sentence");
  work.version = about.integer("version", 1, 1, 1 << 20, "raised when the instruments change");
  work.dataset_name = ConfigReader(suite, "data").text("name", "scenes", "the registered data set");
  work.data_seed = static_cast<uint64_t>(about.integer("data_seed", 0, 0, 1 << 30, "seed of the data set's draws"));
  about.finish();
  work.measure = MeasureOptions::read(suite);
  work.dataset = make_dataset(work.dataset_name, suite, work.data_seed);
  work.autoencoder = AutoencoderRecipe::read(suite);
  work.detector = DetectorRecipe::read(suite, *work.dataset);
  return work;
}

/// The stages, and where their files lie. Their work holds what it reads of the suite.
struct InstrumentRun {
  std::shared_ptr<const Work> work;
  StagePointer autoencoder, detector, calibration, measuring;
  std::filesystem::path autoencoder_file, detector_file;

  std::vector<StagePointer> stages() const {
    if (work->measure.shipped) return {measuring};
    if (work->autoencoder.shipped) return {detector, calibration, measuring};
    return {autoencoder, detector, calibration, measuring};
  }
};

InstrumentRun make_run(const Config& suite, const std::filesystem::path& store) {
  InstrumentRun run;
  run.work = std::make_shared<const Work>(read_work(suite));
  const std::shared_ptr<const Work> work = run.work;
  const std::string side = std::to_string(work->dataset->height());
  // Every stage draws from the data, and a stage's version rises when its recipe gives other weights or other measures.
  const auto stage = [&](StageSpec made) {
    made.label = made.kind;
    made.spec["data"] = work->dataset->fingerprint();
    return make_stage(store, std::move(made));
  };
  // A stage's files are named by its folder, which is known when the stage is made: its work finds them there.
  const std::string autoencoder_name = "autoencoder-" + side + ".safetensors",
                    detector_name = "detector-" + side + ".safetensors";
  run.autoencoder = stage({.kind = "train_autoencoder",
                           .version = 2,
                           .spec = {{"recipe", work->autoencoder.to_json()}},
                           .work = [work, autoencoder_name](const RunFolder& folder, Json&) {
                             return train_autoencoder(work->autoencoder, *work->dataset, folder,
                                                      folder.file(autoencoder_name), work->placement);
                           }});
  run.detector = stage(
      {.kind = "train_detector",
       .version = 2,
       .spec = {{"recipe", work->detector.to_json()}},
       .work = [work](const RunFolder& folder, Json&) { return run_detector(*work, folder, folder.file(kTrained)); }});
  const auto trained_file = run.detector->folder->file(kTrained);
  run.calibration = stage({.kind = "calibrate_detector",
                           .version = 2,
                           .spec = {{"measure", work->measure.to_json()}},
                           .inputs = {run.detector},
                           .work = [work, trained_file, detector_name](const RunFolder& folder, Json&) {
                             return run_calibration(*work, trained_file, folder.file(detector_name));
                           }});
  Json measured_spec = {{"measure", work->measure.to_json()}};
  std::vector<StagePointer> made;
  const auto place = [&](const char* kind, bool shipped, const StagePointer& stage_of, const std::string& file) {
    if (!shipped) {
      made.push_back(stage_of);
      return stage_of->folder->file(file);
    }
    measured_spec[kind] = sha256_file(instruments_folder() / file);
    return instruments_folder() / file;
  };
  run.autoencoder_file =
      place("autoencoder", work->measure.shipped || work->autoencoder.shipped, run.autoencoder, autoencoder_name);
  run.detector_file = place("detector", work->measure.shipped, run.calibration, detector_name);
  run.measuring = stage({.kind = "measure_instruments",
                         .version = 3,
                         .spec = measured_spec,
                         .inputs = made,
                         .work = [work, autoencoder = run.autoencoder_file, detector = run.detector_file](
                                     const RunFolder&, Json&) { return measure(*work, autoencoder, detector); }});
  return run;
}

}  // namespace

bool is_instrument_suite(const Config& suite) {
  return suite.values.contains("autoencoder") || suite.values.contains("detector");
}

void check_instrument_suite(const Config& suite) { read_work(suite); }

std::vector<StagePointer> instrument_stages(const Config& suite, const std::filesystem::path& store) {
  return make_run(suite, store).stages();
}

Json train_instruments(const Config& suite, const std::filesystem::path& store, const std::filesystem::path& out,
                       DamagePolicy policy) {
  const InstrumentRun run = make_run(suite, store);
  const Work& work = *run.work;
  require_device(work.placement, suite.place("device"));
  const ScheduleSummary summary = run_stages(run.stages(), 2, policy);
  if (!summary.failed.empty()) {
    fail_input("the instruments were not trained: {}", summary.failed.front().at("why").get<std::string>());
  }

  const Json measured = run.measuring->folder->result();
  for (const StagePointer& read : run.stages()) {
    if (read != run.measuring) require_sound(*read->folder, CheckDepth::kWhole);
  }
  std::vector<Json> entries;
  for (const auto& [kind, file] :
       {std::pair{"autoencoder", run.autoencoder_file}, std::pair{"detector", run.detector_file}}) {
    const auto shipped = out / file.filename();
    write_atomically(shipped, read_file(file));
    entries.push_back(entry(kind, shipped, work.version, read_instrument(file, kind).facts, measured.at(kind)));
  }
  const Json index = merged(out / "instruments.json", entries, work);
  write_json(out / "instruments.json", index);
  return index;
}

}  // namespace emf
