// SPDX-License-Identifier: Apache-2.0
#include "harness/base/csv.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace emf {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_csv(text, "t.csv");
  } catch (const UserError& error) {
    return error.what();
  }
  return "parsed";
}

TEST(Csv, QuotedCellsHoldCommasQuotesAndLineEnds) {
  const CsvTable table = parse_csv("\xEF\xBB\xBFid,text\r\n1,\"a, \"\"b\"\"\nc\"\r\n\r\n2,\n3,d", "t.csv");
  EXPECT_EQ(table.header, (std::vector<std::string>{"id", "text"}));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0].cells[1], "a, \"b\"\nc");
  EXPECT_EQ(table.rows[1].cells[1], "");
  EXPECT_EQ(table.rows[2].cells[1], "d");
  EXPECT_EQ(table.place(table.rows[0]), "t.csv:2");
  EXPECT_EQ(table.place(table.rows[1]), "t.csv:5");  // the quoted line end and the blank line count
  EXPECT_EQ(table.required_column("text"), 1u);
  EXPECT_FALSE(table.column("answer"));
}

TEST(Csv, WhatIsMalformedIsNamedByLine) {
  EXPECT_NE(refusal("a,b\n1,2\n3\n").find("t.csv:3: 1 cells, but the header names 2"), std::string::npos);
  EXPECT_NE(refusal("a\n1\n\"open\n\n").find("t.csv:3: a quote begins here"), std::string::npos);
  EXPECT_NE(refusal("a\n\"x\"y\n").find("t.csv:2: text after"), std::string::npos);
  EXPECT_NE(refusal("\n\n").find("no header"), std::string::npos);
  EXPECT_EQ(refusal("a,b\n1,caf\xe9\n"), "t.csv:2: byte 6 is 0xE9, which is not UTF-8; save the file as UTF-8");
  EXPECT_THROW(parse_csv("a,b,a\n", "t.csv").column("a"), UserError);
  EXPECT_EQ(parse_csv("a,b,a\n", "t.csv").column("b"), 1u);
  try {
    parse_csv("item_id,answer\n", "t.csv").required_column("item");
    ADD_FAILURE();
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("t.csv has no column 'item'"), std::string::npos);
  }
}

TEST(Csv, TellsWhereARowStands) {
  const std::string text = "\xEF\xBB\xBFname,text\r\n\r\na,\"one,\ntwo\"\r\nb,three", origin = "rows.csv";
  CsvReader reader(text, origin);
  const auto stands = [&](const CsvTable::Row& row) { return text.substr(row.begin, row.end - row.begin); };
  EXPECT_EQ(stands(reader.header()), "name,text\r\n");
  CsvTable::Row row;
  ASSERT_TRUE(reader.next(row));
  EXPECT_EQ(stands(row), "a,\"one,\ntwo\"\r\n");
  EXPECT_EQ(row.line, 3);
  ASSERT_TRUE(reader.next(row));
  EXPECT_EQ(stands(row), "b,three");
  EXPECT_EQ(row.line, 5);
  EXPECT_FALSE(reader.next(row));
}

}  // namespace
}  // namespace emf
