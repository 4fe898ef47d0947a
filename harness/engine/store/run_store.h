// Where results live: one folder a stage and spec hash, finished by a DONE or FAILED written last.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "harness/base/json.h"

namespace emf {

enum class StageState { kAbsent, kBroken, kDone, kFailed };

/// `<store>/runs/<kind>/<hash>/`: spec.json, events.jsonl, items/, samples/, checkpoints/, result.json,
/// provenance.json, and DONE or FAILED last. A folder without either was interrupted; its checkpoints are used again.
class RunFolder {
 public:
  RunFolder(const std::filesystem::path& store, std::string kind, Json spec);

  const std::string& hash() const { return hash_; }
  const std::string& kind() const { return kind_; }
  const Json& spec() const { return spec_; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

  StageState state() const;
  /// Writes spec.json; removes a FAILED mark.  @throws UserError  the store cannot be written.
  void begin() const;
  /// result.json, provenance.json, then DONE.
  void finish(const Json& result, const Json& provenance) const;
  /// FAILED with the reason.
  void fail(const std::string& why) const;

  Json result() const;      ///< of a finished stage
  Json provenance() const;  ///< of a finished stage
  std::string why_failed() const;

  /// Appends one line to events.jsonl.
  void event(const Json& line) const;
  /// Bytes of events.jsonl, to be kept in a checkpoint.
  uint64_t events_size() const;
  /// Cuts events.jsonl back to a checkpoint's size, so that a resumed run leaves the same lines as an undisturbed one.
  void cut_events(uint64_t size) const;

 private:
  std::string kind_;
  Json spec_;
  std::string hash_;
  std::filesystem::path path_;
};

/// Holds `<folder>/LOCK` until destroyed; waits while another process works on the
/// stage. Released by the kernel if we die.
class StageLock {
 public:
  explicit StageLock(const RunFolder& folder);
  ~StageLock();
  StageLock(const StageLock&) = delete;
  StageLock& operator=(const StageLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace emf
