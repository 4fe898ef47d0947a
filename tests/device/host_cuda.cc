// SPDX-License-Identifier: Apache-2.0
#include "tests/device/host_cuda.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/NativeFunctions.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Backtrace.h>
#include <sys/mman.h>
#include <torch/library.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>

namespace emf::host_cuda {
namespace {

std::atomic<int64_t> num_waits = 0, most_bytes = 0;
thread_local int within = 0;  ///< operations that are being computed: what they copy is the computing's own

void wait() {
  if (within > 0) return;
  ++num_waits;
  // Who it was, for whoever looks for one too many.
  static const bool told = std::getenv("EMF_SHOW_WAITS") != nullptr;
  if (told) std::fprintf(stderr, "waits for the device:\n%s\n", c10::get_backtrace(1, 24).c_str());
}

/// Memory that two mappings show: the device's, which nobody may touch, and the host's, which copies go through.
class Arena {
 public:
  static Arena& instance() {
    static Arena arena;
    return arena;
  }

  void* allocate(size_t bytes) {
    const std::lock_guard lock(mutex_);
    const size_t size = rounded(bytes);
    if (const int64_t most = most_bytes; most > 0 && static_cast<int64_t>(used_ + size) > most) {
      TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate ", bytes,
                       " bytes. GPU 0 has a total capacity of ", most, " bytes. Hints of its own follow");
    }
    used_ += size;
    auto& free = free_[size];
    if (!free.empty()) {
      const size_t offset = free.back();
      free.pop_back();
      return device_ + offset;
    }
    TORCH_CHECK(end_ + size <= kBytes, "the arena is full");
    const size_t offset = end_;
    end_ += size;
    sizes_[offset] = size;
    return device_ + offset;
  }

  void release(void* pointer) {
    if (pointer == nullptr) return;
    const std::lock_guard lock(mutex_);
    const auto offset = static_cast<size_t>(static_cast<char*>(pointer) - device_);
    const size_t size = sizes_.at(offset);
    used_ -= size;
    free_[size].push_back(offset);
  }

  /// Where the host sees what lies at this place of the device.
  void* seen(const void* pointer) const { return host_ + (static_cast<const char*>(pointer) - device_); }

 private:
  static constexpr size_t kBytes = size_t{16} << 30, kLeast = 512;  // pages come when they are touched

  Arena() {
    const int file = ::memfd_create("host_cuda", MFD_CLOEXEC);
    TORCH_CHECK(file >= 0 && ::ftruncate(file, kBytes) == 0, "no memory file");
    device_ = static_cast<char*>(::mmap(nullptr, kBytes, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file, 0));
    host_ = static_cast<char*>(::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0));
    TORCH_CHECK(device_ != MAP_FAILED && host_ != MAP_FAILED, "no address space");
    ::close(file);
  }

  static size_t rounded(size_t bytes) {
    size_t size = kLeast;
    while (size < bytes) size *= 2;
    return size;
  }

  std::mutex mutex_;
  char *device_ = nullptr, *host_ = nullptr;
  size_t end_ = 0, used_ = 0;
  std::map<size_t, size_t> sizes_;              ///< by offset
  std::map<size_t, std::vector<size_t>> free_;  ///< offsets by size
};

class DeviceAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* const data = bytes == 0 ? nullptr : Arena::instance().allocate(bytes);
    return {data, data, &release, at::Device(at::kCUDA, 0)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t count) const override {
    std::memcpy(Arena::instance().seen(to), Arena::instance().seen(from), count);
  }

 private:
  static void release(void* data) { Arena::instance().release(data); }
};

/// Host memory that a copy need not wait for.
class PinnedAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    c10::DataPtr data = c10::GetAllocator(at::kCPU)->allocate(bytes);
    void* const place = data.get();
    void* const context = data.release_context();
    const std::lock_guard lock(mutex());
    all()[place] = context;
    return {place, place, &release, at::Device(at::kCPU)};
  }
  void copy_data(void* to, const void* from, size_t count) const override { std::memcpy(to, from, count); }

  static bool owns(const void* data) {
    const std::lock_guard lock(mutex());
    return all().count(const_cast<void*>(data)) > 0;
  }

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static std::map<void*, void*>& all() {
    static std::map<void*, void*> places;
    return places;
  }
  static void release(void* data) {
    void* context = nullptr;
    {
      const std::lock_guard lock(mutex());
      context = all()[data];
      all().erase(data);
    }
    c10::GetAllocator(at::kCPU)->raw_deleter()(context);
  }
};

DeviceAllocator device_allocator;
PinnedAllocator pinned_allocator;

class Guard final : public c10::impl::DeviceGuardImplInterface {
 public:
  at::DeviceType type() const override { return at::kCUDA; }
  at::Device exchangeDevice(at::Device) const override { return device(); }
  at::Device getDevice() const override { return device(); }
  void setDevice(at::Device) const override {}
  void uncheckedSetDevice(at::Device) const noexcept override {}
  c10::Stream getStream(at::Device) const override { return c10::Stream(c10::Stream::DEFAULT, device()); }
  c10::Stream getDefaultStream(at::Device) const override { return getStream(device()); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream; }
  at::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void** event, const c10::Stream&, at::DeviceIndex, c10::EventFlag) const override { *event = &mark_; }
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override { wait(); }
  void synchronizeEvent(void*) const override {}  // of a step before: the device goes on
  void synchronizeDevice(at::DeviceIndex) const override { wait(); }

 private:
  static at::Device device() { return at::Device(at::kCUDA, 0); }
  static inline char mark_ = 0;
};

/// LibTorch makes it by this name.
struct CUDAHooks : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasCUDA() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  at::DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
  at::DeviceIndex current_device() const override { return 0; }
  at::DeviceIndex getCurrentDevice() const override { return 0; }
  at::Device getDeviceFromPtr(void*) const override { return at::Device(at::kCUDA, 0); }
  bool isPinnedPtr(const void* data) const override { return PinnedAllocator::owns(data); }
  const at::Generator& getDefaultGenerator(at::DeviceIndex) const override {
    return at::detail::getDefaultCPUGenerator();  // for manual_seed() alone: nothing is drawn there
  }
  c10::Allocator* getPinnedMemoryAllocator() const override { return &pinned_allocator; }
  c10::Allocator* getCUDADeviceAllocator() const override { return &device_allocator; }
  long versionCUDART() const override { return 13000; }
  std::string showConfig() const override { return "computed on the host"; }
};

const c10::DispatchKeySet kKeys(c10::DispatchKey::CUDA);

at::Tensor empty(c10::SymIntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(C10_AS_INTARRAYREF_SLOW(size), &device_allocator, kKeys, type.value_or(at::kFloat),
                                   format);
}

at::Tensor empty_strided(c10::SymIntArrayRef size, c10::SymIntArrayRef stride, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride),
                                           &device_allocator, kKeys, type.value_or(at::kFloat));
}

/// The same memory as the host may see it.
at::Tensor seen(const at::Tensor& tensor) {
  if (!tensor.is_cuda()) return tensor;
  const void* const data = tensor.unsafeGetTensorImpl()->unsafe_storage().data();
  if (data == nullptr || tensor.numel() == 0)
    return at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
  auto* const begin = static_cast<char*>(Arena::instance().seen(data)) +
                      static_cast<size_t>(tensor.storage_offset()) * tensor.element_size();
  return at::from_blob(begin, tensor.sizes(), tensor.strides(), tensor.options().device(at::kCPU));
}

at::Tensor& copy_(at::Tensor& self, const at::Tensor& source, bool non_blocking) {
  const at::NoGradGuard no_grad;
  const bool to_host = !self.is_cuda(), from_host = !source.is_cuda();
  const at::Tensor& host = to_host ? self : source;
  const bool is_late = non_blocking && PinnedAllocator::owns(host.const_data_ptr());
  if ((to_host || from_host) && !is_late && host.numel() > 0) wait();
  seen(self).copy_(seen(source));
  return self;
}

at::Tensor copy_from(const at::Tensor& self, const at::Tensor& to, bool) {
  seen(to).copy_(seen(self));
  return to;
}

const at::Tensor& resize_(const at::Tensor& self, c10::SymIntArrayRef symbolic,
                          std::optional<at::MemoryFormat> format) {
  const at::IntArrayRef size = C10_AS_INTARRAYREF_SLOW(symbolic);
  auto* const impl = self.unsafeGetTensorImpl();
  impl->set_sizes_contiguous(size);
  if (format && *format != at::MemoryFormat::Contiguous && *format != at::MemoryFormat::Preserve)
    impl->empty_tensor_restride(*format);
  const size_t wanted = at::detail::computeStorageNbytesContiguous(size, self.element_size(), self.storage_offset());
  c10::StorageImpl* const storage = impl->unsafe_storage().unsafeGetStorageImpl();
  if (wanted > storage->nbytes()) {
    c10::DataPtr data = device_allocator.allocate(wanted);
    if (storage->nbytes() > 0) device_allocator.copy_data(data.get(), storage->data(), storage->nbytes());
    storage->set_data_ptr_noswap(std::move(data));
    storage->set_nbytes(wanted);
  }
  return self;
}

at::Tensor copy_from_and_resize(const at::Tensor& self, const at::Tensor& to) {
  if (self.sizes() != to.sizes()) to.resize_(self.sizes());
  return copy_from(self, to, false);
}

at::Scalar local_scalar(const at::Tensor& self) {
  wait();
  return seen(self).item();
}

/// Operations whose result's size a device knows only when it has computed it.
const std::set<std::string> kCounting = {"aten::nonzero", "aten::masked_select", "aten::_unique2", "aten::equal",
                                         "aten::_unique"};
/// Operations that take indices of either place, as CUDA's do.
const std::set<std::string> kIndexing = {"aten::index", "aten::index_put_", "aten::_index_put_impl_"};

/// Whatever has no kernel of its own: computed on the host, once all tensors lie on the device.
void fall_back(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string& name = op.schema().name();
  if (kCounting.count(name) > 0) wait();
  const auto arguments = torch::jit::last(*stack, op.schema().arguments().size());
  const auto require_here = [&](const at::Tensor& tensor) {
    const bool is_number = tensor.defined() && tensor.dim() == 0 && !tensor.is_cuda();
    TORCH_CHECK(!tensor.defined() || tensor.is_cuda() || is_number || kIndexing.count(name) > 0,
                "Expected all tensors to be on the same device, but found one on the host in ", name);
  };
  for (const c10::IValue& argument : arguments) {
    if (argument.isTensor()) require_here(argument.toTensor());
    if (argument.isTensorList()) {
      for (const at::Tensor& tensor : argument.toTensorList()) require_here(tensor);
    }
    if (argument.isOptionalTensorList()) {
      for (const std::optional<at::Tensor>& tensor : argument.toOptionalTensorList())
        require_here(tensor.value_or(at::Tensor()));
    }
  }
  struct Level {
    Level() { ++within; }
    ~Level() { --within; }
  } const level;
  at::native::cpu_fallback(op, stack);
}

at::Tensor as_strided(const at::Tensor& self, c10::SymIntArrayRef size, c10::SymIntArrayRef stride,
                      std::optional<c10::SymInt> offset) {
  return at::native::as_strided_tensorimpl(self, C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride),
                                           offset ? std::optional<int64_t>(offset->expect_int()) : std::nullopt);
}

at::Tensor view(const at::Tensor& self, c10::SymIntArrayRef size) {
  return at::native::view(self, C10_AS_INTARRAYREF_SLOW(size));
}

at::Tensor reshape_alias(const at::Tensor& self, c10::SymIntArrayRef size, c10::SymIntArrayRef stride) {
  return at::native::_reshape_alias(self, C10_AS_INTARRAYREF_SLOW(size), C10_AS_INTARRAYREF_SLOW(stride));
}

at::Tensor moved(const at::Tensor& tensor) {
  const at::Tensor there = at::empty_like(tensor, tensor.options().device(at::kCUDA));
  return copy_from(tensor, there, false);
}

/// Its running statistics are changed in place, which its schema does not say and the fallback would lose.
std::tuple<at::Tensor, at::Tensor, at::Tensor> batch_norm(const at::Tensor& input,
                                                          const std::optional<at::Tensor>& weight,
                                                          const std::optional<at::Tensor>& bias,
                                                          const std::optional<at::Tensor>& running_mean,
                                                          const std::optional<at::Tensor>& running_variance,
                                                          bool training, double momentum, double epsilon) {
  const auto here = [](const std::optional<at::Tensor>& tensor) {
    return tensor && tensor->defined() ? std::optional<at::Tensor>(seen(*tensor)) : std::nullopt;
  };
  const auto [y, mean, deviation] = at::native_batch_norm(seen(input), here(weight), here(bias), here(running_mean),
                                                          here(running_variance), training, momentum, epsilon);
  return {moved(y), moved(mean), moved(deviation)};
}

/// As long as they live, the registrations stand.
struct Registrations {
  torch::Library all{torch::Library::IMPL, "_", c10::DispatchKey::CUDA, __FILE__, __LINE__};
  torch::Library aten{torch::Library::IMPL, "aten", c10::DispatchKey::CUDA, __FILE__, __LINE__};
};

}  // namespace

bool install() {
  static const bool installed = [] {
    if (at::CUDAHooksRegistry()->Has("CUDAHooks")) return false;
    at::CUDAHooksRegistry()->Register("CUDAHooks",
                                      [](at::CUDAHooksArgs arguments) -> std::unique_ptr<at::CUDAHooksInterface> {
                                        return std::make_unique<CUDAHooks>(arguments);
                                      });
    c10::impl::device_guard_impl_registry[static_cast<size_t>(at::kCUDA)].store(new Guard);
    c10::SetAllocator(at::kCUDA, &device_allocator);
    auto* const kept = new Registrations;
    kept->all.fallback(torch::CppFunction::makeFromBoxedFunction<&fall_back>());
    kept->aten.impl("empty.memory_format", &empty);
    kept->aten.impl("empty_strided", &empty_strided);
    kept->aten.impl("copy_", &copy_);
    kept->aten.impl("_copy_from", &copy_from);
    kept->aten.impl("_copy_from_and_resize", &copy_from_and_resize);
    kept->aten.impl("resize_", &resize_);
    kept->aten.impl("_local_scalar_dense", &local_scalar);
    kept->aten.impl("as_strided", &as_strided);
    kept->aten.impl("view", &view);
    kept->aten.impl("_reshape_alias", &reshape_alias);
    kept->aten.impl("unfold", &at::native::unfold);
    kept->aten.impl("native_batch_norm", &batch_norm);
    // Made of others in LibTorch, which picks some that CUDA alone has.
    for (const char* whole : {"convolution", "convolution_backward"})
      kept->aten.impl(whole, torch::CppFunction::makeFromBoxedFunction<&fall_back>());
    return true;
  }();
  return installed;
}

int64_t waits() { return num_waits; }

void limit_memory(int64_t bytes) { most_bytes = bytes; }

}  // namespace emf::host_cuda
