// SPDX-License-Identifier: Apache-2.0
#include "harness/base/config_journal.h"

#include <algorithm>

namespace emf {
namespace {

thread_local ConfigJournal* t_open = nullptr;

}  // namespace

ConfigJournal::ConfigJournal() : outer_(t_open) { t_open = this; }
ConfigJournal::~ConfigJournal() { t_open = outer_; }
ConfigJournal* ConfigJournal::open() { return t_open; }

void ConfigJournal::write(AskedKey key) {
  const auto known = std::find_if(keys_.begin(), keys_.end(), [&](const AskedKey& other) {
    return other.table == key.table && other.key == key.key;
  });
  if (known == keys_.end()) {
    keys_.push_back(std::move(key));
  } else if (known->type == "raw" || known->meaning.empty()) {
    // Who only passes a key on, or asks for it beside, says less of it than its own reader.
    if (key.meaning.empty()) key.meaning = known->meaning, key.unit = known->unit;
    key.loose = known->type == "raw" && !known->meaning.empty() && key.type != "raw";
    if (key.type != "raw" || known->type == "raw") *known = std::move(key);
  }
}

}  // namespace emf
