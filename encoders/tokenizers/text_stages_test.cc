// SPDX-License-Identifier: Apache-2.0
// HTML references, case and normal forms, BERT's cleaning, added tokens: each against its reference's own
// words.
#include <gtest/gtest.h>

#include "encoders/tokenizers/added_tokens.h"
#include "encoders/tokenizers/clip_bpe.h"
#include "encoders/tokenizers/html_unescape.h"
#include "encoders/tokenizers/unicode_text.h"
#include "encoders/tokenizers/word_piece.h"

namespace emf {
namespace {

TEST(HtmlUnescape, EqualsPythonsHtmlUnescape) {
  EXPECT_EQ(html_unescape("&lt;a&gt; &amp;amp; &quot"), "<a> &amp; \"");
  EXPECT_EQ(html_unescape("&notit; &notin; &nosuch; &;"), "\u00ACit; \u2209 &nosuch; &;");
  EXPECT_EQ(html_unescape("&#65;&#x42;&#X43&#128;&#0;&#xD800;&#x110000;&#1;&#99999999999999999999;"),
            "ABC\u20AC\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(html_unescape("&NotEqualTilde;&NewLine;&#13;&#xFFFE;x"), "\u2242\u0338\n\rx");
  EXPECT_EQ(html_unescape("&"), "&");
  EXPECT_EQ(html_unescape("&#;&#x;&#"), "&#;&#x;&#");
}

TEST(LowerCase, KnowsTheTwoLettersThatAreNotSimple) {
  EXPECT_EQ(lower_case("ABC \u0130\u00C9"), "abc i\u0307\u00E9");
  EXPECT_EQ(lower_case("\u039F\u03A3", true), "\u03BF\u03C2");
  EXPECT_EQ(lower_case("\u039F\u03A3", false), "\u03BF\u03C3");
  EXPECT_EQ(lower_case("\u03A3 \u03A3\u0391 \u0391.\u03A3.", true), "\u03C3 \u03C3\u03B1 \u03B1.\u03C2.");
}

TEST(NormalForm, OrdersMarksAndComposes) {
  EXPECT_EQ(normal_form("a\u0301\u0323", NormalForm::kNfd), "a\u0323\u0301");
  EXPECT_EQ(normal_form("a\u0301\u0323", NormalForm::kNfc), "\u1EA1\u0301");
  EXPECT_EQ(normal_form("\uFB01", NormalForm::kNfkc), "fi");
  EXPECT_EQ(normal_form("\u1100\u1161\u11A8", NormalForm::kNfc), "\uAC01");
  EXPECT_EQ(normal_form(std::string_view("\u00E9\0\u00E9", 5), NormalForm::kNfd), std::string("e\u0301\0e\u0301", 7));
}

TEST(ClipText, JoinsWhiteSpaceAndLowers) {
  EXPECT_EQ(clip_text("  A\u00A0\n B\t"), "a b");
  EXPECT_EQ(clip_text("\x1F &lt;X\x1F Y \x1C"), "<x\x1F y");
  EXPECT_EQ(clip_text(" \n "), "");
}

TEST(BertText, CleansCutsAndStrips) {
  EXPECT_EQ(bert_text(std::string_view("A\0\u200D\tb\uFFFD", 10), BertText()), "a b");
  EXPECT_EQ(bert_text("x\u4E2D\u00C9", BertText()), "x \u4E2D e");
  BertText cased;
  cased.lowers = cased.strips_accents = false;
  EXPECT_EQ(bert_text("\u00C9", cased), "\u00C9");
  std::vector<std::string_view> words;
  cut_bert_words(" it's $5\u2014ok ", words);
  EXPECT_EQ(words, (std::vector<std::string_view>{"it", "'", "s", "$", "5", "\u2014", "ok"}));
}

TEST(WordPiece, LongWordsAndUnknownOnes) {
  WordPiece::Options options;
  options.longest_word = 4;
  const WordPiece model(Vocabulary({"[UNK]", "a", "##b", "##bb", "##\u00E9"}, "test"), options);
  std::vector<int64_t> ids;
  model.encode({"abbb", "abbbb", "ac", "a\u00E9\u00E9\u00E9", "c"}, ids);
  EXPECT_EQ(ids, (std::vector<int64_t>{1, 3, 2, 0, 0, 1, 4, 4, 4, 0}));
}

TEST(AddedTokens, LeftmostLongestFirst) {
  AddedTokens tokens;
  tokens.add({"<a>", 1, false, false, false});
  tokens.add({"<a><b>", 2, false, false, false});
  tokens.add({"<s>", 3, true, true, false});
  tokens.add({"cat", 4, false, false, true});
  tokens.add({"", 5, false, false, false});
  std::vector<int64_t> ids;
  std::string rest;
  for (const auto& stretch : tokens.split("x<a><b><a> \u00A0<s>\t y<s>cats cat")) {
    ids.push_back(stretch.id);
    if (stretch.id < 0) rest += std::string(stretch.text) + "|";
  }
  EXPECT_EQ(ids, (std::vector<int64_t>{-1, 2, 1, 3, -1, 3, -1, 4}));
  EXPECT_EQ(rest, "x|y|cats |");
  EXPECT_TRUE(tokens.split("").empty());
}

TEST(AddedTokens, AWordIsBoundedByWhatIsNoWordCharacter) {
  AddedTokens tokens;
  tokens.add({"TOK", 1, false, false, true});
  const auto found = [&](std::string_view text) {
    size_t count = 0;
    for (const auto& stretch : tokens.split(text)) count += stretch.id == 1;
    return count;
  };
  for (const char* text :
       {"TOK", "\U0001F600TOK\U0001F600", "\u20ACTOK+", "TOK\u2122", "-TOK-", "TOK\u00B2", "(TOK)"}) {
    EXPECT_EQ(found(text), 1u) << text;
  }
  // A letter, a digit, a mark, a connector, a joiner, and a letter number.
  for (const char* text : {"aTOK", "TOK1", "TOK\u0301", "_TOK", "TOK\u203F", "TOK\u200D", "TOK\u2160", "\u0660TOK"}) {
    EXPECT_EQ(found(text), 0u) << text;
  }
  // What is no word is passed over whole: the second begins inside the first.
  tokens.add({"TOKTOK", 2, false, false, true});
  EXPECT_EQ(found("aTOKTOK"), 0u);
}

TEST(AddedTokens, SpecialOnesMayStayText) {
  AddedTokens tokens;
  tokens.add({"<s>", 1, false, false, false, true});
  tokens.add({"s>x", 2});
  ASSERT_EQ(tokens.split("a<s>x").size(), 1u);  // found, and left as it is
  EXPECT_EQ(tokens.split("as>x").size(), 2u);
}

}  // namespace
}  // namespace emf
