// SPDX-License-Identifier: Apache-2.0
// One verb of the command line: a file that declares its flags and does its work.
#pragma once

#include <memory>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/progress.h"
#include "harness/base/registry.h"
#include "harness/command/flags.h"

namespace emf {

/// Flags that every verb has.
struct CommonFlags {
  bool json = false;  ///< print one JSON document on stdout instead of text
};

class Command {
 public:
  static constexpr const char* kKind = "command";
  virtual ~Command() = default;

  /// Adds the verb's own flags and arguments.
  virtual void declare(const Flags& flags) = 0;
  /// Does the work; stdout holds data only. Errors are thrown (UserError, InternalError).
  virtual ExitCode run(const CommonFlags& flags) = 0;
};

using CommandRegistry = Registry<Command>;

/// Prints a JSON document to stdout.
void print_json(const Json& value);

}  // namespace emf
