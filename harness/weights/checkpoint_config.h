// A checkpoint's config.json, read with checks.
#pragma once

#include <string>
#include <utility>

#include "harness/base/json.h"

namespace emf {

/// A checkpoint's config.json, every number checked as it is read. GGUF metadata is turned into the same keys.
class CheckpointConfig {
 public:
  CheckpointConfig(Json values, std::string origin) : values_(std::move(values)), origin_(std::move(origin)) {}

  const std::string& origin() const { return origin_; }
  const Json& values() const { return values_; }
  bool has(const std::string& key) const { return values_.contains(key) && !values_.at(key).is_null(); }

  /// @throws UserError  absent, not an integer, or outside 1..2^24 (names file and key).
  int64_t size(const std::string& key) const;
  int64_t size(const std::string& key, int64_t otherwise) const;
  /// @throws UserError  not a finite number; absent where no default is given.
  double number(const std::string& key) const;
  double number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  bool flag(const std::string& key, bool otherwise) const;
  /// The object under a key as a config of its own; empty when absent.
  CheckpointConfig table(const std::string& key) const;
  /// Refuses what is not built: `what` is found in the file and would change the result.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  Json values_;
  std::string origin_;
};

}  // namespace emf
