// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/damage.h"

#include <map>
#include <memory>
#include <mutex>

#include "harness/base/file.h"
#include "harness/base/interrupt.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// What this process knows of one stage.
struct Known {
  std::mutex looking;  ///< one thread looks, the others wait for what it finds
  bool here = false, whole = false;
};

class KnownStages {
 public:
  std::shared_ptr<Known> of(const fs::path& folder) {
    const std::lock_guard lock(mutex_);
    auto& known = stages_[folder.string()];
    if (!known) known = std::make_shared<Known>();
    return known;
  }
  void forget(const fs::path& folder) {
    const std::lock_guard lock(mutex_);
    stages_.erase(folder.string());
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    stages_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Known>> stages_;
};

KnownStages& known_stages() {
  static KnownStages known;
  return known;
}

bool is_wanted(const RunFolder& folder, const std::string& file, CheckDepth depth) {
  if (file.rfind("shards/", 0) == 0) return false;
  std::error_code absent;
  return depth == CheckDepth::kWhole || !file.ends_with(".safetensors") || fs::exists(folder.file(file), absent);
}

std::string remedy(const RunFolder& folder, const FolderDamage& damage) {
  // A run finds what is damaged by itself; what is absent it misses only where a stage has still to read it.
  if (!damage.what.starts_with("is missing")) return "run its suite again: the stage is moved aside and made anew";
  return fmt::format("move {} away and run its suite again: the stage is made anew", folder.path().string());
}

}  // namespace

DamagedStage::DamagedStage(const RunFolder& folder, FolderDamage damage)
    : UserError(describe_damage(folder.name(), damage) + "; " + remedy(folder, damage)),
      folder_(folder.path()),
      damage_(std::move(damage)) {}

void require_sound(const RunFolder& folder, CheckDepth depth) {
  const std::shared_ptr<Known> known = known_stages().of(folder.path());
  const std::lock_guard lock(known->looking);
  if (known->whole || (known->here && depth == CheckDepth::kHere)) return;
  const FolderCheck check = check_folder(
      folder.path(), sealed_mark(folder.path()), folder.sealed_as(),
      [&](const std::string& file) { return is_wanted(folder, file, depth); },
      [](uint64_t) {
        if (interrupted()) stop_interrupted();
      });
  if (!check.damage.empty()) throw DamagedStage(folder, check.damage.front());
  // What was removed to save room is missed where another stage reads it, and only there.
  if (depth == CheckDepth::kWhole && !check.cleaned.empty())
    throw DamagedStage(folder, {*check.cleaned.begin(), "is missing: `emfbench clean` removed it"});
  known->here = true;
  known->whole = depth == CheckDepth::kWhole;
}

fs::path set_aside(const RunFolder& folder, const std::string& why) {
  const fs::path shelf = folder.store() / "aside";
  make_folder(shelf);
  write_atomically(folder.file("WHY"), why + "\n");
  known_stages().forget(folder.path());
  for (int number = 1;; ++number) {
    fs::path to = shelf / (folder.kind() + "-" + folder.hash());
    if (number > 1) to += "-" + std::to_string(number);
    std::error_code failed;
    if (fs::exists(to, failed)) continue;
    fs::rename(folder.path(), to, failed);
    if (!failed) return to;
    // Another process took the name between the two.
    if (failed == std::errc::directory_not_empty || failed == std::errc::file_exists) continue;
    fail_input("cannot move {} to {} ({})", folder.path().string(), to.string(), failed.message());
  }
}

void forget_checks() { known_stages().forget(); }

}  // namespace emf
