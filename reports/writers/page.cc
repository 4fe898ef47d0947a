// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/base/sha256.h"
#include "harness/base/version.h"
#include "reports/blocks/picture_tiles.h"
#include "reports/writers/chapters.h"
#include "reports/writers/html.h"

namespace emf {
namespace {

// Scripts in the order they must load in.
constexpr std::array<const char*, 4> kScripts = {"vega", "vega-lite", "vega-embed", "tabulator"};
constexpr const char* kTableStyle = "tabulator-css";

struct Assets {
  bool complete = false;  ///< all or none: half of them would draw half a page
  std::string style;
  std::vector<std::string> scripts;
};

/// Inline script text ends at the first "</script", wherever it stands; in JavaScript "<\/script" means the
/// same.
std::string safe_script(std::string text) {
  for (const auto& [from, to] : std::map<std::string, std::string>{{"</script", "<\\/script"}, {"<!--", "<\\!--"}}) {
    for (size_t place = text.find(from); place != std::string::npos; place = text.find(from, place + to.size())) {
      text.replace(place, from.size(), to);
    }
  }
  // A source map is a file beside the script, which the page has no right to ask for.
  const size_t map = text.rfind("//# sourceMappingURL=");
  if (map != std::string::npos) text.erase(map, text.find('\n', map) - map);
  return text;
}

std::string own_file(const char* name) { return read_file(project_root() / "reports" / "assets" / name); }

Assets load_assets() {
  Assets assets;
  const auto fetched = [](const char* id) { return path_exists(package_file(id).path); };
  assets.complete = std::all_of(kScripts.begin(), kScripts.end(), fetched) && fetched(kTableStyle);
  if (!assets.complete) return assets;
  assets.style = read_file(package_file(kTableStyle).path);
  for (const char* id : kScripts) assets.scripts.push_back(safe_script(read_file(package_file(id).path)));
  assets.scripts.push_back("\n" + own_file("report.js"));
  return assets;
}

/// The page's own scripts by their digests: whatever else a browser takes for a script, a handler in an attribute among
/// it, does not run.
std::string script_sources(const std::vector<std::string>& scripts) {
  std::string sources;
  for (const std::string& script : scripts) {
    Sha256 hash;
    hash.update(script.data(), script.size());
    const std::string hex = hash.hex();
    std::string digest;
    for (size_t i = 0; i < hex.size(); i += 2) {
      digest += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    sources += (sources.empty() ? "'sha256-" : " 'sha256-") + base64(digest) + "'";
  }
  return sources;
}

/// "quick, 30 July 2026" would need a calendar; the record's own UTC text says the same.
std::string subtitle(const SectionInput& input) {
  std::string text = "Suite " + input.result.at("suite").get<std::string>();
  const std::string finished = input.provenance.value("finished", "");
  if (!finished.empty()) text += " \u00b7 " + finished.substr(0, 10);
  const std::string commit = input.provenance.value("commit", "");
  if (!commit.empty()) text += " \u00b7 commit " + commit.substr(0, 10);
  return text + " \u00b7 record " + input.result.at("spec_hash").get<std::string>();
}

/// What stands at the head of a page.
struct PageHead {
  std::string title, subtitle, heading;
};

/// @param notice  said above everything; may be "".
std::string whole_page(const PageHead& head, const std::vector<Chapter>& chapters, const Assets& assets,
                       const std::string& notice) {
  std::string contents, body;
  for (const Chapter& section : chapters) {
    contents += fmt::format("<li><a href=\"#{}\">{}</a></li>", escape_html(section.name), escape_html(section.title));
    body += fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n",
                        section.name, escape_html(section.title));
    body += html_of(section.blocks) + "</section>\n";
  }
  if (!notice.empty()) body.insert(0, html_of({Paragraph{notice, Tone::kNotice}}));
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'; script-src " +
      (assets.complete ? script_sources(assets.scripts) : "'none'") + "\">\n";
  page +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  page += fmt::format("<meta name=\"generator\" content=\"emfbench {}\">\n<title>emfbench: {}</title>\n", kVersion,
                      escape_html(head.title));
  if (assets.complete) page += "<style>" + assets.style + "</style>\n";
  page += "<style>\n" + own_file("report.css") + "</style>\n</head>\n<body>\n<header>\n<p class=\"subtitle\">" +
          escape_html(head.subtitle) + "</p>\n<h1>" + escape_html(head.heading) +
          "</h1>\n</header>\n<nav aria-label=\"Sections\"><ul>" + contents + "</ul></nav>\n<main>\n" + body +
          "</main>\n";
  for (const std::string& script : assets.scripts) page += "<script>" + script + "</script>\n";
  return page + "</body>\n</html>\n";
}

}  // namespace

std::string render_page(const SectionInput& input) {
  const Assets assets = load_assets();
  const char* without_scripts =
      "Plots and sortable tables are left out: their scripts were not fetched when this page was written "
      "(./emfbench setup fetches them). Every number is here in plain tables.";
  return whole_page({input.result.at("suite"), subtitle(input), input.result.at("question")}, chapters_of(input),
                    assets, assets.complete ? "" : without_scripts);
}

std::string render_plain_page(const std::string& heading, const std::string& subtitle,
                              const std::vector<Chapter>& chapters) {
  return whole_page({heading, subtitle, heading}, chapters, {}, "");
}

}  // namespace emf
