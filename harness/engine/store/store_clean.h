// SPDX-License-Identifier: Apache-2.0
// What finished records do not need any more, and how to be rid of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/engine/store/store_room.h"

namespace emf {

/// A kind of thing that may go.
struct CleanKind {
  std::string name;
  std::string what;    ///< what it is
  std::string again;   ///< what is made again, by which later run; or what no longer works
  bool asked = false;  ///< goes only where it is asked for by name: some verb reads it
};

/// "checkpoints", "latents", "pictures", "features", "unneeded", "aside", "temporary"; and, when asked for, "weights".
const std::vector<CleanKind>& clean_kinds();

/// Everything of these kinds in a store: single files of finished stages that records name, and what find_left_over()
/// finds. What a record that has not finished names is left alone, whatever it is. `report`, `verify`, `export` and
/// `compare` need none of it, `sample` and `export --format huggingface` only "weights".
/// @throws UserError  no store.   @cost  a listing of the whole store.
std::vector<LeftOver> find_cleanable(const std::filesystem::path& store);

/// Removes one of them. A stage that loses a file stays finished and says in CLEANED which: what is missing is made
/// anew once another stage has to read it.
/// @return  false where somebody works on the stage.   @throws UserError  it cannot be removed.
bool clean(const LeftOver& one);

}  // namespace emf
