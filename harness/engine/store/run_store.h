// SPDX-License-Identifier: Apache-2.0
// Where results live: one folder a stage and spec hash, finished by a DONE or FAILED written last. DONE holds the
// digest of a manifest, which holds those of all files.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "harness/base/json.h"

namespace emf {

/// kUnsealed: finished by a layout before 3, whose stages have no digests.
enum class StageState { kAbsent, kBroken, kUnsealed, kDone, kFailed };

/// `<store>/runs/<kind>/<hash>/`: spec.json, events.jsonl, items/, samples/, checkpoints/, result.json,
/// provenance.json, manifest.json, and DONE or FAILED last. A folder without either was interrupted; its checkpoints
/// are used again.
class RunFolder {
 public:
  RunFolder(const std::filesystem::path& store, std::string kind, Json spec);

  const std::string& hash() const { return hash_; }
  const std::string& kind() const { return kind_; }
  const Json& spec() const { return spec_; }
  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& store() const { return store_; }
  /// "train/0123456789abcdef", as messages and `damage` call it.
  std::string name() const { return kind_ + "/" + hash_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

  StageState state() const;
  /// Writes spec.json; removes a FAILED mark.  @throws UserError  the store cannot be written.
  void begin() const;
  /// result.json, provenance.json, the manifest of all files, then DONE with its digest.
  /// @param passing  files that are removed as soon as DONE stands: no manifest lists them.
  void finish(const Json& result, const Json& provenance, const std::set<std::string>& passing = {}) const;
  /// Likewise of what was finished before there were manifests: what lies there is taken as it is.
  void seal(const std::set<std::string>& passing = {}) const;
  /// FAILED with the reason.
  void fail(const std::string& why) const;
  /// Likewise of a suite's record, which can be read all the same: it is sealed, and FAILED holds the digest, too.
  void fail_sealed(const std::string& why) const;

  /// What the manifest says of the folder: {"kind", "hash"}.
  Json sealed_as() const { return {{"kind", kind_}, {"hash", hash_}}; }

  Json result() const;      ///< of a finished stage
  Json provenance() const;  ///< of a finished stage
  std::string why_failed() const;

  /// Appends one line to events.jsonl.
  void event(const Json& line) const;
  /// Bytes of events.jsonl, to be kept in a checkpoint.
  uint64_t events_size() const;
  /// SHA-256 of the first `size` bytes of events.jsonl; "" where it has fewer.
  std::string events_digest(uint64_t size) const;
  /// Cuts events.jsonl back to a checkpoint's size, so that a resumed run leaves the same lines as an undisturbed one.
  void cut_events(uint64_t size) const;

 private:
  std::string kind_;
  Json spec_;
  std::string hash_;
  std::filesystem::path store_, path_;
};

/// In a suite's folder while it runs: how far it is (PaceNow), for `emfbench status`.
constexpr const char* kToldFile = "progress.json";

/// Holds `<folder>/LOCK` until destroyed; waits while another process works on the
/// stage. Released by the kernel if we die. A folder that was moved aside meanwhile is made anew and locked.
class StageLock {
 public:
  /// @param what  for people, when it has to wait over a second; "" = the folder's name.
  explicit StageLock(const RunFolder& folder, const std::string& what = "");
  ~StageLock();
  StageLock(const StageLock&) = delete;
  StageLock& operator=(const StageLock&) = delete;

 private:
  void wait_for(const std::string& path, const std::string& what) const;

  int descriptor_;
};

/// Whether a process holds the lock of such a folder now. Nothing is made, and nobody is kept waiting.
bool is_worked_on(const std::filesystem::path& folder);

}  // namespace emf
