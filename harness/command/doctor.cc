// SPDX-License-Identifier: Apache-2.0
// emfbench doctor: what this build and machine are, and whether every fetched file is here and whole.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "encoders/architectures/architecture_table.h"
#include "harness/base/bounded.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/machine.h"
#include "harness/engine/store/run_store.h"
#include "harness/tensor/placement.h"

namespace emf {
namespace {

constexpr double kGigabyte = 1e9;

/// Bytes from a line "MemTotal:  24576 kB" of the kernel; null where it has no such table.
Json memory_entry(const std::string& key) {
  std::ifstream table("/proc/meminfo");
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with(key + ":")) return std::stoull(line.substr(key.size() + 1)) * 1024;
  }
  return nullptr;
}

/// What a run's provenance says of the machine, and what may change from one minute to the next.
Json machine_facts() {
  Json facts = describe_machine();
  facts["root"] = project_root().string();
  facts["torch_threads"] = at::get_num_threads();
  facts["memory_bytes"] = memory_entry("MemTotal");
  facts["memory_available_bytes"] = memory_entry("MemAvailable");
  // Only what the driver says: LibTorch's half for devices takes seconds to load.
  for (int number = 0;; ++number) {
    const Json device = device_facts(at::Device(at::kCUDA, static_cast<at::DeviceIndex>(number)));
    if (!device.contains("name")) break;
    facts["devices"].push_back(device);
  }
  return facts;
}

/// Free space where the store is, or would be made: of the nearest folder above it that exists.
Json store_facts(const std::filesystem::path& store) {
  std::error_code error;
  std::filesystem::path place = std::filesystem::absolute(store);
  while (!std::filesystem::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  const std::filesystem::space_info space = std::filesystem::space(place, error);
  Json facts = {{"path", store.string()}, {"free_bytes", nullptr}, {"total_bytes", nullptr}};
  if (!error) {
    facts["free_bytes"] = space.available;
    facts["total_bytes"] = space.capacity;
  }
  return facts;
}

std::string state_of(const PackageFile& file) {
  if (!is_file(file.path)) return "absent";
  return sha256_file(file.path) == file.sha256 ? "present" : "wrong_sha256";
}

Json package_facts() {
  Json rows = Json::array();
  for (const PackageFile& file : package_files()) {
    rows.push_back({{"id", file.id},
                    {"package", file.package},
                    {"licence", file.licence},
                    {"default", file.by_default},
                    {"path", file.path.string()},
                    {"state", state_of(file)},
                    {"how_to_get", file.how_to_get()}});
  }
  return rows;
}

/// Checkpoints of these families load.
Json family_facts() {
  Json rows = Json::array();
  for (const ArchitectureRow& row : architecture_table()) {
    rows.push_back({{"model_type", row.name}, {"models", row.models}, {"gguf", row.gguf}});
  }
  return rows;
}

std::string gigabytes(const Json& bytes) {
  return bytes.is_null() ? "unknown" : fmt::format("{:.1f} GB", bytes.get<double>() / kGigabyte);
}

void print_text(const Json& report) {
  const auto text = [](const Json& value) { return value.get<std::string>(); };
  const auto line = [](const char* name, const std::string& value) { print_shown("{:<10} {}\n", name, value); };
  const Json &machine = report["machine"], &store = report["store"];
  line("emfbench", fmt::format("{}, {}, commit {}{}", text(machine["emfbench"]), text(machine["compiler"]),
                               text(machine["commit"]), machine["dirty"] ? " with changes" : ""));
  line("libtorch", text(machine["libtorch"]));
  line("system", text(machine["system"]));
  line("cpu", fmt::format("{}, {}, {} cores, {} threads", text(machine["cpu"]), text(machine["simd"]),
                          machine["threads"].get<int>(), machine["torch_threads"].get<int>()));
  for (const Json& device : machine.value("devices", Json::array())) {
    line("device",
         fmt::format("{}, {}, capability {}, driver {}", text(device["name"]), gigabytes(device["memory_bytes"]),
                     device.value("capability", "?"), device.value("driver", "?")));
  }
  line("memory",
       fmt::format("{}, {} free", gigabytes(machine["memory_bytes"]), gigabytes(machine["memory_available_bytes"])));
  line("store", fmt::format("{}, {} free", text(store["path"]), gigabytes(store["free_bytes"])));
  for (const Json& row : report["packages"]) {
    const std::string state = text(row["state"]);
    line("package",
         fmt::format("{:<28} {:<12} {}, {}{}", text(row["id"]), state, text(row["package"]), text(row["licence"]),
                     state == "present" ? "" : "; get it with: " + text(row["how_to_get"])));
  }
  std::vector<std::string> folders, files;
  for (const Json& row : report["families"]) {
    folders.push_back(text(row["model_type"]));
    for (const Json& name : row["gguf"]) files.push_back(text(name));
  }
  line("loads", fmt::format("folders of {}", fmt::join(folders, ", ")));
  line("", fmt::format("GGUF files of {}", fmt::join(files, ", ")));
}

class Doctor : public Command {
 public:
  void declare(const Flags& flags) override { add_store_option(flags, store_); }

  ExitCode run(const CommonFlags& flags) override {
    Json report = {{"machine", machine_facts()},
                   {"store", store_facts(store_)},
                   {"packages", package_facts()},
                   {"families", family_facts()}};
    bool good = true;
    for (const Json& row : report["packages"]) good = good && (row["state"] == "present" || !row["default"]);
    report["good"] = good;
    if (flags.json) {
      print_json(report);
    } else {
      print_text(report);
    }
    return good ? ExitCode::kGood : ExitCode::kMissing;
  }

 private:
  std::string store_;
};

EMF_REGISTER(CommandRegistry, "doctor", "This build, this machine, and whether every fetched file is here and whole",
             std::make_unique<Doctor>);

}  // namespace
}  // namespace emf
