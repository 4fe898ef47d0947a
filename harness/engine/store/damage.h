// SPDX-License-Identifier: Apache-2.0
// Stored stages are verified and not believed: checked when read, once a process; what is damaged is moved aside.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/error.h"
#include "harness/base/manifest.h"
#include "harness/engine/store/run_store.h"

namespace emf {

/// A stage's folder that is not what was written there.
class DamagedStage : public UserError {
 public:
  DamagedStage(const RunFolder& folder, FolderDamage damage);
  const std::filesystem::path& folder() const { return folder_; }
  const FolderDamage& damage() const { return damage_; }

 private:
  std::filesystem::path folder_;
  FolderDamage damage_;
};

/// How much of a finished stage is looked at.
enum class CheckDepth {
  kHere,  ///< all that is here; tensors that somebody removed to save room are missed by nobody yet
  kWhole  ///< all: some other stage reads it
};

/// Sees that a finished stage is what was written: its mark, its manifest, its files. Once a process, stage and depth;
/// may be called from several threads at once. Shards of texts are left out: they check each text when it is read.
/// @throws DamagedStage  names stage and file.   @cost  reads what is looked at: about a second for 2 GB.
void require_sound(const RunFolder& folder, CheckDepth depth);

/// Moves a stage's folder to <store>/aside/<kind>-<hash>[-N], with the reason in its WHY. Whoever calls holds the lock.
/// @return  where it lies now.   @throws UserError  it cannot be moved.
std::filesystem::path set_aside(const RunFolder& folder, const std::string& why);

/// What was found sound is looked at again when it is read next: in tests, which damage it behind the process's back.
void forget_checks();

}  // namespace emf
