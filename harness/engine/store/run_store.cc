#include "harness/engine/store/run_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include <torch/version.h>
#include <unistd.h>

#include <ATen/Version.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/interrupt.h"
#include "harness/base/paths.h"
#include "harness/base/version.h"

namespace emf {
namespace {

/// First line a command prints, or "" when it fails.
std::string first_line(const std::string& command) {
  std::array<char, 256> buffer{};
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return "";
  std::string line = std::fgets(buffer.data(), buffer.size(), pipe) != nullptr ? buffer.data() : "";
  ::pclose(pipe);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

RunFolder::RunFolder(const std::filesystem::path& store, std::string kind, Json spec)
    : kind_(std::move(kind)), spec_(std::move(spec)) {
  hash_ = spec_hash({{"kind", kind_}, {"spec", spec_}});
  path_ = store / "runs" / kind_ / hash_;
}

StageState RunFolder::state() const {
  if (std::filesystem::exists(path_ / "DONE")) return StageState::kDone;
  if (std::filesystem::exists(path_ / "FAILED")) return StageState::kFailed;
  return std::filesystem::exists(path_ / "spec.json") ? StageState::kBroken : StageState::kAbsent;
}

void RunFolder::begin() const {
  write_json(path_ / "spec.json", spec_);
  std::filesystem::remove(path_ / "FAILED");
}

void RunFolder::finish(const Json& result, const Json& provenance) const {
  write_json(path_ / "result.json", result);
  write_json(path_ / "provenance.json", provenance);
  write_atomically(path_ / "DONE", "");
}

void RunFolder::fail(const std::string& why) const { write_atomically(path_ / "FAILED", why + "\n"); }

Json RunFolder::result() const { return read_json(path_ / "result.json"); }
Json RunFolder::provenance() const { return read_json(path_ / "provenance.json"); }

std::string RunFolder::why_failed() const {
  std::string why = read_file(path_ / "FAILED");
  while (!why.empty() && why.back() == '\n') why.pop_back();
  return why;
}

void RunFolder::event(const Json& line) const {
  std::ofstream file(path_ / "events.jsonl", std::ios::app | std::ios::binary);
  file << canonical_json(line) << '\n';
  if (!file.flush()) {
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
  if (events_size() > size) std::filesystem::resize_file(path_ / "events.jsonl", size);
}

StageLock::StageLock(const RunFolder& folder) {
  make_folder(folder.path());
  const std::string path = folder.file("LOCK").string();
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail_input("cannot write {}; choose a writable folder with --store", path);
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (interrupted()) {
      ::close(descriptor_);
      stop_interrupted();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

StageLock::~StageLock() { ::close(descriptor_); }

Json describe_machine() {
  static const Json machine = [] {
    const std::string git = "git -C '" + project_root().string() + "' ";
    utsname name{};
    ::uname(&name);
    return Json{{"emfbench", kVersion},
                {"commit", first_line(git + "rev-parse HEAD")},
                {"dirty", !first_line(git + "status --porcelain").empty()},
                {"host", name.nodename},
                {"system", fmt::format("{} {}", name.sysname, name.release)},
                {"cpu", cpu_name()},
                {"simd", at::get_cpu_capability()},
                {"threads", std::thread::hardware_concurrency()},
                {"compiler", "g++ " __VERSION__},
                {"libtorch", TORCH_VERSION}};
  }();
  return machine;
}

}  // namespace emf
