// SPDX-License-Identifier: Apache-2.0
// The two kinds of failure: what the user can mend (UserError) and what only we can (InternalError).
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace emf {

/// Process exit codes. Scripts outside the project read them, so they never change meaning.
enum class ExitCode : int {
  kGood = 0,
  kSomeRunsFailed = 1,
  kBadInput = 2,      ///< bad command, config or input file; a store that cannot be written
  kMissing = 3,       ///< weights, data or device absent; the message says how to get them
  kClaimFailed = 4,   ///< a claim failed `verify`
  kInternal = 70,     ///< broken invariant: a bug of ours
  kInterrupted = 75,  ///< stopped from outside or disk full; run the same command again
};

/// A failure the user can mend. The message is one line: what, where, and what to do next.
class UserError : public std::runtime_error {
 public:
  explicit UserError(const std::string& message, ExitCode code = ExitCode::kBadInput)
      : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// A broken invariant: our bug. The message holds both values that disagree.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws UserError(kBadInput) with a formatted one-line message.
template <typename... Args>
[[noreturn]] void fail_input(fmt::format_string<Args...> format, Args&&... args) {
  throw UserError(fmt::format(format, std::forward<Args>(args)...), ExitCode::kBadInput);
}

/// Throws UserError(kMissing) with a formatted one-line message that says how to get what is absent.
template <typename... Args>
[[noreturn]] void fail_missing(fmt::format_string<Args...> format, Args&&... args) {
  throw UserError(fmt::format(format, std::forward<Args>(args)...), ExitCode::kMissing);
}

/// Throws InternalError unless the invariant holds.
template <typename... Args>
void ensure(bool holds, fmt::format_string<Args...> format, Args&&... args) {
  if (!holds) throw InternalError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace emf
