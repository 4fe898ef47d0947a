// emfbench train-instruments SUITE: trains, measures and writes the autoencoder and the detector.
#include <fmt/format.h>

#include "harness/base/paths.h"
#include "harness/command/command.h"
#include "harness/engine/instrument_suite.h"
#include "harness/models/instrument_file.h"

namespace emf {
namespace {

class TrainInstruments : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("suite", suite_, "the suite's .toml")->default_val("experiments/instruments.toml");
    app.add_option("assignments", assignments_, "key=value: replaces a key of the suite");
    app.add_option("--store", store_, "where checkpoints and runs go")->default_val("store");
    app.add_option("--out", out_, "where the instrument files go (default: data/instruments of the project)");
  }

  ExitCode run(const CommonFlags& flags) override {
    Config suite = load_config(suite_);
    for (const std::string& assignment : assignments_) apply_override(suite, assignment);
    const Json index = train_instruments(suite, store_, out_.empty() ? instruments_folder().string() : out_);
    if (flags.json) {
      print_json(index);
    } else {
      for (const Json& row : index.at("instruments")) {
        fmt::print("{:<16} {:>9} bytes  sha256 {}\n", row.at("name").get<std::string>(), row.at("bytes").get<int64_t>(),
                   row.at("sha256").get<std::string>());
      }
    }
    return ExitCode::kGood;
  }

 private:
  std::string suite_, store_, out_;
  std::vector<std::string> assignments_;
};

EMF_REGISTER(CommandRegistry, "train-instruments", "Trains the autoencoder and the detector that every score rests on",
             std::make_unique<TrainInstruments>);

}  // namespace
}  // namespace emf
