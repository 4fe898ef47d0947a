// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/python_literal.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace emf {
namespace {

Json parsed(const std::string& text) { return parse_python_literal(text, "cell"); }

TEST(PythonLiteral, ReadsWhatReprWrites) {
  EXPECT_EQ(parsed("['Style', \"It's\", 'a\\'b', 'c\\\\d\\n\\t\\xe9\\u4f60\\U0001f600', '属性']"),
            (Json{"Style", "It's", "a'b", "c\\d\n\té你😀", "属性"}));
  EXPECT_EQ(parsed(" [1, -2, 0.5, 1e-05, True, False, None, ] "), (Json{1, -2, 0.5, 1e-5, true, false, nullptr}));
  EXPECT_EQ(parsed("{'a': (1, 2), 'b': {}}"), (Json{{"a", {1, 2}}, {"b", Json::object()}}));
  EXPECT_EQ(parsed("[]"), Json::array());
  EXPECT_EQ(parsed("'\\q'"), "\\q");  // a stroke before a sign that Python does not know stays
}

TEST(PythonLiteral, RefusesEverythingElseByItsByte) {
  for (const char* text : {"", "[", "[1 2]", "[1,, 2]", "'open", "{1: 2}", "{'a' 1}", "null", "true", "nan", "[1] x",
                           "'\\xz1'", "'\\ud800'", "1.2.3", "--1", "'a\nb'", "f('x')"}) {
    try {
      parsed(text);
      ADD_FAILURE() << text;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find("cell: not a Python literal at byte "), std::string::npos)
          << error.what();
    }
  }
  EXPECT_THROW(parsed(std::string(100000, '[')), UserError);
}

}  // namespace
}  // namespace emf
