// SPDX-License-Identifier: Apache-2.0
#include "harness/base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

constexpr std::string_view kTemporary = ".tmp";

/// Opens a temporary file and locks it. A file system without locks is none the worse: its leftovers stay.
int open_locked(const std::filesystem::path& path) {
  while (true) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return descriptor;
    const bool taken = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    // Whoever clears up may have found the file between its making and its lock. It then has no name any more.
    struct stat status {};
    if (!taken && (::fstat(descriptor, &status) != 0 || status.st_nlink > 0)) return descriptor;
    ::close(descriptor);
  }
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool is_temporary_name(const std::string& name) {
  std::string_view rest = name;
  if (!rest.ends_with(kTemporary)) return false;
  rest.remove_suffix(kTemporary.size());
  for (int number = 0; number < 2; ++number) {  // the serial, and before it the process
    const size_t dot = rest.rfind('.');
    if (dot == std::string_view::npos || !all_digits(rest.substr(dot + 1))) return false;
    rest = rest.substr(0, dot);
  }
  return !rest.empty();
}

bool left_by_the_dead(const std::filesystem::path& temporary, bool removes) {
  const int descriptor = ::open(temporary.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return false;
  // The kernel gave the lock up when its holder died, and gives it to nobody while the holder writes.
  bool dead = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  if (dead && removes) dead = ::unlink(temporary.c_str()) == 0;
  ::close(descriptor);
  return dead;
}

void fail_write(const std::filesystem::path& path, int error) {
  // A full disk is no mistake in the command, and what was finished stays. The exit code is that of an
  // interruption, because the remedy is the same: run the same command again.
  if (error == ENOSPC || error == EDQUOT) {
    throw UserError(
        fmt::format("disk full while writing {}; free some space and run the same command again", path.string()),
        ExitCode::kInterrupted);
  }
  fail_input("cannot write {} ({}); choose a place that can be written", path.string(), std::strerror(error));
}

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path), temporary_(path) {
  static std::atomic<unsigned> serial{0};
  if (path.has_parent_path()) make_folder(path.parent_path());
  // The temporary file stands beside its target, because rename() is atomic within one file system only. The
  // process and a serial number keep two writers of one path apart; the later rename wins, with a whole file
  // either way.
  temporary_ += fmt::format(".{}.{}.tmp", ::getpid(), serial++);
  descriptor_ = open_locked(temporary_);
  if (descriptor_ < 0) fail_write(path_, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  // Whoever throws between opening and commit() leaves nothing behind.
  if (!committed_) ::unlink(temporary_.c_str());
}

void AtomicFile::write_at(uint64_t at, std::string_view bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count =
        ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
    // A signal may cut a write short or stop it before its first byte. Both are made good here; the
    // interruption itself is noticed where the caller can stop cleanly.
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_write(path_, errno);
    done += static_cast<size_t>(count);
  }
}

void AtomicFile::append(std::string_view bytes) {
  write_at(size_, bytes);
  size_ += bytes.size();
}

void AtomicFile::extend(uint64_t count) {
  // The new bytes read as zeros until overwrite() fills them in, and a file system with holes keeps none of
  // them on the disk until then.
  size_ += count;
  if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) fail_write(path_, errno);
}

void AtomicFile::overwrite(uint64_t at, std::string_view bytes) {
  ensure(at <= size_ && bytes.size() <= size_ - at, "{} bytes at {} of a file of {}", bytes.size(), at, size_);
  write_at(at, bytes);
}

void AtomicFile::commit() {
  // Without fsync, a machine that loses power could keep the new name and lose the bytes. EINVAL comes from
  // files that cannot be synced at all, where nothing more can be done.
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail_write(path_, errno);
  // A second descriptor of the same file keeps the lock until the file has its name: without it the temporary would
  // look left behind for an instant.
  struct Lock {
    int descriptor;
    ~Lock() {
      if (descriptor >= 0) ::close(descriptor);
    }
  } const lock{::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0)};
  // The descriptor is gone even when close() fails, and another thread may be given its number at once; the
  // destructor must not close that one. Network file systems report a full disk only here.
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0) fail_write(path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_write(path_, errno);
  committed_ = true;
}

}  // namespace emf
