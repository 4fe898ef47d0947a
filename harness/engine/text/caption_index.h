// SPDX-License-Identifier: Apache-2.0
// Which training pictures share a caption: captions by number, without holding one of them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "harness/api/dataset.h"

namespace emf {

/// The distinct captions of a dataset's first samples, numbered in order of first appearance.
struct CaptionIndex {
  std::vector<uint32_t> caption_of;  ///< [pool] the caption's number of each training sample
  std::vector<uint32_t> first;  ///< [captions] the sample that has it first: Dataset::prompt(first[n]) is caption n

  int64_t size() const { return static_cast<int64_t>(first.size()); }
  Prompt caption(const Dataset& dataset, int64_t number) const {
    return dataset.prompt(first[static_cast<size_t>(number)]);
  }
};

/// A dataset's captions, indexed when they are first asked for: planning a suite
/// needs none of them. Safe from many threads.
class TrainingCaptions {
 public:
  TrainingCaptions(std::shared_ptr<const Dataset> dataset, int64_t pool) : dataset_(std::move(dataset)), pool_(pool) {}

  const Dataset& dataset() const { return *dataset_; }
  int64_t pool() const { return pool_; }
  /// @throws UserError  as index_captions.
  const CaptionIndex& index() const;
  Prompt caption(int64_t number) const { return index().caption(*dataset_, number); }

 private:
  std::shared_ptr<const Dataset> dataset_;
  int64_t pool_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<const CaptionIndex> index_;
};

/// Reads every caption once and forgets it: captions are told apart by 128 bits of their SHA-256.
///
/// Memory: 4 bytes a sample and 4 a caption that stay, 20 a sample meanwhile.   @cost  one Dataset::prompt() a sample.
/// @param pool  samples, at most 2^32 - 1.   @throws UserError  more; kInterrupted.
CaptionIndex index_captions(const Dataset& dataset, int64_t pool);

}  // namespace emf
