// The --store flag of every verb that reads or writes results.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace emf {

/// Adds --store DIR; $EMFBENCH_STORE, else ./store.
inline void add_store_option(CLI::App& app, std::string& store) {
  store = "store";
  app.add_option("--store", store, "folder of all results")->envname("EMFBENCH_STORE")->capture_default_str();
}

}  // namespace emf
