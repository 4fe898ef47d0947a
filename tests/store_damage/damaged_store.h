// SPDX-License-Identifier: Apache-2.0
// A small store in which every kind of stage has finished, another in which a training was killed, copies to damage.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/base/random.h"
#include "harness/engine/suite/suite_graph.h"
#include "tests/temporary_folder.h"

namespace emf {

/// A file that a store keeps.
struct StoredFile {
  std::string file;  ///< relative to the store
  bool interrupted = false;

  /// runs/<kind>/<hash>, or the cache's folder.
  std::filesystem::path folder() const;
  /// "runs/train/<hash>"; "" outside of stages.
  std::string stage() const;
  /// "train/checkpoints/final.safetensors": the file without what tells one stage from another.
  std::string artifact() const;
  /// True where an edit may stay unnoticed because nobody reads what it changed: a text of a shard that no stage asked
  /// for; tensors that were removed and that nobody reads.
  bool may_be_passed_over(const std::string& edit) const;
};

/// Changes a file by one of: a flipped bit, another byte, another digit, a piece cut off, emptied, a byte more, the
/// file of the same name from another stage, removed.   @return  which.
std::string damage_file(const std::filesystem::path& store, const std::string& file, Random& random,
                        const std::vector<StoredFile>& files);

class DamagedStores {
 public:
  DamagedStores();

  SuiteGraph graph(const std::filesystem::path& store) const;
  /// A copy of the finished or of the interrupted store: second names of its files.
  std::filesystem::path copy(bool interrupted);
  const std::vector<StoredFile>& files(bool interrupted) const { return interrupted ? killed_ : finished_; }
  /// The i-th place to try: kinds of artifacts in turn, one of their files at random.
  StoredFile place(size_t i, Random& random) const;
  /// Removes the stages that read a file's stage, so that a run reads the file again.
  void remove_readers(const std::filesystem::path& store, const StoredFile& place) const;
  /// Files that tell of results and are not those of the undamaged store: all but times and machines.
  std::vector<std::string> differences(const std::filesystem::path& store) const;
  /// True when every stage and shard is what its manifest says.
  bool is_sound(const std::filesystem::path& store) const;

 private:
  void interrupt_trainings(const std::filesystem::path& store) const;
  std::vector<StoredFile> list(const std::filesystem::path& store, bool interrupted) const;

  TemporaryFolder folder_;
  std::vector<StoredFile> finished_, killed_;
  std::map<std::string, std::vector<StoredFile>> by_artifact_;
  std::vector<std::string> artifacts_;
  int copies_ = 0;
};

}  // namespace emf
