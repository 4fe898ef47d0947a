// SPDX-License-Identifier: Apache-2.0
#include "reports/claims_export.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/error.h"
#include "reports/writers/markdown.h"

namespace emf {
namespace {

/// As a shell reads it back.
std::string shell_word(const std::string& word) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string("_-./=:,@+%").find(c) != std::string::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

Json command_of(const Json& provenance) {
  if (!provenance.contains("argv")) return nullptr;
  std::string command = "./emfbench";
  for (const Json& word : provenance.at("argv")) command += " " + shell_word(word.get<std::string>());
  return command;
}

std::string text_of(const Json& value) {
  if (value.is_null()) return "not known";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

Json claims_document(const SectionInput& input) {
  const Json& from = input.provenance;
  const std::string suite = input.result.at("suite");
  const Json command = command_of(from), commit = from.value("commit", Json());
  Json claims = Json::array();
  for (const Json& claim : input.result.at("claims")) {
    Json row = {{"claim", claim.at("name")},
                {"metric", claim.at("metric")},
                {"measured", claim.at("detail")},
                {"reported", claim.value("reported", Json())},
                {"verdict", claim.at("verdict")},
                {"command", command},
                {"commit", commit}};
    for (const char* key : {"difference", "ci95"}) {
      if (claim.contains(key)) row[key] = claim.at(key);
    }
    claims.push_back(std::move(row));
  }
  if (claims.empty()) fail_input("suite '{}' makes no claims, so there are none to export", suite);
  Json machine = Json::object();
  for (const char* key : {"cpu", "threads", "system", "libtorch", "placement"}) {
    if (from.contains(key)) machine[key] = from.at(key);
  }
  return {{"suite", suite},
          {"question", input.result.at("question")},
          {"command", command},
          {"commit", commit},
          {"dirty", from.value("dirty", Json())},
          {"version", from.value("emfbench", Json())},
          {"seeds", from.value("seeds", Json())},
          {"machine", machine},
          {"finished", from.value("finished", Json())},
          {"claims", claims}};
}

std::string claims_markdown(const Json& document) {
  const bool dirty = document.at("dirty") == true;
  std::string text = fmt::format("# Claims of {}\n\n{}\n\n", escape_markdown(document.at("suite").get<std::string>()),
                                 escape_markdown(document.at("question").get<std::string>()));
  text += fmt::format("- Command: `{}`\n- Commit: {}{}\n", text_of(document.at("command")),
                      text_of(document.at("commit")), dirty ? ", with changes that were not committed" : "");
  text += fmt::format("- Seeds: {}\n- Finished: {}\n", text_of(document.at("seeds")), text_of(document.at("finished")));
  const Json& machine = document.at("machine");
  if (machine.contains("cpu")) {
    text += fmt::format("- Machine: {}, {} threads\n", escape_markdown(text_of(machine.at("cpu"))),
                        text_of(machine.value("threads", Json())));
  }
  Table table{"", {{"Claim"}, {"Metric"}, {"Measured"}, {"Difference"}, {"Reported"}, {"Verdict"}}};
  for (const Json& claim : document.at("claims")) {
    std::string difference;
    if (claim.contains("difference")) difference = fmt::format("{:.4g}", claim.at("difference").get<double>());
    if (claim.contains("ci95") && claim.at("ci95").is_array()) {
      difference +=
          fmt::format(", {:.4g} to {:.4g}", claim.at("ci95").at(0).get<double>(), claim.at("ci95").at(1).get<double>());
    }
    table.add({{claim.at("claim")},
               {claim.at("metric")},
               {claim.at("measured")},
               {difference},
               {claim.at("reported").is_null() ? "" : claim.at("reported").get<std::string>()},
               {claim.at("verdict")}});
  }
  return text + "\n" + markdown_of(table);
}

}  // namespace emf
