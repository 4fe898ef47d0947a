// The --store flag of every verb that reads or writes results.
#pragma once

#include <string>

#include "harness/command/flags.h"

namespace emf {

/// Adds --store DIR; $EMFBENCH_STORE, else ./store.
inline void add_store_option(const Flags& flags, std::string& store) {
  store = "store";
  flags.option("--store", store, "folder of all results").or_environment("EMFBENCH_STORE").shows_default();
}

}  // namespace emf
