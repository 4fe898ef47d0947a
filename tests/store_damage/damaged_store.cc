// SPDX-License-Identifier: Apache-2.0
#include "tests/store_damage/damaged_store.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/progress.h"
#include "harness/engine/store/store_audit.h"
#include "harness/engine/suite/suite_record.h"
#include "harness/engine/text/cache_audit.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuite = R"(
encoders = ["class_label", "hash", "clip_small", "tuned"]
objectives = ["flow_matching", "mean_flow"]
steps = [1]
seeds = [0]
metrics = ["geneval", "kid"]
main_metric = "geneval"
probes = ["disentanglement", "discriminability"]
latent = "autoencoder"
[suite]
name = "damaged"
question = "Is whatever was changed found?"
[encoder.tuned]
encoder = "class_label"
values_of = "class_label/flow_matching"
[pretraining]
captions = 64
batch = 16
[data]
name = "scenes"
side = 32
classes = 3
colors = 2
[model]
width = 16
depth = 1
heads = 2
[train]
pictures = 64
batch = 16
checkpoints = 4
[evaluation]
prompts = 6
guidance = 1.5
)";

bool is_in(const std::string& file, const char* folder) { return file.rfind(folder, 0) == 0; }

/// All that stages make, but for what holds times and places, and for shards: of those only the texts that somebody
/// asks for are checked and read, so that damage to others stays in them.
bool tells_of_results(const std::string& file) {
  const std::string name = fs::path(file).filename().string();
  return is_in(file, "runs/") && file.find("/shards/") == std::string::npos && name != "provenance.json" &&
         name != "manifest.json" && name != "DONE" && name != "LOCK";
}

void write_plainly(const fs::path& path, const std::string& bytes) {
  // A file of its own: the copy shares its bytes with the undamaged store by second names.
  fs::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

size_t below(Random& random, size_t count) {
  return std::min(count - 1, static_cast<size_t>(random.uniform() * static_cast<double>(count)));
}

/// Another digit in place of one; the file as it is where it has none.
std::string other_digit(std::string bytes, Random& random) {
  std::vector<size_t> digits;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] >= '0' && bytes[i] <= '9') digits.push_back(i);
  }
  if (digits.empty()) return bytes;
  char& digit = bytes[digits[below(random, digits.size())]];
  digit = static_cast<char>('0' + (digit - '0' + 1 + static_cast<int>(below(random, 9))) % 10);
  return bytes;
}

std::string flipped(std::string bytes, Random& random) {
  char& byte = bytes[below(random, bytes.size())];
  byte = static_cast<char>(byte ^ (1 << below(random, 8)));
  return bytes;
}

std::string other_byte(std::string bytes, Random& random) {
  char& byte = bytes[below(random, bytes.size())];
  byte = static_cast<char>(byte + 1 + static_cast<int>(below(random, 255)));
  return bytes;
}

}  // namespace

fs::path StoredFile::folder() const {
  fs::path folder;
  const size_t parts = is_in(file, "runs/") ? 3 : 2;
  size_t taken = 0;
  for (const fs::path& part : fs::path(file)) {
    if (taken++ < parts) folder /= part;
  }
  return folder;
}

std::string StoredFile::stage() const { return is_in(file, "runs/") ? folder().string() : ""; }

std::string StoredFile::artifact() const {
  const std::string state = interrupted ? "interrupted " : "";
  if (is_in(file, "cache/")) return "cache/*.safetensors";
  std::string rest = fs::path(file).lexically_relative(folder()).string();
  if (is_in(rest, "shards/")) rest = "shards/*.safetensors";
  return state + folder().parent_path().filename().string() + "/" + rest;
}

bool StoredFile::may_be_passed_over(const std::string& edit) const {
  const std::string name = fs::path(file).filename().string();
  // Of a shard the texts that are read are checked. What is cut off behind them, or removed, is read by nobody.
  if (is_in(file, "cache/") || artifact().find("shards/") != std::string::npos) return true;
  // A checkpoint that is gone is begun without; events behind a checkpoint are cut off; the spec is written anew.
  if (interrupted) return name != "latest.safetensors" || edit == "removed";
  // Tensors may be removed to save room; who reads them misses them.
  return edit == "removed" && name.ends_with(".safetensors");
}

std::string damage_file(const fs::path& store, const std::string& file, Random& random,
                        const std::vector<StoredFile>& files) {
  const fs::path path = store / file;
  const std::string bytes = read_file(path);
  std::vector<std::string> others;
  for (const StoredFile& other : files) {
    if (other.file == file || fs::path(other.file).filename() != path.filename()) continue;
    if (std::string swapped = read_file(store / other.file); swapped != bytes) others.push_back(std::move(swapped));
  }
  for (;;) {
    const size_t kind = below(random, 12);
    std::string changed = bytes, word;
    if (kind < 5 && !bytes.empty()) changed = flipped(bytes, random), word = "a flipped bit";
    if (kind == 5 && !bytes.empty()) changed = other_byte(bytes, random), word = "another byte";
    if (kind == 6) changed = other_digit(bytes, random), word = "another digit";
    if (kind == 7 && !bytes.empty()) changed = bytes.substr(0, below(random, bytes.size())), word = "a piece cut off";
    if (kind == 8) changed.clear(), word = "emptied";
    if (kind == 9) changed += '\n', word = "a byte more";
    if (kind == 10 && !others.empty()) changed = others[below(random, others.size())], word = "that of another stage";
    if (kind == 11) {
      fs::remove(path);
      return "removed";
    }
    if (changed == bytes) continue;
    write_plainly(path, changed);
    return word;
  }
}

DamagedStores::DamagedStores() : folder_("store_damage") {
  write_color_backbone(folder_ / "backbone.pt");
  write_json(folder_ / "backbone.pt.json", {{"name", "colors"}, {"side", 32}, {"range", "0..1"}});
  folder_.write("damaged.toml", kSuite);
  // Before anything computes here: a process with threads is not to be forked.
  interrupt_trainings(folder_ / "killed");
  const SuiteOutcome outcome = run_suite(graph(folder_ / "finished"), 2, {"run", "damaged"});
  if (!outcome.summary.failed.empty()) throw std::runtime_error(outcome.summary.failed.front().dump());
  finished_ = list(folder_ / "finished", false);
  killed_ = list(folder_ / "killed", true);
  for (const auto* files : {&finished_, &killed_}) {
    for (const StoredFile& file : *files) by_artifact_[file.artifact()].push_back(file);
  }
  for (const auto& [artifact, files] : by_artifact_) artifacts_.push_back(artifact);
}

SuiteGraph DamagedStores::graph(const fs::path& store) const {
  const Config config =
      load_suite_file(folder_ / "damaged.toml", {"backbone=torchscript:" + (folder_ / "backbone.pt").string()});
  return build_suite_graph(read_suite(config), store);
}

void DamagedStores::interrupt_trainings(const fs::path& store) const {
  const auto checkpoint_of = [](const fs::path& folder) {
    return fs::exists(folder / "checkpoints" / "latest.safetensors") && !fs::exists(folder / "DONE");
  };
  const auto any = [&](const char* kind) {
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(store / "runs" / kind, absent)) {
      if (checkpoint_of(entry.path())) return true;
    }
    return false;
  };
  // Killed once in a training, whose checkpoint is kept; until it falls into one, again from the start.
  for (int attempt = 0; attempt < 50; ++attempt) {
    fs::remove_all(store);
    const pid_t child = ::fork();
    if (child == 0) {
      std::thread([&] {
        while (!any("train")) std::this_thread::sleep_for(std::chrono::microseconds(200));
        ::_exit(9);
      }).detach();
      // No exception may leave: the child would go on as a second test.
      try {
        run_suite(graph(store), 1, {"run", "damaged"});
      } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
      }
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    if (any("train")) return;
  }
  throw std::runtime_error("no training was met at its checkpoint");
}

std::vector<StoredFile> DamagedStores::list(const fs::path& store, bool interrupted) const {
  std::vector<StoredFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(store)) {
    if (!entry.is_regular_file()) continue;
    StoredFile file{entry.path().lexically_relative(store).string(), interrupted};
    const std::string name = entry.path().filename().string();
    // Of the interrupted store, what an interrupted training goes on from; the rest is as in the finished one.
    const bool wanted = interrupted ? is_in(file.file, "runs/train/") && !fs::exists(store / file.folder() / "DONE")
                                    : is_in(file.file, "runs/") || is_in(file.file, "cache/");
    if (wanted && name != "LOCK" && !name.ends_with(".tmp")) files.push_back(file);
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
  return files;
}

fs::path DamagedStores::copy(bool interrupted) {
  const fs::path from = folder_ / (interrupted ? "killed" : "finished"),
                 to = folder_ / fmt::format("copy{}", ++copies_);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path name = to / entry.path().lexically_relative(from);
    if (entry.is_directory()) {
      fs::create_directories(name);
    } else if (entry.path().filename() == "events.jsonl") {
      fs::copy_file(entry.path(), name);  // written on in place
    } else {
      fs::create_hard_link(entry.path(), name);
    }
  }
  return to;
}

StoredFile DamagedStores::place(size_t i, Random& random) const {
  const auto& files = by_artifact_.at(artifacts_[i % artifacts_.size()]);
  return files[below(random, files.size())];
}

void DamagedStores::remove_readers(const fs::path& store, const StoredFile& place) const {
  const std::string hash = place.folder().filename().string();
  std::set<fs::path> readers;
  for (const StoredFile& file : finished_) {
    if (fs::path(file.file).filename() != "spec.json" || is_in(file.file, "runs/suite/")) continue;
    const Json spec = read_json(folder_ / "finished" / file.file);
    const std::string kind = file.folder().parent_path().filename().string();
    // A shard of the cache is read when texts are encoded or pooled.
    bool reads = is_in(place.file, "cache/") && (kind == "pooled_texts" || kind.ends_with("_texts"));
    for (const Json& input : spec.at("inputs")) reads = reads || input == hash;
    if (reads) readers.insert(store / file.folder());
  }
  for (const fs::path& folder : readers) fs::remove_all(folder);
}

std::vector<std::string> DamagedStores::differences(const fs::path& store) const {
  std::vector<std::string> different;
  for (const StoredFile& file : finished_) {
    if (!tells_of_results(file.file)) continue;
    const fs::path here = store / file.file;
    if (!fs::exists(here) || sha256_file(here) != sha256_file(folder_ / "finished" / file.file)) {
      different.push_back(file.file);
    }
  }
  return different;
}

bool DamagedStores::is_sound(const fs::path& store) const {
  return audit_store(store, {}).sound() && audit_cache(store).damaged.empty();
}

}  // namespace emf
