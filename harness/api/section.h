// What a report section is: a question to a suite's record, answered as a fragment of HTML. LibTorch-free.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/json.h"
#include "harness/base/registry.h"

namespace emf {

/// A suite's record as sections see it. Both documents have passed their schema (reports/schema).
struct SectionInput {
  Json result;                       ///< emf.result/1
  Json provenance = Json::object();  ///< emf.provenance/1; empty when the record came without one
  std::filesystem::path store;       ///< what the record's file names are relative to
};

/// One part of the report. Stateless; the same input gives the same bytes.
class Section {
 public:
  static constexpr const char* kKind = "section";
  virtual ~Section() = default;

  virtual std::string title() const = 0;
  /// Sections appear in rising order; equal orders by name.
  virtual int order() const = 0;
  /// The section's body, or "" when the record holds nothing for it (the section is then left out).
  /// Everything it shows must be readable without scripts, and nothing in it may point outside the page.
  /// @throws UserError  the record contradicts itself (says where).
  virtual std::string html(const SectionInput& input) const = 0;
};

using SectionRegistry = Registry<Section>;

}  // namespace emf
