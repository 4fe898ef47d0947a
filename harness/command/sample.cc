// SPDX-License-Identifier: Apache-2.0
// emfbench sample: any prompts, painted by a row that a suite trained, in its store or as a folder of its own.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/terminal.h"
#include "harness/captions/prompt_file.h"
#include "harness/command/captioned_tiles.h"
#include "harness/command/command.h"
#include "harness/command/device_option.h"
#include "harness/command/output_name.h"
#include "harness/command/store_option.h"
#include "harness/command/trained_row.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/suite/shared_row.h"

namespace emf {
namespace {

SharedRow row_of_store(const std::string& store, const std::string& wanted, const Placement& placement) {
  const FoundRow found = find_row(store, wanted);
  const SuiteGraph graph = graph_of(found.record, store, placement);
  const Row& row = trained_row(graph, found);
  const std::shared_ptr<Objective> objective = ObjectiveRegistry::instance().make(
      row.trained_by.plugin, row.trained_by.options, ObjectiveContext{graph.spec.placement});
  return {load_trained_row(row.source, row.model, *objective, *row.texts->folder, *row.segments.back()->folder),
          objective,
          row.codec,
          {graph.dataset->height(), graph.dataset->width()},
          graph.spec.steps,
          row.guidance,
          found.row.at("run").get<std::string>()};
}

class SampleCommand : public Command {
 public:
  void declare(const Flags& flags) override {
    const Flags source = flags.exactly_one("row");
    source.option("--run", run_, "a trained row: its run's hash, or SUITE/ENCODER/OBJECTIVE[/SEED]");
    source.option("--model", model_, "a folder that export --format huggingface wrote");
    flags.option("--encoder", encoder_, "with --model: where its encoder lies on this machine (llm:/path)")
        .needs("--model");
    flags.option("--prompt", prompts_, "what to paint; may be given several times");
    flags.option("--prompts", file_, "or a file of prompts: .txt or .jsonl");
    flags.option("--steps", steps_, "sampling steps, one column each: 1,2,4").separated_by(',').between(1, 100000);
    flags.option("--guidance", guidance_, "classifier-free guidance, 0 to 100 (default: the suite's)")
        .between_real(0.0, 100.0);
    flags.option("--seed", seed_, "of the noise").shows_default();
    flags.option("--out", out_, "PNG to write").shows_default();
    add_device_option(flags, device_, "what paints");
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

    const Placement placement = ready_placement(device_, "--device");
    const SharedRow painter =
        model_.empty() ? row_of_store(store_, run_, placement) : load_shared_row(model_, encoder_, placement);
    const std::vector<int64_t> steps = steps_.empty() ? painter.steps : steps_;
    const double guidance = guidance_.value_or(painter.guidance);
    const Condition condition = painter.row.conditions.encode(*painter.row.encoder, prompts);
    const auto condition_of = [&](int64_t begin, int64_t rows) -> Condition {
      return {condition.tokens.narrow(0, begin, rows), condition.mask.narrow(0, begin, rows)};
    };
    std::vector<Painted> columns;
    for (const int64_t count : steps) {
      columns.push_back(paint(*painter.objective, *painter.row.model, painter.row.conditions, condition_of,
                              static_cast<int64_t>(prompts.size()), *painter.codec, painter.sides, count, guidance,
                              seed_));
    }
    write_atomically(out_, draw(prompts, steps, columns, painter.sides));

    if (flags.json) {
      Json times = Json::array();
      for (size_t i = 0; i < steps.size(); ++i) {
        times.push_back({{"steps", steps[i]},
                         {"seconds", columns[i].seconds},
                         {"network_evaluations", columns[i].network_evaluations}});
      }
      print_json({{"path", out_},
                  {"run", painter.run},
                  {"guidance", guidance},
                  {"prompts", prompts.size()},
                  {"columns", times}});
    } else {
      print_shown("{}\n", out_);
    }
    return ExitCode::kGood;
  }

 private:
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

  std::string run_, model_, encoder_, file_, store_, out_ = "sample.png", device_ = "cpu";
  std::vector<std::string> prompts_;
  std::vector<int64_t> steps_;
  std::optional<double> guidance_;
  uint64_t seed_ = 0;
};

EMF_REGISTER(CommandRegistry, "sample", "Paint any prompts with a row that a suite trained",
             std::make_unique<SampleCommand>);

}  // namespace
}  // namespace emf
