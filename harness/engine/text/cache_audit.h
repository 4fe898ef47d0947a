// SPDX-License-Identifier: Apache-2.0
// Is a feature cache what was written? Every text of every shard against its own checks.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace emf {

/// A shard that is not what was written.
struct DamagedShard {
  std::string file;  ///< relative to the store
  std::string what;
};

struct CacheAudit {
  int64_t shards = 0, texts = 0;
  uint64_t bytes = 0;
  std::vector<DamagedShard> damaged;
};

/// Looks at every shard of <store>/cache that none set aside; none where there is no cache.
/// @throws UserError(kInterrupted).   @cost  reads the whole cache.
CacheAudit audit_cache(const std::filesystem::path& store);

}  // namespace emf
