#include "harness/base/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "harness/base/error.h"

namespace emf {
namespace {

std::atomic<int> g_interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free, "the signal handler may only touch lock-free atomics");

void on_interrupt(int) {
  if (++g_interrupts > 1) _exit(static_cast<int>(ExitCode::kInterrupted));
}

}  // namespace

bool interrupted() { return g_interrupts > 0; }

void catch_interrupts() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

void stop_interrupted() {
  throw UserError("interrupted; run the same command again to continue", ExitCode::kInterrupted);
}

}  // namespace emf
