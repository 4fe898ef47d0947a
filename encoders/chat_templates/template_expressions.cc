// SPDX-License-Identifier: Apache-2.0
// Letters: each function of the grammar is one level of Jinja's, from `or` down to a name.   @source  Jinja 3.1.6,
// parser.py.
#include "encoders/chat_templates/template_expressions.h"

#include <array>

#include "encoders/chat_templates/template_functions.h"
#include "harness/base/error.h"

namespace emf {
namespace {

using Kind = TemplateToken::Kind;
using Value = TemplateValue;
using Expression = TemplateExpression;
using Scopes = TemplateScopes;

constexpr int kDeepest = 100;

/// What binds tighter stands later.
constexpr std::array<std::array<const char*, 4>, 3> kBinary = {
    {{"+", "-", "", ""}, {"~", "", "", ""}, {"*", "/", "//", "%"}}};

/// The values of all as a list.
Expression list_of(std::vector<Expression> all) {
  return [all = std::move(all)](const Scopes& scopes) {
    TemplateData list = TemplateData::array();
    for (const Expression& one : all) list.push_back(one(scopes).data());
    return Value(std::move(list));
  };
}

}  // namespace

bool TemplateReader::take(const std::string& text) {
  if (!is_operator(text) && !is_name(text)) return false;
  next();
  return true;
}

void TemplateReader::expect(const std::string& text) {
  if (!take(text)) fail("'" + text + "' is missing");
}

std::string TemplateReader::expect_name() {
  if (peek().kind != Kind::kName) fail("a name is missing");
  return next().text;
}

void TemplateReader::fail(const std::string& what) const {
  const TemplateToken& here = peek();
  const std::string found =
      here.kind == Kind::kName || here.kind == Kind::kOperator ? ", before '" + here.text + "'" : "";
  fail_input("line {}: {}{}", here.line, what, found);
}

void TemplateReader::require(void (*known)(const std::string&), const std::string& name) const {
  try {
    known(name);
  } catch (const UserError& error) {
    fail(error.what());
  }
}

Expression TemplateReader::placed(Expression expression) const {
  return [expression = std::move(expression), line = peek().line](const Scopes& scopes) -> Value {
    try {
      return expression(scopes);
    } catch (const UserError& error) {
      const std::string what = error.what();
      if (what.starts_with("line ")) throw;
      fail_input("line {}: {}", line, what);
    }
  };
}

Expression TemplateReader::expression_or_tuple() {
  Expression first = expression();
  if (!is_operator(",")) return first;
  std::vector<Expression> all = {std::move(first)};
  while (take(",")) all.push_back(expression());
  return list_of(std::move(all));
}

Expression TemplateReader::expression(bool with_condition) {
  if (++depth_ > kDeepest) fail("the template is nested too deeply");
  Expression value = either();
  while (with_condition && take("if")) {
    count_link();
    Expression condition = either(), otherwise;
    if (take("else")) otherwise = expression();
    value = [value = std::move(value), condition = std::move(condition),
             otherwise = std::move(otherwise)](const Scopes& scopes) {
      if (condition(scopes).truth()) return value(scopes);
      return otherwise ? otherwise(scopes) : Value::undefined("an expression without an else");
    };
  }
  --depth_;
  return value;
}

Expression TemplateReader::either() {
  Expression left = both();
  while (take("or")) {
    count_link();
    left = [left = std::move(left), right = both()](const Scopes& scopes) {
      Value value = left(scopes);
      return value.truth() ? value : right(scopes);
    };
  }
  return left;
}

Expression TemplateReader::both() {
  Expression left = negation();
  while (take("and")) {
    count_link();
    left = [left = std::move(left), right = negation()](const Scopes& scopes) {
      Value value = left(scopes);
      return value.truth() ? right(scopes) : value;
    };
  }
  return left;
}

Expression TemplateReader::negation() {
  if (!take("not")) return comparison();
  if (++depth_ > kDeepest) fail("the template is nested too deeply");
  Expression inner = negation();
  --depth_;
  return [inner = std::move(inner)](const Scopes& scopes) { return Value(!inner(scopes).truth()); };
}

Expression TemplateReader::comparison() {
  struct Step {
    std::string name;
    Expression right;
  };
  Expression left = binary(0);
  std::vector<Step> steps;
  for (;;) {
    std::string name;
    for (const char* one : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (name.empty() && take(one)) name = one;
    }
    if (name.empty() && take("in")) name = "in";
    if (name.empty() && is_name("not") && is_name("in", 1)) {
      next();
      next();
      name = "not in";
    }
    if (name.empty()) break;
    steps.push_back({name, binary(0)});
  }
  if (steps.empty()) return left;
  return placed([left = std::move(left), steps = std::move(steps)](const Scopes& scopes) {
    Value before = left(scopes);
    for (const Step& step : steps) {
      Value after = step.right(scopes);
      bool holds = false;
      if (step.name == "==" || step.name == "!=") {
        holds = equal_values(before, after) == (step.name == "==");
      } else if (step.name == "in" || step.name == "not in") {
        holds = contains_value(after, before) == (step.name == "in");
      } else if (step.name == "<" || step.name == ">=") {
        holds = less_value(before, after) == (step.name == "<");
      } else {
        holds = less_value(after, before) == (step.name == ">");
      }
      if (!holds) return Value(false);
      before = std::move(after);
    }
    return Value(true);
  });
}

Expression TemplateReader::binary(size_t level) {
  if (level == kBinary.size()) return unary(true);
  Expression left = binary(level + 1);
  for (;;) {
    std::string name;
    for (const char* one : kBinary[level]) {
      if (name.empty() && *one != '\0' && take(one)) name = one;
    }
    if (name.empty()) return left;
    count_link();
    left = placed([name, left = std::move(left), right = binary(level + 1)](const Scopes& scopes) {
      const Value first = left(scopes);
      return apply_operator(name, first, right(scopes));
    });
  }
}

Expression TemplateReader::unary(bool with_filters) {
  Expression value;
  if (is_operator("-") || is_operator("+")) {
    const bool is_minus = next().text == "-";
    if (++depth_ > kDeepest) fail("the template is nested too deeply");
    value = placed([inner = unary(false), is_minus](const Scopes& scopes) {
      return is_minus ? apply_operator("-", Value(int64_t{0}), inner(scopes)) : inner(scopes);
    });
    --depth_;
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  if (is_operator("**")) fail("powers are not built here");
  if (!with_filters) return value;
  for (;;) {
    if (is_operator("|")) {
      value = filters(std::move(value));
    } else if (take("is")) {
      value = test(std::move(value));
    } else if (is_operator("(")) {
      value = postfix(std::move(value));
    } else {
      return value;
    }
  }
}

Expression TemplateReader::primary() {
  const TemplateToken token = peek();
  if (token.kind == Kind::kValue) {
    next();
    TemplateData value = token.value;
    // Strings that stand side by side are one.
    while (value.is_string() && peek().kind == Kind::kValue && peek().value.is_string()) {
      value = value.get<std::string>() + next().value.get<std::string>();
    }
    return [value](const Scopes&) { return Value(value); };
  }
  if (token.kind == Kind::kName) {
    next();
    if (token.text == "true" || token.text == "True") return [](const Scopes&) { return Value(true); };
    if (token.text == "false" || token.text == "False") return [](const Scopes&) { return Value(false); };
    if (token.text == "none" || token.text == "None") return [](const Scopes&) { return Value(TemplateData()); };
    return [name = token.text](const Scopes& scopes) { return scopes.find(name); };
  }
  if (take("(")) {
    if (take(")")) return [](const Scopes&) { return Value(TemplateData::array()); };
    Expression inner = expression();
    if (!is_operator(",")) {
      expect(")");
      return inner;
    }
    next();
    Expression rest = list(")");
    return [inner = std::move(inner), rest = std::move(rest)](const Scopes& scopes) {
      TemplateData all = TemplateData::array({inner(scopes).data()});
      const Value others = rest(scopes);
      for (const TemplateData& one : others.data()) all.push_back(one);
      return Value(std::move(all));
    };
  }
  if (take("[")) return list("]");
  if (take("{")) return object();
  fail("an expression is missing");
}

Expression TemplateReader::list(const std::string& end) {
  std::vector<Expression> all;
  while (!take(end)) {
    all.push_back(expression());
    if (!is_operator(end)) expect(",");
  }
  return placed(list_of(std::move(all)));
}

Expression TemplateReader::object() {
  std::vector<std::pair<Expression, Expression>> all;
  while (!take("}")) {
    Expression key = expression();
    expect(":");
    all.emplace_back(std::move(key), expression());
    if (!is_operator("}")) expect(",");
  }
  return placed([all = std::move(all)](const Scopes& scopes) {
    TemplateData object = TemplateData::object();
    for (const auto& [key, value] : all) object[key(scopes).text()] = value(scopes).data();
    return Value(std::move(object));
  });
}

Expression TemplateReader::postfix(Expression value) {
  for (;; count_link()) {
    if (take(".")) {
      if (peek().kind == Kind::kValue) {
        value = placed([value = std::move(value), key = next().value](const Scopes& scopes) {
          return item_of(value(scopes), Value(key));
        });
      } else {
        value = placed([value = std::move(value), name = expect_name()](const Scopes& scopes) {
          return attribute_of(value(scopes), name);
        });
      }
    } else if (take("[")) {
      value = subscript(std::move(value));
    } else if (is_operator("(")) {
      value = placed([value = std::move(value), given = arguments()](const Scopes& scopes) {
        const Value called = value(scopes);
        return called.function()(given(scopes));
      });
    } else {
      return value;
    }
  }
}

Expression TemplateReader::subscript(Expression value) {
  Expression parts[3];
  size_t part = 0;
  bool is_slice = false;
  while (!take("]")) {
    if (take(":")) {
      is_slice = true;
      if (++part > 2) fail("a part has too many ends");
    } else {
      if (parts[part]) fail("']' is missing");
      parts[part] = expression();
    }
  }
  if (!is_slice) {
    if (!parts[0]) fail("an element is not named");
    return placed([value = std::move(value), key = std::move(parts[0])](const Scopes& scopes) {
      const Value of = value(scopes);
      return item_of(of, key(scopes));
    });
  }
  return placed([value = std::move(value), begin = std::move(parts[0]), end = std::move(parts[1]),
                 step = std::move(parts[2])](const Scopes& scopes) {
    const auto at = [&](const Expression& one) { return one ? one(scopes) : Value(); };
    return slice_of(value(scopes), at(begin), at(end), at(step));
  });
}

TemplateReader::Arguments TemplateReader::arguments() {
  std::vector<Expression> positional;
  std::vector<std::pair<std::string, Expression>> named;
  expect("(");
  while (!take(")")) {
    if (is_operator("*") || is_operator("**")) fail("arguments out of a list are not built here");
    if (peek().kind == Kind::kName && is_operator("=", 1)) {
      const std::string name = expect_name();
      next();
      named.emplace_back(name, expression());
    } else {
      if (!named.empty()) fail("an argument without a name stands behind one with a name");
      positional.push_back(expression());
    }
    if (!is_operator(")")) expect(",");
  }
  return [positional = std::move(positional), named = std::move(named)](const Scopes& scopes) {
    TemplateArguments given;
    for (const Expression& one : positional) given.positional.push_back(one(scopes));
    for (const auto& [name, one] : named) given.named.emplace_back(name, one(scopes));
    return given;
  };
}

Expression TemplateReader::filters(Expression value) {
  while (take("|")) {
    count_link();
    const std::string name = expect_name();
    require(require_filter, name);
    Arguments given = [](const Scopes&) { return TemplateArguments(); };
    if (is_operator("(")) given = arguments();
    value = placed([value = std::move(value), name, given = std::move(given)](const Scopes& scopes) {
      const Value filtered = value(scopes);
      return apply_filter(name, filtered, given(scopes));
    });
  }
  return value;
}

Expression TemplateReader::test(Expression value) {
  count_link();
  const bool is_negated = take("not");
  const std::string name = expect_name();
  require(require_test, name);
  Arguments given = [](const Scopes&) { return TemplateArguments(); };
  const bool ends = is_name("else") || is_name("or") || is_name("and") || is_name("is") || is_name("if") ||
                    is_name("not") || is_name("in");
  if (is_operator("(")) {
    given = arguments();
  } else if (!ends &&
             (peek().kind == Kind::kName || peek().kind == Kind::kValue || is_operator("[") || is_operator("{"))) {
    given = [one = postfix(primary())](const Scopes& scopes) { return TemplateArguments{{one(scopes)}, {}}; };
  }
  return placed([value = std::move(value), name, given = std::move(given), is_negated](const Scopes& scopes) {
    const Value asked = value(scopes);
    return Value(apply_test(name, asked, given(scopes)) != is_negated);
  });
}

}  // namespace emf
