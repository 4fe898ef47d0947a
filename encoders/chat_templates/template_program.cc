// SPDX-License-Identifier: Apache-2.0
#include "encoders/chat_templates/template_program.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "encoders/chat_templates/template_functions.h"
#include "harness/base/error.h"

namespace emf {
namespace {

using Kind = TemplateToken::Kind;
using Value = TemplateValue;

constexpr int kDeepest = 50;
/// What a block has written, for its filters; no name of a template's.
constexpr const char* kWritten = "";

void expect_tag_end(TemplateReader& reader) {
  if (reader.peek().kind != Kind::kTagEnd) reader.fail("a tag goes on");
  reader.next();
}

/// Where a value goes: a name, several for the elements of a list, or an attribute of a namespace.
struct Target {
  std::vector<std::string> names;
  std::string attribute;

  void assign(TemplateScopes& scopes, const Value& value) const {
    if (!attribute.empty()) {
      const Value space = scopes.find(names[0]);
      if (attribute.starts_with('_')) fail_input("attributes that begin with _ are not set");
      if (!space.is_space()) fail_input("an attribute of {} is set, which is no namespace", space.kind_name());
      space.attributes()[attribute] = value;
    } else if (names.size() == 1) {
      scopes.set(names[0], value);
    } else {
      const std::vector<Value> parts = value.elements();
      if (parts.size() != names.size()) fail_input("{} values are put into {} names", parts.size(), names.size());
      for (size_t i = 0; i < names.size(); ++i) scopes.set(names[i], parts[i]);
    }
  }
};

Target read_target(TemplateReader& reader, bool may_be_attribute) {
  const bool has_bracket = reader.take("(");
  Target target{{reader.expect_name()}, ""};
  if (may_be_attribute && reader.take(".")) {
    target.attribute = reader.expect_name();
    return target;
  }
  while (reader.take(",")) target.names.push_back(reader.expect_name());
  if (has_bracket) reader.expect(")");
  return target;
}

/// What `loop` is in one turn.
Value loop_value(const std::vector<Value>& all, size_t at) {
  const auto size = static_cast<int64_t>(all.size()), place = static_cast<int64_t>(at);
  const auto number = [](int64_t value) { return Value(value); };
  TemplateNamespace loop = {{"index", number(place + 1)},
                            {"index0", number(place)},
                            {"revindex", number(size - place)},
                            {"revindex0", number(size - place - 1)},
                            {"first", Value(at == 0)},
                            {"last", Value(at + 1 == all.size())},
                            {"length", number(size)},
                            {"depth", number(1)},  // of recursive loops, which are not built
                            {"depth0", number(0)},
                            {"previtem", at > 0 ? all[at - 1] : Value::undefined("previtem")},
                            {"nextitem", at + 1 < all.size() ? all[at + 1] : Value::undefined("nextitem")}};
  loop["cycle"] = Value::callable("cycle", [at](const TemplateArguments& given) {
    if (given.positional.empty() || !given.named.empty()) fail_input("'cycle' takes values");
    return given.positional[at % given.positional.size()];
  });
  return Value::space(std::move(loop));
}

}  // namespace

TemplateProgram::TemplateProgram(const std::string& source) {
  TemplateReader reader(template_tokens(source));
  whole_ = body(reader, {});
}

std::string TemplateProgram::run(const TemplateNamespace& values, const std::string& date) const {
  Run run{TemplateScopes(template_globals(date)), ""};
  run.scopes.push();
  for (const auto& [name, value] : values) run.scopes.set(name, value);
  whole_(run);
  return std::move(run.out);
}

TemplateValue TemplateScopes::find(const std::string& name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->find(name);
    if (found != scope->end()) return found->second;
  }
  return TemplateValue::undefined(name);
}

TemplateProgram::Statement TemplateProgram::placed(Statement statement, int64_t line) {
  return [statement = std::move(statement), line](Run& run) {
    try {
      return statement(run);
    } catch (const UserError& error) {
      const std::string what = error.what();
      if (what.starts_with("line ")) throw;
      fail_input("line {}: {}", line, what);
    }
  };
}

TemplateProgram::Statement TemplateProgram::body(TemplateReader& reader, const std::vector<std::string>& ends) {
  if (++depth_ > kDeepest) reader.fail("the template is nested too deeply");
  std::vector<Statement> all;
  for (;;) {
    const TemplateToken token = reader.peek();
    if (token.kind == Kind::kEnd) {
      if (!ends.empty()) reader.fail(fmt::format("a tag '{}' is missing", fmt::join(ends, "' or '")));
      break;
    }
    reader.next();
    if (token.kind == Kind::kText) {
      all.emplace_back([text = token.text](Run& run) {
        run.out += text;
        return Flow::kNext;
      });
    } else if (token.kind == Kind::kOutputBegin) {
      const TemplateExpression value = reader.expression_or_tuple();
      if (reader.peek().kind != Kind::kOutputEnd) reader.fail("'}}' is missing");
      reader.next();
      all.push_back(placed(
          [value](Run& run) {
            run.out += value(run.scopes).written();
            return Flow::kNext;
          },
          token.line));
    } else {
      const std::string& name = reader.peek().text;
      if (reader.peek().kind == Kind::kName && std::find(ends.begin(), ends.end(), name) != ends.end()) break;
      all.push_back(placed(tag(reader), token.line));
    }
  }
  --depth_;
  return [all](Run& run) {
    for (const Statement& one : all) {
      if (const Flow flow = one(run); flow != Flow::kNext) return flow;
    }
    return Flow::kNext;
  };
}

TemplateProgram::Statement TemplateProgram::tag(TemplateReader& reader) {
  if (reader.take("if")) return condition(reader);
  if (reader.take("for")) return loop(reader);
  if (reader.take("set")) return assignment(reader);
  for (const auto& [name, flow] : {std::pair("break", Flow::kBreak), std::pair("continue", Flow::kContinue)}) {
    if (!reader.take(name)) continue;
    expect_tag_end(reader);
    return [flow = flow](Run&) { return flow; };
  }
  if (reader.take("generation")) {
    // Marks what an assistant has said, for training.
    expect_tag_end(reader);
    Statement inner = body(reader, {"endgeneration"});
    reader.next();
    expect_tag_end(reader);
    return inner;
  }
  reader.fail("the tag '" + reader.peek().text + "' is not built here");
}

TemplateProgram::Statement TemplateProgram::condition(TemplateReader& reader) {
  struct Branch {
    TemplateExpression condition;  // empty: else
    Statement inner;
  };
  std::vector<Branch> branches;
  TemplateExpression asked = reader.expression_or_tuple();
  for (;;) {
    expect_tag_end(reader);
    const bool is_else = !asked;
    branches.push_back({asked, body(reader, is_else ? std::vector<std::string>{"endif"}
                                                    : std::vector<std::string>{"elif", "else", "endif"})});
    const std::string name = reader.expect_name();
    if (name == "endif") break;
    asked = name == "elif" ? reader.expression_or_tuple() : TemplateExpression();
  }
  expect_tag_end(reader);
  return [branches](Run& run) {
    for (const Branch& branch : branches) {
      if (!branch.condition || branch.condition(run.scopes).truth()) return branch.inner(run);
    }
    return Flow::kNext;
  };
}

TemplateProgram::Statement TemplateProgram::loop(TemplateReader& reader) {
  const Target target = read_target(reader, false);
  reader.expect("in");
  // `if` behind it chooses elements and is no condition of the expression.
  const TemplateExpression source = reader.expression(false);
  TemplateExpression chosen;
  if (reader.take("if")) chosen = reader.expression();
  if (reader.is_name("recursive")) reader.fail("recursive loops are not built here");
  expect_tag_end(reader);
  const Statement inner = body(reader, {"endfor", "else"});
  Statement otherwise;
  if (reader.expect_name() == "else") {
    expect_tag_end(reader);
    otherwise = body(reader, {"endfor"});
    reader.next();
  }
  expect_tag_end(reader);
  return [target, source, chosen, inner, otherwise](Run& run) {
    std::vector<Value> all = source(run.scopes).elements();
    if (chosen) {
      std::vector<Value> kept;
      for (const Value& one : all) {
        run.scopes.push();
        target.assign(run.scopes, one);
        if (chosen(run.scopes).truth()) kept.push_back(one);
        run.scopes.pop();
      }
      all = std::move(kept);
    }
    for (size_t i = 0; i < all.size(); ++i) {
      run.scopes.push();
      run.scopes.set("loop", loop_value(all, i));
      target.assign(run.scopes, all[i]);
      const Flow flow = inner(run);
      run.scopes.pop();
      if (flow == Flow::kBreak) break;
    }
    return all.empty() && otherwise ? otherwise(run) : Flow::kNext;
  };
}

TemplateProgram::Statement TemplateProgram::assignment(TemplateReader& reader) {
  const Target target = read_target(reader, true);
  if (reader.take("=")) {
    const TemplateExpression value = reader.expression_or_tuple();
    expect_tag_end(reader);
    return [target, value](Run& run) {
      target.assign(run.scopes, value(run.scopes));
      return Flow::kNext;
    };
  }
  // What stands up to the end is the value.
  if (target.names.size() > 1) reader.fail("'=' is missing");
  const TemplateExpression filtered =
      reader.filters([](const TemplateScopes& scopes) { return scopes.find(kWritten); });
  expect_tag_end(reader);
  const Statement inner = body(reader, {"endset"});
  reader.next();
  expect_tag_end(reader);
  return [target, filtered, inner](Run& run) {
    std::string before = std::move(run.out);
    run.out.clear();
    run.scopes.push();
    inner(run);
    run.scopes.set(kWritten, Value(std::move(run.out)));
    const Value value = filtered(run.scopes);
    run.scopes.pop();
    run.out = std::move(before);
    target.assign(run.scopes, value);
    return Flow::kNext;
  };
}

}  // namespace emf
