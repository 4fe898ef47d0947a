#include "harness/engine/store/run_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/interrupt.h"

namespace emf {

RunFolder::RunFolder(const std::filesystem::path& store, std::string kind, Json spec)
    : kind_(std::move(kind)), spec_(std::move(spec)) {
  hash_ = spec_hash({{"kind", kind_}, {"spec", spec_}});
  path_ = store / "runs" / kind_ / hash_;
}

StageState RunFolder::state() const {
  // DONE is written behind everything else, so a folder that has it is whole, whatever else lies in it.
  if (std::filesystem::exists(path_ / "DONE")) return StageState::kDone;
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

void RunFolder::finish(const Json& result, const Json& provenance) const {
  // In this order, because DONE promises that the other two are whole. A process that dies in between leaves a
  // stage that is made again.
  write_json(path_ / "result.json", result);
  write_json(path_ / "provenance.json", provenance);
  write_atomically(path_ / "DONE", "");
}

void RunFolder::fail(const std::string& why) const {
  write_atomically(path_ / "FAILED", why + "\n");
  // The record of a suite is made again on each run, so an earlier one may have been whole; this one is not.
  std::filesystem::remove(path_ / "DONE");
}

Json RunFolder::result() const { return read_json(path_ / "result.json"); }
Json RunFolder::provenance() const { return read_json(path_ / "provenance.json"); }

std::string RunFolder::why_failed() const {
  std::string why = read_file(path_ / "FAILED");
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

void RunFolder::cut_events(uint64_t size) const {
  // Only ever shorter: resize_file() would lengthen a file with zeros.
  if (events_size() > size) std::filesystem::resize_file(path_ / "events.jsonl", size);
}

StageLock::StageLock(const RunFolder& folder) {
  make_folder(folder.path());
  const std::string path = folder.file("LOCK").string();
  // O_CLOEXEC, because a child process that inherited the descriptor would hold the lock after this one had
  // gone.
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_input("cannot write {}; choose a writable folder with --store", path);
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
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

// Closing gives the lock up, and so does the kernel when the process dies, so no lock is ever stale. The file
// stays: were it removed, two processes could hold locks on two files of one name.
StageLock::~StageLock() { ::close(descriptor_); }

}  // namespace emf
