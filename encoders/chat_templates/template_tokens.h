// SPDX-License-Identifier: Apache-2.0
// The text of a template cut into what is written as it is and the tokens of its tags.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "encoders/chat_templates/template_value.h"

namespace emf {

struct TemplateToken {
  enum class Kind { kText, kOutputBegin, kOutputEnd, kTagBegin, kTagEnd, kName, kValue, kOperator, kEnd };
  Kind kind;
  std::string text;    ///< of a text, a name, an operator
  TemplateData value;  ///< of a string or a number
  int64_t line = 1;
};

/// With trim_blocks and lstrip_blocks, without comments and without a line break at the very end, as transformers reads
/// chat templates; ends in a kEnd.
/// @param source  valid UTF-8.   @throws UserError  a tag or a string that does not end, a character that is none of
///   Jinja's (names the line).   @source  Jinja 3.1.6, lexer.py.
std::vector<TemplateToken> template_tokens(const std::string& source);

}  // namespace emf
