// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/caption_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/base/memory.h"
#include "harness/base/progress.h"
#include "harness/base/sha256.h"

namespace emf {
namespace {

/// A caption's digest and the sample it is of: 20 bytes, for there may be millions.
struct Entry {
  std::array<uint32_t, 4> digest;
  uint32_t sample;
};
static_assert(sizeof(Entry) == 20);

}  // namespace

const CaptionIndex& TrainingCaptions::index() const {
  // Listed when it is first asked for, because millions of captions take their time and not every suite needs
  // them; and once, because all encoders ask at the same time.
  const std::lock_guard lock(mutex_);
  if (!index_) index_ = std::make_unique<const CaptionIndex>(index_captions(*dataset_, pool_));
  return *index_;
}

CaptionIndex index_captions(const Dataset& dataset, int64_t pool) {
  if (pool > std::numeric_limits<uint32_t>::max()) {
    fail_input("train.pool: {} captions; at most {} can be told apart", pool, std::numeric_limits<uint32_t>::max());
  }
  constexpr int64_t kCheck = 4096;  // between two looks at the interrupt flag
  std::vector<Entry> entries(static_cast<size_t>(pool));
  // A word on the way only where it takes seconds: most suites are through at once.
  std::optional<Progress> progress;
  if (pool >= 100'000) progress.emplace("read captions", pool, "captions");
  for (int64_t i = 0; i < pool; ++i) {
    if (i % kCheck == 0) {
      if (interrupted()) stop_interrupted();
      if (progress) progress->update(i);
    }
    // Half of the digest is kept: among four thousand million captions, the chance that two different ones
    // agree in 128 bits is below 1e-18. The captions themselves would need many times the memory.
    const Sha256Digest digest = sha256(dataset.prompt(static_cast<uint64_t>(i)).text);
    Entry& entry = entries[static_cast<size_t>(i)];
    std::memcpy(entry.digest.data(), digest.data(), sizeof entry.digest);
    entry.sample = static_cast<uint32_t>(i);
  }
  // Equal captions become neighbours, the first sample of each in front.
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.digest != b.digest ? a.digest < b.digest : a.sample < b.sample;
  });
  CaptionIndex index;
  index.caption_of.resize(entries.size());
  for (size_t i = 0, group = 0; i < entries.size(); ++i) {
    if (entries[i].digest != entries[group].digest) group = i;
    index.caption_of[entries[i].sample] = entries[group].sample;  // for now the sample that has it first
  }
  // Freed before the second list grows; clear() would keep the memory.
  std::vector<Entry>().swap(entries);
  // Samples in order: whoever is its own first sample opens the next number, and
  // stands before all that share its caption.
  for (uint32_t sample = 0; sample < index.caption_of.size(); ++sample) {
    const uint32_t first = index.caption_of[sample];
    if (first == sample) {
      index.caption_of[sample] = static_cast<uint32_t>(index.first.size());
      index.first.push_back(sample);
    } else {
      index.caption_of[sample] = index.caption_of[first];
    }
  }
  index.first.shrink_to_fit();
  give_back_memory();  // what told captions apart was more than what stays
  return index;
}

}  // namespace emf
