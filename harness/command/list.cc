// emfbench list KIND: what is registered.
#include <fmt/format.h>

#include "harness/api/encoder.h"
#include "harness/api/metric.h"
#include "harness/api/model.h"
#include "harness/api/objective.h"
#include "harness/api/probe.h"
#include "harness/command/command.h"

namespace emf {
namespace {

template <typename RegistryType>
Json entries() {
  Json rows = Json::array();
  for (const std::string& name : RegistryType::instance().names()) {
    rows.push_back({{"name", name}, {"summary", RegistryType::instance().find(name).summary}});
  }
  return rows;
}

class List : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("kind", kind_, "encoders, datasets, models, objectives, probes, metrics")->required();
  }

  ExitCode run(const CommonFlags& flags) override {
    const std::map<std::string, std::function<Json()>> kinds = {
        {"encoders", entries<EncoderRegistry>},     {"datasets", entries<DatasetRegistry>},
        {"models", entries<ModelRegistry>},         {"objectives", entries<ObjectiveRegistry>},
        {"probes", entries<ProbeRegistry>},         {"metrics", entries<MetricRegistry>},
    };
    const auto found = kinds.find(kind_);
    if (found == kinds.end()) {
      std::vector<std::string> known;
      for (const auto& [name, rows] : kinds) known.push_back(name);
      fail_input("nothing to list called '{}'{}", kind_, suggestion(kind_, known));
    }
    const Json rows = found->second();
    if (flags.json) {
      print_json(rows);
    } else {
      for (const Json& row : rows) {
        fmt::print("{:<20} {}\n", row["name"].get<std::string>(), row["summary"].get<std::string>());
      }
    }
    return ExitCode::kGood;
  }

 private:
  std::string kind_;
};

EMF_REGISTER(CommandRegistry, "list", "What is registered: encoders, datasets, models, objectives, probes, metrics",
             std::make_unique<List>);

}  // namespace
}  // namespace emf
