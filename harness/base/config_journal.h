// SPDX-License-Identifier: Apache-2.0
// What the readers of configurations are asked for, written down: the keys that there are, from the code that reads
// them.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// One key of a table, as a reader was asked for it.
struct AskedKey {
  std::string table, key;            ///< dotted path of the table, "" for the document; the key in it
  std::string type;                  ///< "text", "flag", "integer", "number", "texts", "integers" or "raw"
  Json fallback;                     ///< what counts where it is absent; null where there is nothing
  Json low, high;                    ///< both ends of its range; null where it has none
  std::vector<std::string> choices;  ///< all that it may be, if not everything
  std::string meaning, unit;         ///< a sentence; "pictures", or ""
  Json value;                        ///< what stands there; null where it is absent
  bool loose = false;                ///< other types are read, too, as its sentence says

  std::string path() const { return table.empty() ? key : table + "." + key; }
};

/// While one lives, what readers of this thread are asked for is written down in it, in order, each key of a table
/// once. The innermost writes.
class ConfigJournal {
 public:
  ConfigJournal();
  ~ConfigJournal();
  ConfigJournal(const ConfigJournal&) = delete;
  ConfigJournal& operator=(const ConfigJournal&) = delete;

  const std::vector<AskedKey>& keys() const { return keys_; }
  void write(AskedKey key);
  /// The one that writes in this thread; null where nobody listens.
  static ConfigJournal* open();

 private:
  std::vector<AskedKey> keys_;
  ConfigJournal* outer_;
};

}  // namespace emf
