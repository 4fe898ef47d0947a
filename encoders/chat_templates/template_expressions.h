// SPDX-License-Identifier: Apache-2.0
// The expressions of a template, read once into functions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "encoders/chat_templates/template_tokens.h"
#include "encoders/chat_templates/template_value.h"

namespace emf {

/// The names that are known where something is computed: innermost last.
class TemplateScopes {
 public:
  explicit TemplateScopes(TemplateNamespace globals) : scopes_{std::move(globals)} {}
  TemplateValue find(const std::string& name) const;
  void set(const std::string& name, TemplateValue value) { scopes_.back()[name] = std::move(value); }
  void push() { scopes_.emplace_back(); }
  void pop() { scopes_.pop_back(); }

 private:
  std::vector<TemplateNamespace> scopes_;
};

using TemplateExpression = std::function<TemplateValue(const TemplateScopes&)>;

/// Tokens, read one after another.
class TemplateReader {
 public:
  explicit TemplateReader(std::vector<TemplateToken> tokens) : tokens_(std::move(tokens)) {}

  const TemplateToken& peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const TemplateToken& next() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
  bool is_operator(const std::string& text, size_t ahead = 0) const {
    return peek(ahead).kind == TemplateToken::Kind::kOperator && peek(ahead).text == text;
  }
  bool is_name(const std::string& text, size_t ahead = 0) const {
    return peek(ahead).kind == TemplateToken::Kind::kName && peek(ahead).text == text;
  }
  /// Passes an operator or a name if it stands here.
  bool take(const std::string& text);
  /// @throws UserError  something else stands here.
  void expect(const std::string& text);
  std::string expect_name();
  [[noreturn]] void fail(const std::string& what) const;

  /// An expression.   @param with_condition  `a if b else c` is one, too.
  /// @throws UserError  what is none; a filter or test that is not built (names the line).
  TemplateExpression expression(bool with_condition = true);
  /// `a, b` is a list of two.
  TemplateExpression expression_or_tuple();
  /// Filters behind a value, `| trim | lower`.
  TemplateExpression filters(TemplateExpression value);

 private:
  using Arguments = std::function<TemplateArguments(const TemplateScopes&)>;

  TemplateExpression either();
  TemplateExpression both();
  TemplateExpression negation();
  TemplateExpression comparison();
  TemplateExpression binary(size_t level);
  TemplateExpression unary(bool with_filters);
  TemplateExpression primary();
  TemplateExpression postfix(TemplateExpression value);
  TemplateExpression subscript(TemplateExpression value);
  TemplateExpression test(TemplateExpression value);
  TemplateExpression list(const std::string& end);
  TemplateExpression object();
  Arguments arguments();
  /// With the line of an error that the function ends in.
  TemplateExpression placed(TemplateExpression expression) const;
  /// Operators, filters and parts behind one another. Each holds what stands before it, and is left by a return of
  /// its own.
  void count_link() {
    if (++links_ > 1000) fail("the expression is too long");
  }
  /// @throws UserError  with the place: `known` refuses the name.
  void require(void (*known)(const std::string&), const std::string& name) const;

  std::vector<TemplateToken> tokens_;
  size_t at_ = 0;
  int depth_ = 0, links_ = 0;
};

}  // namespace emf
