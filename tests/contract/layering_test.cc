// SPDX-License-Identifier: Apache-2.0
// The house's rules that the compiler does not check: who may include whom, how long a file may be, one file a plugin.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "encoders/tokenizers/tokenizer.h"
#include "harness/api/backbone.h"
#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/api/encoder.h"
#include "harness/api/judge.h"
#include "harness/api/metric.h"
#include "harness/api/model.h"
#include "harness/api/objective.h"
#include "harness/api/pretraining.h"
#include "harness/api/probe.h"
#include "harness/api/section.h"
#include "harness/base/paths.h"
#include "harness/command/command.h"
#include "harness/rules/answer_rule.h"

namespace emf {
namespace {

/// What the folders below a plugin's may be included by every plugin.
const std::set<std::string> kInterfaces = {"harness/base",       "harness/captions", "harness/rules",
                                           "harness/statistics", "harness/pictures", "harness/tensor",
                                           "harness/weights",    "harness/api"};

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
    {"harness/pictures", {"harness/base", "harness/pictures"}},
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
    {"reports",
     {"harness/base", "harness/captions", "harness/rules", "harness/statistics", "harness/pictures", "harness/api",
      "reports"}},
    {"harness/engine/store", with(kInterfaces, {"harness/kernels", "harness/engine/store"})},
    {"harness/engine/text", with(kInterfaces, {"harness/engine/store", "harness/engine/text"})},
    {"harness/engine/pictures", with(kInterfaces, {"harness/codecs", "harness/kernels", "harness/engine/store",
                                                   "harness/engine/text", "harness/engine/pictures"})},
    {"harness/engine/training", with(kInterfaces, {"harness/kernels", "harness/engine/store", "harness/engine/text",
                                                   "harness/engine/pictures", "harness/engine/training"})},
    {"harness/engine/scoring",
     with(kInterfaces, {"harness/codecs", "harness/backbones", "harness/engine/store", "harness/engine/text",
                        "harness/engine/pictures", "harness/engine/scoring"})},
    {"harness/engine/stages",
     with(kInterfaces, {"harness/engine/store", "harness/engine/text", "harness/engine/pictures",
                        "harness/engine/training", "harness/engine/scoring", "harness/engine/stages"})},
    {"harness/engine/suite", with(kInterfaces, {"harness/kernels", "harness/engine"})},
    {"harness/instruments",
     with(kInterfaces, {"harness/codecs", "harness/judges", "harness/engine/store", "harness/engine/training",
                        "harness/engine/scoring", "harness/engine/pictures", "harness/instruments"})},
    {"harness/plugin", {"harness/base", "harness/plugin"}},
    {"harness/command", {"harness", "reports", "data", "encoders", "probes"}},
};

/// Folders that must stay free of LibTorch, so that a report rebuilds on a laptop years later.
const std::set<std::string> kTorchFree = {"harness/base", "harness/captions", "harness/rules", "harness/statistics",
                                          "data",         "probes",           "reports"};

/// Folders of sources that no room claims, but whose files keep the same manners.
const std::vector<std::string> kBesideTheRooms = {"benchmarks", "tests"};

/// Longer than 400 lines, and why.
const std::map<std::string, std::string> kLongFiles = {
    {"encoders/tokenizers/html_entities.cc", "the table of HTML's entities, one a line, as Python has it"},
};

/// Files that name the CPU although tensors live where Placement says, and why.
const std::map<std::string, std::string> kNamesCpu = {
    {"harness/tensor/placement.h", "the placement itself"},
    {"harness/tensor/safetensors.cc", "files are written from the host's memory, wherever a tensor lives"},
};

struct SourceFile {
  std::filesystem::path path;  ///< from the project's root
  std::vector<std::string> lines, includes;

  bool is_test() const { return path.string().ends_with("_test.cc") || path.string().starts_with("tests/"); }
};

SourceFile read_source(const std::filesystem::path& path) {
  static const std::regex include_line(R"(^\s*#include\s*[<"]([^>"]+)[>"])");
  SourceFile file{path, {}, {}};
  std::ifstream stream(project_root() / path);
  for (std::string line; std::getline(stream, line);) {
    std::smatch match;
    if (std::regex_search(line, match, include_line)) file.includes.push_back(match[1]);
    file.lines.push_back(line);
  }
  return file;
}

/// @param folder  with everything below it.
std::vector<SourceFile> sources_of(const std::string& folder, bool tests = false) {
  std::vector<SourceFile> files;
  const std::filesystem::path root = project_root();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
    const std::string extension = entry.path().extension();
    if (extension != ".cc" && extension != ".h" && extension != ".cu") continue;
    SourceFile file = read_source(std::filesystem::relative(entry.path(), root));
    if (tests || !file.is_test()) files.push_back(std::move(file));
  }
  return files;
}

/// Every source of the project, tests included, once.
std::vector<SourceFile> all_sources() {
  std::vector<SourceFile> files;
  std::set<std::string> folders(kBesideTheRooms.begin(), kBesideTheRooms.end());
  for (const auto& [room, allowed] : kMayInclude) folders.insert(room);
  for (const std::string& folder : folders) {
    for (SourceFile& file : sources_of(folder, /*tests=*/true)) files.push_back(std::move(file));
  }
  return files;
}

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

/// The room that a file or an included header lies in, "" for none.
std::string room_of(const std::string& path) {
  for (const auto& [room, allowed] : kMayInclude) {
    if (starts_with(path, room + "/")) return room;
  }
  return "";
}

/// Room -> rooms it includes -> one place where it does.
std::map<std::string, std::map<std::string, std::string>> includes_between_rooms() {
  std::map<std::string, std::map<std::string, std::string>> graph;
  for (const auto& [room, allowed] : kMayInclude) {
    for (const SourceFile& file : sources_of(room)) {
      for (const std::string& include : file.includes) {
        const std::string other = room_of(include);
        if (!other.empty() && other != room) {
          graph[room].try_emplace(other, file.path.string() + " includes " + include);
        }
      }
    }
  }
  return graph;
}

/// Walks from `room` up to the first room met twice.   @param path  rooms walked through so far.
/// @return  the circle, one include a line; "" for none.
std::string circle_from(const std::string& room, const std::map<std::string, std::map<std::string, std::string>>& graph,
                        std::vector<std::string>& path, std::set<std::string>& finished) {
  const auto before = std::find(path.begin(), path.end(), room);
  if (before != path.end()) {
    std::string circle;
    for (auto step = before; step != path.end(); ++step) {
      circle += "\n  " + graph.at(*step).at(step + 1 == path.end() ? room : *(step + 1));
    }
    return circle;
  }
  if (!finished.insert(room).second || graph.count(room) == 0) return "";
  path.push_back(room);
  for (const auto& [other, place] : graph.at(room)) {
    const std::string circle = circle_from(other, graph, path, finished);
    if (!circle.empty()) return circle;
  }
  path.pop_back();
  return "";
}

TEST(Layering, EverySourceNamesItsLicence) {
  for (const SourceFile& file : all_sources()) {
    EXPECT_EQ(file.lines.front(), "// SPDX-License-Identifier: Apache-2.0") << file.path;
  }
}

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
        EXPECT_TRUE(fine) << file.path << " includes " << include << ", which stands above " << folder;
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

/// A kernel needs its compiler's own headers, its room's, and what a call is: of harness/kernels/fused, what knows no
/// LibTorch.
void expect_kernels_alone(const std::string& room, const std::set<std::string>& glue, const std::string& own) {
  for (const SourceFile& file : sources_of(room)) {
    if (glue.count(file.path.stem()) > 0) continue;
    for (const std::string& include : file.includes) {
      const bool of_standard = include.find('/') == std::string::npos && !include.ends_with(".h");
      const bool of_call = std::regex_match(include, std::regex("harness/kernels/fused/(?!launchers|operation).*"));
      EXPECT_TRUE(of_standard || of_call || starts_with(include, own) || starts_with(include, room))
          << file.path << " includes " << include;
    }
  }
}

TEST(Layering, KernelsIncludeThemselvesAlone) {
  expect_kernels_alone("harness/kernels/cuda/", {"cuda_launchers", "registration"}, "cuda");
  expect_kernels_alone("harness/kernels/cpu/",
                       {"cpu_launchers", "linear_operation", "packed_weights", "products", "registration"},
                       "immintrin.h");
}

TEST(Layering, RoomsIncludeEachOtherInNoCircle) {
  const auto graph = includes_between_rooms();
  std::set<std::string> finished;
  for (const auto& [room, others] : graph) {
    std::vector<std::string> path;
    const std::string circle = circle_from(room, graph, path, finished);
    ASSERT_TRUE(circle.empty()) << "rooms include each other in a circle:" << circle;
  }
}

TEST(Layering, TheEngineHasSevenRooms) {
  std::set<std::string> found, known;
  for (const auto& entry : std::filesystem::directory_iterator(project_root() / "harness" / "engine")) {
    if (entry.is_directory()) found.insert("harness/engine/" + entry.path().filename().string());
  }
  for (const auto& [room, allowed] : kMayInclude) {
    if (starts_with(room, "harness/engine/")) known.insert(room);
  }
  EXPECT_EQ(found, known) << "a folder of the engine is a room with a line in kMayInclude";
  EXPECT_EQ(known.size(), 7u) << "an eighth room is a question of its own: harness/engine/README.md";
}

TEST(Layering, FilesStayShort) {
  for (const SourceFile& file : all_sources()) {
    if (kLongFiles.count(file.path) > 0) {
      EXPECT_GT(file.lines.size(), 400u) << file.path << " is short by now; take it off the list";
    } else {
      EXPECT_LE(file.lines.size(), 400u) << file.path << " has more than 400 lines";
    }
  }
}

/// From `class X` at the margin to the closing brace there: what a namespace holds is not indented here.
TEST(Layering, ClassesStayShort) {
  static const std::regex opening(R"(^(class|struct) (\w+)[^;]*$)");
  for (const SourceFile& file : all_sources()) {
    for (size_t first = 0; first < file.lines.size(); ++first) {
      std::smatch match;
      if (!std::regex_search(file.lines[first], match, opening)) continue;
      size_t last = first;
      while (last < file.lines.size() && !starts_with(file.lines[last], "};")) ++last;
      EXPECT_LE(last - first + 1, 250u) << file.path << ":" << first + 1 << " " << match[2]
                                        << " has more than 250 lines";
    }
  }
}

TEST(Layering, EveryFolderOfMoreThanThreeFilesHasAReadme) {
  std::map<std::filesystem::path, int> files;
  for (const SourceFile& file : all_sources()) {
    if (!file.is_test()) ++files[file.path.parent_path()];
  }
  for (const auto& [folder, count] : files) {
    if (count <= 3) continue;
    EXPECT_TRUE(std::filesystem::exists(project_root() / folder / "README.md"))
        << folder << " has " << count << " sources and no README.md";
  }
}

TEST(Layering, PlacementAloneNamesTheCpu) {
  for (const SourceFile& file : all_sources()) {
    if (file.is_test() || kNamesCpu.count(file.path) > 0) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      EXPECT_TRUE(file.lines[i].find("kCPU") == std::string::npos)
          << file.path << ":" << i + 1 << " names the CPU; tensors live where Placement says";
    }
  }
}

/// Files that may write to the terminal themselves, and why.
const std::map<std::string, std::string> kWrites = {
    {"harness/base/terminal.cc", "the door itself"},
    {"harness/base/terminal.h", "its words"},
    {"harness/base/progress.cc", "the live line, whose escapes are the program's own"},
    {"harness/base/bounded.cc", "the last word of a process that ends"},
    {"harness/command/program.cc", "errors, shown"},
    {"harness/command/score_answers.cc", "notes, shown"},
};

TEST(Layering, TextOfOthersGoesToTheTerminalByOneDoor) {
  for (const SourceFile& file : all_sources()) {
    if (file.is_test() || kWrites.count(file.path) > 0 || starts_with(file.path, "benchmarks/")) continue;
    for (size_t i = 0; i < file.lines.size(); ++i) {
      EXPECT_TRUE(file.lines[i].find("fmt::print(") == std::string::npos && file.lines[i].find("std::c") != 0)
          << file.path << ":" << i + 1 << " prints; print_shown() shows control characters instead of sending them";
    }
  }
}

TEST(Layering, NobodyAsksTheFileSystemWithoutAnErrorCode) {
  // A name too long, a circle of links or a forbidden folder would end as an internal error.
  static const std::regex asks(R"((std::filesystem|fs)::(exists|is_directory|is_regular_file)\(([^()]|\([^()]*\))*\))");
  for (const SourceFile& file : all_sources()) {
    if (file.is_test() || starts_with(file.path, "harness/engine/store/") || starts_with(file.path, "benchmarks/") ||
        starts_with(file.path, "harness/engine/stages/") || file.path == "harness/base/bounded.cc" ||
        file.path.string().ends_with("_fixture.h")) {
      continue;
    }
    for (size_t i = 0; i < file.lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(file.lines[i], match, asks)) continue;
      EXPECT_TRUE(match[0].str().find(',') != std::string::npos)
          << file.path << ":" << i + 1 << ": " << match[0] << "; ask path_exists(), is_folder() or is_file()";
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

TEST(Layering, EveryFolderOfTheHarnessIsARoom) {
  // A folder that the map does not know would be held to nothing.
  for (const auto& entry : std::filesystem::directory_iterator(project_root() / "harness")) {
    const std::string folder = "harness/" + entry.path().filename().string();
    if (!entry.is_directory() || folder == "harness/engine") continue;  // the engine's rooms have a test of their own
    EXPECT_EQ(room_of(folder + "/x.h"), folder) << "needs a line in kMayInclude";
  }
}

TEST(Plugins, NoNameIsClaimedTwice) {
  EXPECT_TRUE(registration_conflicts().empty()) << registration_conflicts().front();
}

TEST(Plugins, AreNamedAfterTheirFiles) {
  expect_named_after_files<DatasetRegistry>();
  expect_named_after_files<EncoderRegistry>();
  expect_named_after_files<MetricRegistry>();
  expect_named_after_files<AnswerRuleRegistry>();
  expect_named_after_files<CodecRegistry>();
  expect_named_after_files<JudgeRegistry>();
  expect_named_after_files<BackboneRegistry>();
  expect_named_after_files<ModelRegistry>();
  expect_named_after_files<ObjectiveRegistry>();
  expect_named_after_files<ProbeRegistry>();
  expect_named_after_files<PretrainingRegistry>();
  expect_named_after_files<SectionRegistry>();
  expect_named_after_files<CommandRegistry>();
  expect_named_after_files<TokenizerRegistry>();
}

}  // namespace
}  // namespace emf
