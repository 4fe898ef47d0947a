// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/cache_audit.h"

#include <algorithm>

#include "harness/base/hash.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/text/feature_shard.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// What is wrong with a shard; "" = nothing.
std::string wrong_with(const fs::path& path, CacheAudit& audit) {
  try {
    // A shard says of which encoder it is, and lies in that encoder's folder.
    const SafetensorsFile file(path);
    const auto said = file.metadata().find("fingerprint");
    if (said == file.metadata().end()) return "says of no encoder";
    const Json fingerprint = parse_json(said->second, path.string());
    if (path.parent_path().filename() != spec_hash({{"features", 1}, {"fingerprint", fingerprint}})) {
      return "lies in another encoder's folder";
    }
    const FeatureShard shard(path, said->second);
    for (int64_t text = 0; text < shard.size(); ++text) {
      if (!shard.is_sound(text)) return fmt::format("holds other features of text {} than were written", text);
    }
    audit.texts += shard.size();
    shard.release();
    return "";
  } catch (const UserError& error) {
    if (error.code() == ExitCode::kInterrupted) throw;
    return error.what();
  }
}

}  // namespace

CacheAudit audit_cache(const fs::path& store) {
  CacheAudit audit;
  std::vector<fs::path> shards;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(store / "cache", failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().extension() == ".safetensors") shards.push_back(entry->path());
  }
  std::sort(shards.begin(), shards.end());
  Progress progress("check the feature cache", static_cast<int64_t>(shards.size()), "shards");
  for (const fs::path& shard : shards) {
    if (interrupted()) stop_interrupted();
    std::error_code gone;
    audit.bytes += fs::file_size(shard, gone);
    const std::string what = wrong_with(shard, audit);
    if (!what.empty()) audit.damaged.push_back({shard.lexically_relative(store).string(), what});
    progress.update(++audit.shards);
  }
  return audit;
}

}  // namespace emf
