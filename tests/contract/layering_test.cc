// The house's rules that the compiler does not check: who may include whom, and one file a plugin.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "harness/api/backbone.h"
#include "harness/api/dataset.h"
#include "harness/api/encoder.h"
#include "harness/api/judge.h"
#include "harness/api/metric.h"
#include "harness/api/model.h"
#include "harness/api/objective.h"
#include "harness/api/probe.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/command/command.h"

namespace emf {
namespace {

/// What the folders below a plugin's may be included by every plugin.
const std::set<std::string> kInterfaces = {"harness/base",   "harness/captions", "harness/rules", "harness/statistics",
                                           "harness/tensor", "harness/weights",  "harness/api"};

std::set<std::string> with(std::set<std::string> folders, const std::set<std::string>& more) {
  folders.insert(more.begin(), more.end());
  return folders;
}

/// Folder -> folders whose headers it may include, from the lowest to the highest.
const std::vector<std::pair<std::string, std::set<std::string>>> kMayInclude = {
    {"harness/base", {"harness/base"}},
    {"harness/captions", {"harness/base", "harness/captions"}},
    {"harness/rules", {"harness/base", "harness/captions", "harness/rules"}},
    {"harness/statistics", {"harness/base", "harness/statistics"}},
    {"harness/tensor", {"harness/base", "harness/tensor"}},
    {"harness/weights", {"harness/base", "harness/tensor", "harness/weights"}},
    {"harness/api", kInterfaces},
    {"harness/kernels", {"harness/base", "harness/tensor", "harness/kernels"}},
    {"data", with(kInterfaces, {"data"})},
    {"encoders", with(kInterfaces, {"harness/kernels", "encoders"})},
    {"probes", with(kInterfaces, {"probes"})},
    {"harness/models", with(kInterfaces, {"harness/kernels", "harness/models"})},
    {"harness/objectives", with(kInterfaces, {"harness/kernels", "harness/objectives"})},
    {"harness/codecs", with(kInterfaces, {"harness/kernels", "harness/codecs"})},
    {"harness/judges", with(kInterfaces, {"harness/kernels", "harness/judges"})},
    {"harness/backbones", with(kInterfaces, {"harness/kernels", "harness/backbones"})},
    {"reports", {"harness/base", "harness/captions", "harness/rules", "harness/statistics", "harness/api", "reports"}},
    {"harness/engine/store", with(kInterfaces, {"harness/engine/store"})},
    {"harness/engine/text", with(kInterfaces, {"harness/engine/store", "harness/engine/text"})},
    {"harness/engine/pictures",
     with(kInterfaces, {"harness/codecs", "harness/engine/store", "harness/engine/text", "harness/engine/pictures"})},
    {"harness/engine/training", with(kInterfaces, {"harness/engine/store", "harness/engine/text",
                                                   "harness/engine/pictures", "harness/engine/training"})},
    {"harness/engine/scoring",
     with(kInterfaces, {"harness/codecs", "harness/backbones", "harness/engine/store", "harness/engine/text",
                        "harness/engine/pictures", "harness/engine/scoring"})},
    {"harness/engine/stages",
     with(kInterfaces,
          {"harness/engine/store", "harness/engine/text", "harness/engine/pictures", "harness/engine/training",
           "harness/engine/scoring", "harness/engine/stages", "harness/engine/suite"})},
    {"harness/engine/suite", with(kInterfaces, {"harness/engine"})},
    {"harness/instruments",
     with(kInterfaces, {"harness/codecs", "harness/judges", "harness/engine/store", "harness/engine/training",
                        "harness/engine/scoring", "harness/engine/pictures", "harness/instruments"})},
    {"harness/plugin", {"harness/base", "harness/plugin"}},
    {"harness/command", {"harness", "reports", "data", "encoders", "probes"}},
};

/// Folders that must stay free of LibTorch, so that a report rebuilds on a laptop years later.
const std::set<std::string> kTorchFree = {"harness/base", "harness/captions", "harness/rules", "harness/statistics",
                                          "data",         "probes",           "reports"};

struct SourceFile {
  std::filesystem::path path;  ///< from the project's root
  std::vector<std::string> includes;
};

std::vector<SourceFile> sources_of(const std::string& folder) {
  static const std::regex include_line(R"(^\s*#include\s*[<"]([^>"]+)[>"])");
  std::vector<SourceFile> files;
  const std::filesystem::path root = project_root();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
    const std::string extension = entry.path().extension();
    if (extension != ".cc" && extension != ".h") continue;
    if (entry.path().filename().string().find("_test.cc") != std::string::npos) continue;
    SourceFile file{std::filesystem::relative(entry.path(), root), {}};
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (std::regex_search(line, match, include_line)) file.includes.push_back(match[1]);
    }
    files.push_back(file);
  }
  return files;
}

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

TEST(Layering, IncludesPointOneWay) {
  for (const auto& [folder, allowed] : kMayInclude) {
    for (const SourceFile& file : sources_of(folder)) {
      for (const std::string& include : file.includes) {
        const bool ours = starts_with(include, "harness/") || starts_with(include, "data/") ||
                          starts_with(include, "encoders/") || starts_with(include, "probes/") ||
                          starts_with(include, "reports/");
        if (!ours) continue;
        const bool fine = std::any_of(allowed.begin(), allowed.end(),
                                      [&](const std::string& prefix) { return starts_with(include, prefix + "/"); });
        EXPECT_TRUE(fine) << file.path << " includes " << include;
      }
    }
  }
}

TEST(Layering, FoldersWithoutLibTorch) {
  for (const std::string& folder : kTorchFree) {
    for (const SourceFile& file : sources_of(folder)) {
      for (const std::string& include : file.includes) {
        EXPECT_FALSE(starts_with(include, "torch/") || starts_with(include, "ATen/") || starts_with(include, "c10/") ||
                     starts_with(include, "harness/tensor/") || include == "harness/api/encoder.h" ||
                     include == "harness/api/model.h" || include == "harness/api/objective.h")
            << file.path << " includes " << include;
      }
    }
  }
}

TEST(Layering, FilesStayShort) {
  for (const auto& [folder, allowed] : kMayInclude) {
    for (const SourceFile& file : sources_of(folder)) {
      const std::string text = read_file(project_root() / file.path);
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 600) << file.path;
    }
  }
}

template <typename RegistryType>
void expect_named_after_files() {
  std::set<std::string> stems;
  for (const std::string& name : RegistryType::instance().names()) {
    std::string stem = std::filesystem::path(RegistryType::instance().find(name).source_file).stem();
    std::replace(stem.begin(), stem.end(), '_', '-');
    std::string dashed = name;
    std::replace(dashed.begin(), dashed.end(), '_', '-');
    EXPECT_EQ(stem, dashed);
    EXPECT_TRUE(stems.insert(stem).second) << "two plugins in " << stem;
    EXPECT_FALSE(RegistryType::instance().find(name).summary.empty()) << name;
  }
  EXPECT_FALSE(stems.empty());
}

TEST(Plugins, NoNameIsClaimedTwice) {
  EXPECT_TRUE(registration_conflicts().empty()) << registration_conflicts().front();
}

TEST(Plugins, AreNamedAfterTheirFiles) {
  expect_named_after_files<DatasetRegistry>();
  expect_named_after_files<EncoderRegistry>();
  expect_named_after_files<MetricRegistry>();
  expect_named_after_files<JudgeRegistry>();
  expect_named_after_files<BackboneRegistry>();
  expect_named_after_files<ModelRegistry>();
  expect_named_after_files<ObjectiveRegistry>();
  expect_named_after_files<ProbeRegistry>();
  expect_named_after_files<CommandRegistry>();
}

}  // namespace
}  // namespace emf
