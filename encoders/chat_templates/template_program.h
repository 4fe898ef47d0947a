// SPDX-License-Identifier: Apache-2.0
// A chat template that has been read: what it refuses it refuses before any prompt.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "encoders/chat_templates/template_expressions.h"

namespace emf {

/// The part of Jinja that chat templates use: output, if, for, set, namespaces, filters, tests and methods of
/// template_functions.h. Everything else (macros, imports, blocks, calls of Python) is refused by name. Safe to use
/// from any thread.   @source  Jinja 3.1.6 as transformers 5.24 sets it up (trim_blocks, lstrip_blocks, loopcontrols).
class TemplateProgram {
 public:
  /// @throws UserError  what is no template, or asks for what is not built (names the line and the item).
  explicit TemplateProgram(const std::string& source);

  /// @param values  of the names that the template reads.   @param date  of template_globals.
  /// @throws UserError  what the template refuses, or an operation that Python would fail in too (names the line).
  std::string run(const TemplateNamespace& values, const std::string& date) const;

 private:
  enum class Flow { kNext, kBreak, kContinue };
  struct Run {
    TemplateScopes scopes;
    std::string out;
  };
  using Statement = std::function<Flow(Run&)>;

  /// With the line of an error that it ends in.
  static Statement placed(Statement statement, int64_t line);
  /// Statements up to a tag that begins with one of `ends`, whose name is left to be read.
  Statement body(TemplateReader& reader, const std::vector<std::string>& ends);
  Statement tag(TemplateReader& reader);
  Statement condition(TemplateReader& reader);
  Statement loop(TemplateReader& reader);
  Statement assignment(TemplateReader& reader);

  Statement whole_;
  int depth_ = 0;
};

}  // namespace emf
