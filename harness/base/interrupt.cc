// SPDX-License-Identifier: Apache-2.0
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
  // The first signal only asks, and a training then stops at its next event line and saves. Whoever asks twice
  // does not want to wait. _exit, because destructors and exit handlers may not run in a signal handler.
  if (++g_interrupts > 1) _exit(static_cast<int>(ExitCode::kInterrupted));
}

}  // namespace

bool interrupted() { return g_interrupts > 0; }

void catch_interrupts() {
  std::signal(SIGINT, on_interrupt);
  // Batch systems and containers end a job by SIGTERM and grant it some seconds, which is enough for a
  // checkpoint.
  std::signal(SIGTERM, on_interrupt);
}

void stop_interrupted() {
  throw UserError("interrupted; run the same command again to continue", ExitCode::kInterrupted);
}

}  // namespace emf
