// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/run_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/interrupt.h"
#include "harness/base/manifest.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

std::string text_of_mark(const std::filesystem::path& mark) {
  std::error_code absent;
  return std::filesystem::is_regular_file(mark, absent) ? read_file(mark) : "";
}

}  // namespace

RunFolder::RunFolder(const std::filesystem::path& store, std::string kind, Json spec)
    : kind_(std::move(kind)), spec_(std::move(spec)), store_(store) {
  hash_ = spec_hash({{"kind", kind_}, {"spec", spec_}});
  path_ = store / "runs" / kind_ / hash_;
}

StageState RunFolder::state() const {
  // DONE is written behind everything else, so a folder that has it is whole, whatever else lies in it.
  // Layouts before 3 left DONE empty. Any other text is a digest, or one that was damaged, which a check will say.
  if (std::filesystem::exists(path_ / "DONE")) {
    return text_of_mark(path_ / "DONE").empty() ? StageState::kUnsealed : StageState::kDone;
  }
  if (std::filesystem::exists(path_ / "FAILED")) return StageState::kFailed;
  // begin() writes the spec before anything else: a spec without a mark is a stage that was interrupted.
  return std::filesystem::exists(path_ / "spec.json") ? StageState::kBroken : StageState::kAbsent;
}

void RunFolder::begin() const {
  write_json(path_ / "spec.json", spec_);
  // Behind the spec: if the process dies between the two, the folder still says that it failed, and is tried
  // again.
  std::filesystem::remove(path_ / "FAILED");
}

void RunFolder::finish(const Json& result, const Json& provenance, const std::set<std::string>& passing) const {
  // A suite's record is made again on each run. From here until it is whole again it bears no mark, because an old
  // mark over new files would look like damage.
  std::error_code absent;
  std::filesystem::remove(path_ / "DONE", absent);
  // In this order, because DONE promises that the others are whole. A process that dies in between leaves a
  // stage that is made again.
  write_json(path_ / "result.json", result);
  write_json(path_ / "provenance.json", provenance);
  seal(passing);
}

void RunFolder::seal(const std::set<std::string>& passing) const {
  write_atomically(path_ / "DONE", seal_folder(path_, sealed_as(), passing) + "\n");
}

void RunFolder::fail(const std::string& why) const {
  write_atomically(path_ / "FAILED", why + "\n");
  // The record of a suite is made again on each run, so an earlier one may have been whole; this one is not.
  std::filesystem::remove(path_ / "DONE");
}

void RunFolder::fail_sealed(const std::string& why) const {
  fail(fmt::format("{}\n{}{}", why, kSealLine, seal_folder(path_, sealed_as())));
}

Json RunFolder::result() const { return read_json(path_ / "result.json"); }
Json RunFolder::provenance() const { return read_json(path_ / "provenance.json"); }

std::string RunFolder::why_failed() const {
  std::string why = read_file(path_ / "FAILED");
  const size_t sealed = why.rfind(std::string("\n") + kSealLine);
  if (sealed != std::string::npos) why.resize(sealed);
  while (!why.empty() && why.back() == '\n') why.pop_back();
  return why;
}

void RunFolder::event(const Json& line) const {
  // Opened for each line: a training has a hundred of them, and a process that is killed then loses none.
  std::ofstream file(path_ / "events.jsonl", std::ios::app | std::ios::binary);
  file << canonical_json(line) << '\n';
  if (!file.flush()) {
    // Most likely the disk is full. The last checkpoint is sound, so the same command can go on.
    throw UserError(fmt::format("cannot append to {}; free some space and run the same command again",
                                (path_ / "events.jsonl").string()),
                    ExitCode::kInterrupted);
  }
}

uint64_t RunFolder::events_size() const {
  std::error_code absent;
  const auto size = std::filesystem::file_size(path_ / "events.jsonl", absent);
  return absent ? 0 : size;
}

std::string RunFolder::events_digest(uint64_t size) const {
  if (size == 0) return sha256_hex("");
  if (events_size() < size) return "";
  return sha256_hex(read_file(path_ / "events.jsonl").substr(0, size));
}

void RunFolder::cut_events(uint64_t size) const {
  // Only ever shorter: resize_file() would lengthen a file with zeros.
  if (events_size() > size) std::filesystem::resize_file(path_ / "events.jsonl", size);
}

StageLock::StageLock(const RunFolder& folder, const std::string& what) {
  const std::string path = folder.file("LOCK").string();
  const auto is_still_there = [&] {
    struct stat held {
    }, named{};
    return ::fstat(descriptor_, &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
  };
  // Who held the lock may have moved the folder aside, because something in it was damaged: what was waited for is then
  // the lock of that one.
  do {
    make_folder(folder.path());
    // O_CLOEXEC, because a child process that inherited the descriptor would hold the lock after this one had
    // gone.
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0 && errno == ENOENT) continue;  // moved aside between the two
    if (descriptor_ < 0) fail_input("cannot write {}; choose a writable folder with --store", path);
    wait_for(path, what.empty() ? folder.name() : what);
    if (is_still_there()) return;
    ::close(descriptor_);
  } while (true);
}

void StageLock::wait_for(const std::string& path, const std::string& what) const {
  std::optional<SlowWork> waiting;
  // Asked again and again instead of waited for: a blocking flock() is restarted after a signal, so that Ctrl-C
  // would be ignored. A tenth of a second is nothing beside a stage.
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      // Some network file systems have no locks at all; waiting for one there would never end.
      const std::string why = std::strerror(errno);
      ::close(descriptor_);
      fail_input("cannot lock {} ({}); choose a store on a local disk with --store", path, why);
    }
    if (interrupted()) {
      ::close(descriptor_);
      stop_interrupted();
    }
    if (!waiting) waiting.emplace(fmt::format("waiting for another process that works on {}", what));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// Closing gives the lock up, and so does the kernel when the process dies, so no lock is ever stale. The file
// stays: were it removed, two processes could hold locks on two files of one name.
StageLock::~StageLock() { ::close(descriptor_); }

bool is_worked_on(const std::filesystem::path& folder) {
  const int descriptor = ::open((folder / "LOCK").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  // A shared lock, given up at once: two who ask do not take each other for a worker.
  const bool busy = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return busy;
}

}  // namespace emf
