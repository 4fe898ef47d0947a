// SPDX-License-Identifier: Apache-2.0
// A checkpoint's config.json, read with checks, and what of it nobody read.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// A checkpoint's config.json, every number checked as it is read. GGUF metadata is turned into the same keys. Copies
/// share what has been read. Not thread-safe.
class CheckpointConfig {
 public:
  CheckpointConfig(Json values, std::string origin)
      : values_(std::move(values)), origin_(std::move(origin)), reads_(std::make_shared<Reads>()) {}

  const std::string& origin() const { return origin_; }
  const Json& values() const { return values_; }
  /// A null is as if the key were not there. To ask is to read: the caller knows the key.
  bool has(const std::string& key) const;

  /// @throws UserError  absent, not an integer, or outside 1..2^24 (names file and key).
  int64_t size(const std::string& key) const;
  int64_t size(const std::string& key, int64_t otherwise) const;
  /// @throws UserError  not a finite number; absent where no default is given.
  double number(const std::string& key) const;
  double number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  bool flag(const std::string& key, bool otherwise) const;
  /// A list of strings or of numbers; empty when absent.   @throws UserError  anything else.
  std::vector<std::string> texts(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;
  /// The object under a key as a config of its own, whose reads count for this one; empty when absent.
  CheckpointConfig table(const std::string& key) const;
  /// Refuses what is not built: `what` is found in the file and would change the result.
  [[noreturn]] void refuse(const std::string& what) const;

  /// Keys that hold something and that nobody asked for, "rope_scaling.beta" in tables that somebody did.
  std::vector<std::string> unread() const;

 private:
  struct Reads {
    std::set<std::string> keys;
    std::map<std::string, std::shared_ptr<Reads>> tables;
  };

  Json values_;
  std::string origin_;
  std::shared_ptr<Reads> reads_;
};

}  // namespace emf
