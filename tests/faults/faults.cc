// SPDX-License-Identifier: Apache-2.0
// A library to preload: one chosen call on files below a folder fails, is cut short, or is the process's last.
//
//   EMF_FAULT_FOLDER  calls on paths below it count, others never fail
//   EMF_FAULT_CALL    which: the first is 1; 0 fails none
//   EMF_FAULT_KIND    enospc, eio, erofs: the call fails with that; short: a write takes half of its bytes;
//                     kill: it is carried out (a write by half), and the process dies as by kill -9
//   EMF_FAULT_COUNT   file that the number of calls is written to when the process ends
//
// Counted are open for writing, write, pwrite, ftruncate, fsync, fdatasync, rename, link, unlink and mkdir.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kMostFiles = 65536;
std::array<std::atomic<bool>, kMostFiles> counted_files;  // by descriptor
std::atomic<long> calls{0};

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool below(const char* path) {
  static const char* folder = setting("EMF_FAULT_FOLDER");
  return path != nullptr && *folder != '\0' && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

bool below(int descriptor) {
  return descriptor >= 0 && descriptor < kMostFiles && counted_files[static_cast<size_t>(descriptor)];
}

enum class Fault { kNone, kFails, kShort, kKill };

/// Counts a call, and says what happens to it; errno is set where it fails.
Fault next() {
  static const long chosen = std::atol(setting("EMF_FAULT_CALL"));
  static const char* kind = setting("EMF_FAULT_KIND");
  if (++calls != chosen) return Fault::kNone;
  if (std::strcmp(kind, "short") == 0) return Fault::kShort;
  if (std::strcmp(kind, "kill") == 0) return Fault::kKill;
  errno = std::strcmp(kind, "enospc") == 0 ? ENOSPC : std::strcmp(kind, "erofs") == 0 ? EROFS : EIO;
  return Fault::kFails;
}

template <typename Function>
Function original(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

void die() { ::kill(::getpid(), SIGKILL); }

/// A call without a size: failed, or carried out and perhaps the last.
template <typename Result, typename Call>
Result carry_out(bool counts, const Call& call, Result failed) {
  const Fault fault = counts ? next() : Fault::kNone;
  if (fault == Fault::kFails) return failed;
  const Result result = call();
  if (fault == Fault::kKill) die();
  return result;
}

template <typename Call>
ssize_t write_some(bool counts, size_t count, const Call& call) {
  const Fault fault = counts ? next() : Fault::kNone;
  if (fault == Fault::kFails) return -1;
  const bool half = fault != Fault::kNone && count > 1;
  const ssize_t written = call(half ? count / 2 : count);
  if (fault == Fault::kKill) die();
  return written;
}

int open_file(const char* name, int folder, const char* path, int flags, mode_t mode) {
  static const auto real = original<int (*)(int, const char*, int, ...)>("openat64");
  (void)name;
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0;
  const bool counts = writes && below(path);
  const int descriptor = carry_out<int>(
      counts, [&] { return real(folder, path, flags, mode); }, -1);
  if (descriptor >= 0 && descriptor < kMostFiles) counted_files[static_cast<size_t>(descriptor)] = counts;
  return descriptor;
}

mode_t mode_of(int flags, va_list words) { return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(words, mode_t) : 0; }

struct Tally {
  ~Tally() {
    const char* file = setting("EMF_FAULT_COUNT");
    if (*file == '\0') return;
    if (FILE* out = std::fopen(file, "w"); out != nullptr) {
      std::fprintf(out, "%ld\n", calls.load());
      std::fclose(out);
    }
  }
} tally;

}  // namespace

#define EMF_OPEN(name)                                    \
  int name(const char* path, int flags, ...) {            \
    va_list words;                                        \
    va_start(words, flags);                               \
    const mode_t mode = mode_of(flags, words);            \
    va_end(words);                                        \
    return open_file(#name, AT_FDCWD, path, flags, mode); \
  }

extern "C" {

EMF_OPEN(open)
EMF_OPEN(open64)

int openat(int folder, const char* path, int flags, ...) {
  va_list words;
  va_start(words, flags);
  const mode_t mode = mode_of(flags, words);
  va_end(words);
  return open_file("openat", folder, path, flags, mode);
}

int close(int descriptor) {
  static const auto real = original<int (*)(int)>("close");
  if (descriptor >= 0 && descriptor < kMostFiles) counted_files[static_cast<size_t>(descriptor)] = false;
  return real(descriptor);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static const auto real = original<ssize_t (*)(int, const void*, size_t)>("write");
  return write_some(below(descriptor), count, [&](size_t some) { return real(descriptor, bytes, some); });
}

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t at) {
  static const auto real = original<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return write_some(below(descriptor), count, [&](size_t some) { return real(descriptor, bytes, some, at); });
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t count, off64_t at) {
  static const auto real = original<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return write_some(below(descriptor), count, [&](size_t some) { return real(descriptor, bytes, some, at); });
}

int ftruncate(int descriptor, off_t size) {
  static const auto real = original<int (*)(int, off_t)>("ftruncate");
  return carry_out<int>(
      below(descriptor), [&] { return real(descriptor, size); }, -1);
}

int fsync(int descriptor) {
  static const auto real = original<int (*)(int)>("fsync");
  return carry_out<int>(
      below(descriptor), [&] { return real(descriptor); }, -1);
}

int fdatasync(int descriptor) {
  static const auto real = original<int (*)(int)>("fdatasync");
  return carry_out<int>(
      below(descriptor), [&] { return real(descriptor); }, -1);
}

int rename(const char* from, const char* to) {
  static const auto real = original<int (*)(const char*, const char*)>("rename");
  return carry_out<int>(
      below(to), [&] { return real(from, to); }, -1);
}

int link(const char* from, const char* to) {
  static const auto real = original<int (*)(const char*, const char*)>("link");
  return carry_out<int>(
      below(to), [&] { return real(from, to); }, -1);
}

int unlink(const char* path) {
  static const auto real = original<int (*)(const char*)>("unlink");
  return carry_out<int>(
      below(path), [&] { return real(path); }, -1);
}

int mkdir(const char* path, mode_t mode) {
  static const auto real = original<int (*)(const char*, mode_t)>("mkdir");
  return carry_out<int>(
      below(path), [&] { return real(path, mode); }, -1);
}

}  // extern "C"
