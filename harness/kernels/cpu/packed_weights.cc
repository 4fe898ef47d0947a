// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/cpu/packed_weights.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <new>
#include <unordered_map>

#include "harness/kernels/cpu/kernels.h"
#include "harness/tensor/parallel.h"

namespace emf::fused {
namespace {

/// One layout of one weight.
struct Layout {
  uint32_t version = 0;
  const void* data = nullptr;
  std::shared_ptr<const PackedWeight> packed;
};

/// Those of one weight, for both elements and both uses.
struct Entry {
  explicit Entry(const at::Tensor& weight) : owner(weight.getIntrusivePtr()) {}
  c10::weak_intrusive_ptr<c10::TensorImpl> owner;
  std::array<Layout, 4> layouts;
};

class Weights {
 public:
  std::shared_ptr<const PackedWeight> get(const at::Tensor& weight, ElementType element, WeightUse use) {
    const size_t place = (element == ElementType::kFloat32 ? 0 : 2) + (use == WeightUse::kForward ? 0 : 1);
    // An inference tensor counts no changes: it is laid out each time.
    if (weight.is_inference()) return make(weight, element, use);
    const uint32_t version = weight._version();
    const void* const data = weight.const_data_ptr();
    {
      const std::lock_guard lock(mutex_);
      const auto found = entries_.find(weight.unsafeGetTensorImpl());
      if (found != entries_.end()) {
        const Layout& layout = found->second.layouts.at(place);
        if (layout.packed != nullptr && layout.version == version && layout.data == data) return layout.packed;
      }
    }
    // Made outside the lock: other weights are not waited for. Two threads that make the same make equal words.
    auto packed = make(weight, element, use);
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= next_look_) forget_the_dead();
    // As long as an entry holds its owner weakly, no other tensor can lie at that address.
    const auto entry = entries_.try_emplace(weight.unsafeGetTensorImpl(), weight).first;
    entry->second.layouts.at(place) = {version, data, packed};
    return packed;
  }

 private:
  static std::shared_ptr<const PackedWeight> make(const at::Tensor& weight, ElementType element, WeightUse use) {
    const int64_t outputs = weight.size(0), inputs = weight.size(1);
    const bool forward = use == WeightUse::kForward;
    const int64_t inner = forward ? inputs : outputs, columns = forward ? outputs : inputs;
    auto packed = std::make_shared<PackedWeight>(packed_words(inner, columns, element));
    const CpuKernels& kernels = *cpu_kernels();
    const auto* const from = weight.const_data_ptr<float>();
    // By panels, which lie one behind the other.
    constexpr int64_t kPanel = 32, kPanels = 4;
    const int64_t panels = (columns + kPanel - 1) / kPanel, words = packed_words(inner, kPanel, element);
    parallel_for(panels, kPanels, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kPanel;
      kernels.pack({ElementType::kFloat32, from + (forward ? first * inputs : first), inputs, inner,
                    std::min(columns, end * kPanel) - first, forward, packed->memory.get() + begin * words},
                   element);
    });
    return packed;
  }

  void forget_the_dead() {
    std::erase_if(entries_, [](const auto& entry) { return entry.second.owner.expired(); });
    next_look_ = std::max<size_t>(64, 2 * entries_.size());
  }

  std::mutex mutex_;
  std::unordered_map<const c10::TensorImpl*, Entry> entries_;
  size_t next_look_ = 64;
};

}  // namespace

PackedWeight::PackedWeight(int64_t count)
    : memory(static_cast<int32_t*>(std::aligned_alloc(64, static_cast<size_t>((count * 4 + 63) / 64 * 64)))) {
  if (memory == nullptr) throw std::bad_alloc();
}

void PackedWeight::Free::operator()(int32_t* words) const { std::free(words); }

std::shared_ptr<const PackedWeight> packed_weight(const at::Tensor& weight, ElementType element, WeightUse use) {
  static Weights weights;
  return weights.get(weight, element, use);
}

}  // namespace emf::fused
