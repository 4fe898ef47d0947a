// SPDX-License-Identifier: Apache-2.0
// A record is data: whatever its strings hold, the page gains no element and no attribute, and no format a control
// character.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>
#include <sstream>

#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "reports/export.h"
#include "reports/latex_scores.h"
#include "reports/record/record.h"
#include "reports/schema/validate.h"
#include "reports/writers/page.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

constexpr const char* kPayload =
    "\"'></script><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e\r|`$\\end{document}";
constexpr const char* kHarmless = "Q";

struct Documents {
  Json result, provenance;
};

/// Calls visit(pointer with "*" for places of lists, string) for every string and every key of a document.
using Visit = std::function<void(const std::string& kind, std::string& text)>;
void visit_strings(Json& value, const std::string& kind, const Visit& visit) {
  if (value.is_string()) visit(kind, value.get_ref<std::string&>());
  if (!value.is_structured()) return;
  for (auto& [key, item] : value.items()) visit_strings(item, kind + "/" + (value.is_array() ? "*" : key), visit);
}

/// The record with `added` behind every string of a kind; "" for all of them.
Documents with(const std::string& kind, const std::string& added) {
  Documents documents{sample_result(), sample_provenance()};
  const Visit visit = [&](const std::string& found, std::string& text) {
    if (kind.empty() ? found.ends_with("/schema") == false : found == kind) text += added;
  };
  visit_strings(documents.result, "result", visit);
  visit_strings(documents.provenance, "provenance", visit);
  return documents;
}

std::set<std::string> kinds_of_strings() {
  std::set<std::string> kinds;
  Documents documents{sample_result(), sample_provenance()};
  const Visit visit = [&](const std::string& kind, std::string&) { kinds.insert(kind); };
  visit_strings(documents.result, "result", visit);
  visit_strings(documents.provenance, "provenance", visit);
  return kinds;
}

size_t count(const std::string& text, const std::string& what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++found;
  return found;
}

/// What of a Markdown text is neither escaped nor code.
std::string outside_code(const std::string& text) {
  std::string outside, fence;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string ticks = line.substr(0, std::min(line.find_first_not_of('`'), line.size()));
    if (ticks.size() >= 3 && ticks.size() == line.size() && (fence.empty() || fence == ticks)) {
      fence = fence.empty() ? ticks : "";
      continue;
    }
    if (!fence.empty()) continue;
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\') {
        ++i;
      } else if (line[i] == '`') {
        const std::string run = line.substr(i, std::min(line.find_first_not_of('`', i), line.size()) - i);
        size_t end = i + run.size();
        for (size_t length = 0; end < line.size(); end += length) {  // the next run as long
          end = std::min(line.find('`', end), line.size());
          length = std::min(line.find_first_not_of('`', end), line.size()) - end;
          if (length == run.size() || length == 0) break;
        }
        i = end + run.size() - 1;
      } else {
        outside += line[i];
      }
    }
    outside += '\n';
  }
  return outside;
}

class HostileRecord : public testing::Test {
 protected:
  void SetUp() override {
    store_ = std::filesystem::path(testing::TempDir()) / ("emf_hostile_" + std::to_string(getpid()));
    if (const char* before = std::getenv("EMFBENCH_DEPS")) before_ = before;
    setenv("EMFBENCH_DEPS", (store_ / "nothing").c_str(), 1);
    write_sample_store(store_);
  }
  void TearDown() override {
    std::filesystem::remove_all(store_);
    before_.empty() ? unsetenv("EMFBENCH_DEPS") : setenv("EMFBENCH_DEPS", before_.c_str(), 1);
  }

  /// Every form of a record.  @return  nothing where the record is refused, by one UserError.
  std::vector<std::string> forms(const Documents& documents) {
    try {
      validate_result(documents.result);
      validate_provenance(documents.provenance);
      const SectionInput input{documents.result, documents.provenance, store_};
      std::vector<std::string> forms = {render_page(input)};
      for (const ExportFormat format : {ExportFormat::kCsv, ExportFormat::kMarkdown, ExportFormat::kLatex}) {
        forms.push_back(format == ExportFormat::kLatex ? latex_scores(input) : export_rows(report_rows(input), format));
        forms.push_back(export_sections(input, {"all"}, format));
      }
      return forms;
    } catch (const UserError&) {
      return {};
    }
  }

  void stays_text(const std::string& kind) {
    SCOPED_TRACE(kind.empty() ? "every string" : kind);
    const std::vector<std::string> hostile = forms(with(kind, kPayload)), harmless = forms(with(kind, kHarmless));
    if (hostile.empty() || harmless.empty()) return;
    ++rendered_;
    for (const std::string& form : hostile) {
      EXPECT_EQ(form.find('\x1b'), std::string::npos);
      EXPECT_EQ(form.find('\r'), std::string::npos);
      EXPECT_EQ(form.find("\u202e"), std::string::npos);
    }
    EXPECT_EQ(count(hostile[0], "<"), count(harmless[0], "<")) << "an element more on the page";
    // Quotes inside the plots' JSON are escaped; those that are not bound attributes or JSON's own strings.
    const auto quotes = [](const std::string& page) { return count(page, "\"") - count(page, "\\\""); };
    EXPECT_EQ(quotes(hostile[0]), quotes(harmless[0])) << "an attribute was left";
    for (const size_t markdown : {3, 4}) {
      EXPECT_EQ(outside_code(hostile[markdown]).find('<'), std::string::npos) << outside_code(hostile[markdown]);
    }
    for (const size_t latex : {5, 6}) {
      EXPECT_EQ(hostile[latex].find('<'), std::string::npos);
      EXPECT_EQ(hostile[latex].find("\\end{document}"), std::string::npos);
    }
  }

  std::filesystem::path store_;
  std::string before_;
  int rendered_ = 0;
};

TEST_F(HostileRecord, EachStringStaysText) {
  const std::set<std::string> kinds = kinds_of_strings();
  ASSERT_GT(kinds.size(), 60u);
  for (const std::string& kind : kinds) stays_text(kind);
  EXPECT_GT(rendered_, 50) << "most strings are free text";
}

TEST_F(HostileRecord, KeysStayText) {
  for (const char* list : {"/names/encoder", "/names/objective", "/metrics", "/names/probe"}) {
    Json hostile = sample_result();
    const Json::json_pointer place(list);
    if (!hostile.contains(place)) continue;
    Json& table = hostile.at(place);
    const Json copy = table;
    for (const auto& [key, value] : copy.items()) table[key + kPayload] = value;
    const std::vector<std::string> found = forms({hostile, sample_provenance()});
    if (found.empty()) continue;
    EXPECT_EQ(count(found[0], "<script>alert"), 0u) << list;
    EXPECT_EQ(count(found[0], "<img src=x"), 0u) << list;
  }
}

TEST_F(HostileRecord, CsvKeepsTheText) {
  Json result = sample_result();
  const std::string name = "a\"b,</script>\nc";
  for (Json& row : result["rows"]) row["encoder"] = name;
  const Json rows = report_rows({result, Json::object(), store_});
  const CsvTable table = parse_csv(export_rows(rows, ExportFormat::kCsv), "export");
  ASSERT_FALSE(table.rows.empty());
  EXPECT_EQ(table.rows.front().cells[table.required_column("encoder")], name);
}

}  // namespace
}  // namespace emf
