// SPDX-License-Identifier: Apache-2.0
// A check of LaTeX's syntax for tests, where no LaTeX is installed: what a table of ours may consist of.
#pragma once

#include <cctype>
#include <set>
#include <string>
#include <vector>

namespace emf {

/// The first fault of a text, or "": braces and environments that do not close, macros that neither LaTeX nor booktabs
/// has, bare specials, rows of a tabular with another number of columns than it declares.
class LatexSyntax {
 public:
  static std::string fault_of(const std::string& text) { return LatexSyntax(text).check(); }

 private:
  explicit LatexSyntax(const std::string& text) : text_(text) {}

  std::string check() {
    while (at_ < text_.size() && fault_.empty()) step();
    if (fault_.empty() && braces_ != 0) fault_ = "a brace is left open";
    if (fault_.empty() && !open_.empty()) fault_ = "an environment is left open: " + open_.back();
    return fault_;
  }

  void step() {
    const char c = text_[at_++];
    const bool in_table = !open_.empty() && open_.back() == "tabular";
    if (c == '%') at_ = std::min(text_.find('\n', at_), text_.size());
    if (c == '{') ++braces_;
    if (c == '}' && --braces_ < 0) fault_ = "a brace closes nothing";
    if (c == '$') math_ = !math_;
    if (c == '^' && !math_) fault_ = "a bare ^";
    if (c == '_' && !math_ && !in_label_) fault_ = "a bare _";
    if (c == '#' || c == '~') fault_ = std::string("a bare ") + c;
    if (c == '&' && !in_table) fault_ = "a bare &";
    if (c == '&' && in_table) ++columns_;
    if (c == '\\') macro(in_table);
  }

  void macro(bool in_table) {
    std::string name;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) name += text_[at_++];
    if (name.empty()) {
      const char sign = text_[at_++];
      if (sign == '\\') return end_of_row(in_table);
      if (std::string("{}$&#_%").find(sign) == std::string::npos) fault_ = std::string("unknown macro \\") + sign;
      return;
    }
    static const std::set<std::string> kKnown = {"begin",
                                                 "end",
                                                 "centering",
                                                 "caption",
                                                 "label",
                                                 "footnotesize",
                                                 "small",
                                                 "scriptsize",
                                                 "setlength",
                                                 "tabcolsep",
                                                 "toprule",
                                                 "midrule",
                                                 "bottomrule",
                                                 "cmidrule",
                                                 "multicolumn",
                                                 "textbf",
                                                 "emph",
                                                 "pm",
                                                 "par",
                                                 "smallskip",
                                                 "times",
                                                 "surd",
                                                 "textbackslash",
                                                 "textasciicircum",
                                                 "textasciitilde",
                                                 "textless",
                                                 "textgreater",
                                                 "textbar",
                                                 "textperiodcentered"};
    if (kKnown.count(name) == 0) fault_ = "unknown macro \\" + name;
    if (name == "begin") {
      open_.push_back(argument());
      if (open_.back() == "tabular") declared_ = argument().size();
      if (open_.back() == "table") at_ = text_.find(']', at_) + 1;
      columns_ = 1;
    }
    if (name == "end") {
      const std::string ended = argument();
      if (open_.empty() || open_.back() != ended) fault_ = "\\end{" + ended + "} ends nothing";
      if (!open_.empty()) open_.pop_back();
    }
    if (name == "multicolumn") columns_ += std::stoul(argument()) - 1;
    if (name == "label") argument();
  }

  void end_of_row(bool in_table) {
    if (!in_table) fault_ = "a row ends outside of a table";
    if (columns_ != declared_)
      fault_ =
          std::to_string(columns_) + " columns of " + std::to_string(declared_) + " before byte " + std::to_string(at_);
    columns_ = 1;
  }

  std::string argument() {
    if (at_ >= text_.size() || text_[at_] != '{') return "";
    const size_t end = text_.find('}', at_);
    std::string inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }

  std::string text_, fault_;
  size_t at_ = 0, columns_ = 1, declared_ = 0;
  int braces_ = 0;
  bool math_ = false, in_label_ = false;
  std::vector<std::string> open_;
};

}  // namespace emf
