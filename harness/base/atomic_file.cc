#include "harness/base/atomic_file.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <regex>
#include <set>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"

namespace emf {

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

namespace {

/// Where process numbers mean what they mean here: this boot of this machine, and this container of it.
const std::string& machine_mark() {
  static const std::string mark = [] {
    const auto text = [](const char* path) {
      std::ifstream file(path);
      return std::string(std::istreambuf_iterator<char>(file), {});
    };
    std::error_code unknown;
    return sha256_hex(text("/proc/sys/kernel/random/boot_id") + text("/proc/sys/kernel/hostname") +
                      std::filesystem::read_symlink("/proc/self/ns/pid", unknown).string())
        .substr(0, 8);
  }();
  return mark;
}

/// True for NAME.MARK.PID.SERIAL.tmp of a process of this machine that is no more.
bool is_left_over(const std::string& name) {
  static const std::regex form(R"(\.([0-9a-f]{8})\.([0-9]{1,9})\.[0-9]{1,9}\.tmp$)");
  constexpr size_t kMostBytes = 32;  // of the ending: the expression need not look at more
  const std::string ending = name.substr(name.size() - std::min(name.size(), kMostBytes));
  std::smatch match;
  if (!std::regex_search(ending, match, form) || match[1] != machine_mark()) return false;
  return ::kill(static_cast<pid_t>(std::stol(match[2])), 0) != 0 && errno == ESRCH;
}

/// Takes away what killed processes were writing in a folder, once a process.
void remove_left_over(const std::filesystem::path& folder) {
  static std::mutex mutex;
  static std::set<std::filesystem::path> seen;
  const std::scoped_lock lock(mutex);
  if (!seen.insert(folder).second) return;
  std::error_code error;  // what cannot be read or taken away hinders nobody
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (is_left_over(entry->path().filename().string())) ::unlink(entry->path().c_str());
  }
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(path), temporary_(path) {
  static std::atomic<unsigned> serial{0};
  if (path.has_parent_path()) make_folder(path.parent_path());
  remove_left_over(path.has_parent_path() ? path.parent_path() : ".");
  // The temporary file stands beside its target, because rename() is atomic within one file system only. The
  // process and a serial number keep two writers of one path apart; the later rename wins, with a whole file
  // either way.
  temporary_ += fmt::format(".{}.{}.{}.tmp", machine_mark(), ::getpid(), serial++);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
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
  // The descriptor is gone even when close() fails, and another thread may be given its number at once; the
  // destructor must not close that one. Network file systems report a full disk only here.
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0) fail_write(path_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_write(path_, errno);
  committed_ = true;
}

}  // namespace emf
