// SPDX-License-Identifier: Apache-2.0
// Is a store what was written? Every stage against its manifest, and every record against the stages that it names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace emf {

/// Something that is not as it was written, or that nobody wrote.
struct AuditFinding {
  std::string state;  ///< "damaged", "missing", "foreign", "unsealed", "unfinished"
  std::string where;  ///< "train/0123456789abcdef", "cache/...", "instruments"
  std::string file;   ///< "" = the whole folder
  std::string what;   ///< for people
};

struct StoreAudit {
  int64_t stages = 0;   ///< looked at
  uint64_t bytes = 0;   ///< read
  int64_t cleaned = 0;  ///< files that `clean` removed
  std::string moved;    ///< as moved_notice()
  std::vector<AuditFinding> findings;

  int64_t count(const std::string& state) const;
  /// True when all that was written is there as it was written; what nobody wrote, has no digests or is unfinished is
  /// no damage.
  bool sound() const { return count("damaged") == 0 && count("missing") == 0; }
};

/// Looks at every file of every stage and record, and at <store>/instruments.
/// @param unfinished  called for each stage that bears no mark: adds what it finds of checkpoints; may be empty.
/// @throws UserError  no store; kInterrupted.   @cost  reads the whole store: about a second for 1.5 GB.
StoreAudit audit_store(const std::filesystem::path& store,
                       const std::function<void(const std::filesystem::path& folder, StoreAudit& audit)>& unfinished);

}  // namespace emf
