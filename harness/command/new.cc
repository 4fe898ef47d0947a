// SPDX-License-Identifier: Apache-2.0
// emfbench new KIND NAME: one file that already is a working plugin, to be changed into the one you want.
#include <fmt/format.h>

#include <filesystem>

#include "harness/api/backbone.h"
#include "harness/api/codec.h"
#include "harness/api/encoder.h"
#include "harness/api/judge.h"
#include "harness/api/metric.h"
#include "harness/api/objective.h"
#include "harness/api/probe.h"
#include "harness/api/section.h"
#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/plugin/file_template.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// The file that has the name already, "" when it is free.
template <typename RegistryType>
std::string holder(const std::string& name) {
  const auto& registry = RegistryType::instance();
  return registry.contains(name) ? registry.find(name).origin() : "";
}

std::string holder_of(const std::string& kind, const std::string& name) {
  if (kind == "encoder") return holder<EncoderRegistry>(name);
  if (kind == "dataset") return holder<DatasetRegistry>(name);
  if (kind == "objective") return holder<ObjectiveRegistry>(name);
  if (kind == "probe") return holder<ProbeRegistry>(name);
  if (kind == "metric") return holder<MetricRegistry>(name);
  if (kind == "codec") return holder<CodecRegistry>(name);
  if (kind == "judge") return holder<JudgeRegistry>(name);
  if (kind == "backbone") return holder<BackboneRegistry>(name);
  if (kind == "section") return holder<SectionRegistry>(name);
  return "";  // a suite is its file
}

/// What to do with the file; a plugin inside the tree is built by the next ./emfbench.
std::string next_step(const TemplateKind& kind, const std::string& name, const fs::path& file, bool outside) {
  if (kind.kind == "suite") return fmt::format("run it: emfbench run {}", outside ? file.string() : name);
  if (outside) return fmt::format("build it: ./emfbench build-plugin {}", file.string());
  if (kind.kind == "encoder") return fmt::format("try it: ./emfbench run smoke encoders=hash,{}", name);
  return fmt::format("build and list it: ./emfbench list {}s", kind.kind);
}

class New : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("kind", kind_, "encoder, dataset, objective, probe, metric, codec, judge, backbone, section or suite")
        .required();
    flags.option("name", name_, "snake_case: the file's and the registered name").required();
    flags.option("--folder", folder_, "write the file here instead of into the tree, for build-plugin");
  }

  ExitCode run(const CommonFlags& flags) override {
    const TemplateKind& kind = find_kind();
    require_plugin_name(name_);
    const std::string taken = holder_of(kind.kind, name_);
    if (!taken.empty())
      fail_input("{} '{}' is registered already, by {}; choose another name", kind.kind, name_, taken);
    const fs::path folder = folder_.empty() ? project_root() / kind.folder : fs::absolute(folder_);
    const fs::path file = folder / (name_ + kind.extension);
    if (path_exists(file)) fail_input("{} is there already and was left as it is; choose another name", file.string());
    write_atomically(file, fill_template(kind, name_));
    if (flags.json) {
      print_json({{"kind", kind.kind}, {"name", name_}, {"path", file.string()}});
    } else {
      print_shown("{}\n", file.string());
    }
    say(next_step(kind, name_, file, !folder_.empty()));
    return ExitCode::kGood;
  }

 private:
  const TemplateKind& find_kind() const {
    std::vector<std::string> known;
    for (const TemplateKind& kind : template_kinds()) {
      if (kind.kind == kind_) return kind;
      known.push_back(kind.kind);
    }
    fail_input("there is no kind '{}' to write{}", kind_, suggestion(kind_, known));
  }

  std::string kind_, name_, folder_;
};

EMF_REGISTER(CommandRegistry, "new",
             "Write one file that is a working encoder, dataset, objective, probe, metric, codec, judge, backbone, "
             "section or suite",
             std::make_unique<New>);

}  // namespace
}  // namespace emf
