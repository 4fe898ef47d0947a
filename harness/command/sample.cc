// emfbench sample: any prompts, painted by a row that a suite trained.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <optional>

#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/near_name.h"
#include "harness/base/terminal.h"
#include "harness/captions/prompt_file.h"
#include "harness/command/captioned_tiles.h"
#include "harness/command/command.h"
#include "harness/command/output_name.h"
#include "harness/command/store_option.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/stages/train_stage.h"
#include "harness/engine/suite/suite_graph.h"
#include "reports/report.h"

namespace emf {
namespace {

std::string row_name(const std::string& suite, const Json& row) {
  return fmt::format("{}/{}/{}/{}", suite, row.at("encoder").get<std::string>(), row.at("objective").get<std::string>(),
                     row.at("seed").dump());
}

/// A row of some suite's record in a store.
struct FoundRow {
  Json record, row;
};

/// Finds a row by the start of its run's hash, or as SUITE/ENCODER/OBJECTIVE[/SEED]; of several records the newest.
FoundRow find_row(const std::filesystem::path& store, const std::string& wanted) {
  std::vector<std::string> known;
  for (const StoredRecord& stored : records_of(store)) {
    if (!stored.damage.empty()) {
      say("warning: " + stored.damage + ": left out");
      continue;
    }
    Json record = read_json(stored.folder / "result.json");
    for (const Json& row : record.value("budgets", Json::array())) {
      const std::string name = row_name(stored.suite, row), hash = row.at("run");
      known.push_back(name);
      const bool by_hash = wanted.size() >= 6 && hash.rfind(wanted, 0) == 0;
      // Of several seeds the first one named.
      if (by_hash || name == wanted || name.rfind(wanted + "/", 0) == 0) {
        Json found = row;  // copied before its record moves away
        return {std::move(record), std::move(found)};
      }
    }
  }
  if (known.empty()) fail_missing("no suite has run in {}; run one first: emfbench run quick", store.string());
  fail_input("no trained row '{}' in {}{}; rows are named SUITE/ENCODER/OBJECTIVE/SEED, or by their run's hash", wanted,
             store.string(), suggestion(wanted, known));
}

class SampleCommand : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("--run", run_, "a trained row: its run's hash, or SUITE/ENCODER/OBJECTIVE[/SEED]").required();
    flags.option("--prompt", prompts_, "what to paint; may be given several times");
    flags.option("--prompts", file_, "or a file of prompts: .txt or .jsonl");
    flags.option("--steps", steps_, "sampling steps, one column each: 1,2,4").separated_by(',').between(1, 100000);
    flags.option("--guidance", guidance_, "classifier-free guidance, 0 to 100 (default: the suite's)")
        .between_real(0.0, 100.0);
    flags.option("--seed", seed_, "of the noise").shows_default();
    flags.option("--out", out_, "PNG to write").shows_default();
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    catch_interrupts();
    std::vector<Prompt> prompts;
    for (const std::string& text : prompts_) prompts.push_back({text, Json()});
    if (!file_.empty()) {
      const std::vector<Prompt> more = read_prompts(file_);
      prompts.insert(prompts.end(), more.begin(), more.end());
    }
    for (const std::string& text : prompts_) {
      if (text.find_first_not_of(" \t\r\n") == std::string::npos) fail_input("--prompt is empty; say what to paint");
    }
    require_ending(out_, ".png", "a PNG");
    if (prompts.empty()) fail_input("sample needs --prompt TEXT or --prompts FILE");

    const FoundRow found = find_row(store_, run_);
    Config config;
    config.values = found.record.at("config");
    config.origin = "record of suite " + found.record.at("suite").get<std::string>();
    const SuiteGraph graph = build_suite_graph(read_suite(config), store_);
    const Row& row = trained(graph, found);
    const std::vector<int64_t> steps = steps_.empty() ? graph.spec.steps : steps_;
    const double guidance = guidance_.value_or(row.guidance);

    const PictureSides sides{graph.dataset->height(), graph.dataset->width()};
    const auto objective = ObjectiveRegistry::instance().make(row.trained_by.plugin, row.trained_by.options,
                                                              ObjectiveContext{graph.spec.placement});
    const TrainedRow painter =
        load_trained_row(row.source, row.model, *objective, *row.texts->folder, *row.segments.back()->folder);
    const Condition condition = painter.conditions.encode(*painter.encoder, prompts);
    const auto condition_of = [&](int64_t begin, int64_t rows) -> Condition {
      return {condition.tokens.narrow(0, begin, rows), condition.mask.narrow(0, begin, rows)};
    };
    std::vector<Painted> columns;
    for (const int64_t count : steps) {
      columns.push_back(paint(*objective, *painter.model, painter.conditions, condition_of,
                              static_cast<int64_t>(prompts.size()), *row.codec, sides, count, guidance, seed_));
    }
    write_atomically(out_, draw(prompts, steps, columns, sides));

    if (flags.json) {
      Json times = Json::array();
      for (size_t i = 0; i < steps.size(); ++i) {
        times.push_back({{"steps", steps[i]},
                         {"seconds", columns[i].seconds},
                         {"network_evaluations", columns[i].network_evaluations}});
      }
      print_json({{"path", out_},
                  {"run", found.row.at("run")},
                  {"guidance", guidance},
                  {"prompts", prompts.size()},
                  {"columns", times}});
    } else {
      print_shown("{}\n", out_);
    }
    return ExitCode::kGood;
  }

 private:
  /// The row of the graph, whose stages must be those that trained the record's row.
  const Row& trained(const SuiteGraph& graph, const FoundRow& found) const {
    for (const Row& row : graph.rows) {
      if (row.segments.back()->hash() == found.row.at("run")) return row;
    }
    fail_input("row '{}' was trained by another version of emfbench; run the suite again: emfbench run {}", run_,
               found.record.at("suite").get<std::string>());
  }

  static std::string draw(const std::vector<Prompt>& prompts, const std::vector<int64_t>& steps,
                          const std::vector<Painted>& columns, const PictureSides& sides) {
    std::vector<Tile> tiles;
    for (size_t i = 0; i < prompts.size(); ++i) {
      for (size_t c = 0; c < columns.size(); ++c) {
        const at::Tensor rgb = columns[c].pictures[static_cast<int64_t>(i)].permute({1, 2, 0}).contiguous();
        const auto* first = rgb.data_ptr<uint8_t>();
        tiles.push_back({{first, first + rgb.numel()},
                         fmt::format("{} step{}: {}", steps[c], steps[c] == 1 ? "" : "s", prompts[i].text),
                         {}});
      }
    }
    return draw_tiles(tiles, static_cast<int>(sides.height), static_cast<int>(sides.width),
                      static_cast<int>(columns.size()), /*captions=*/true);
  }

  std::string run_, file_, store_, out_ = "sample.png";
  std::vector<std::string> prompts_;
  std::vector<int64_t> steps_;
  std::optional<double> guidance_;
  uint64_t seed_ = 0;
};

EMF_REGISTER(CommandRegistry, "sample", "Paint any prompts with a row that a suite trained",
             std::make_unique<SampleCommand>);

}  // namespace
}  // namespace emf
