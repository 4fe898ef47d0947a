// SPDX-License-Identifier: Apache-2.0
// Made-up suite records in the form the engine writes, for tests of the report. Their numbers say nothing about
// encoders.
#pragma once

#include <filesystem>

#include "harness/base/json.h"

namespace emf {

/// result.json of three encoders, three objectives, three step counts; one stage failed.
Json sample_result();

/// provenance.json to go with a record: the same machine, and times of its samples and budgets.
Json sample_provenance(const Json& result = sample_result());

/// result.json of a suite whose pictures have captions and no facts, so that nobody judges them: its main metric is an
/// official FID, lower is better, and everything in it says by itself how it is called. It has checkpoints, no ceiling,
/// no probes, and objectives of which reports know nothing.
Json factless_result();

/// Writes a whole store: runs/suite/<hash>/{result,provenance}.json and the sample grids it names.
/// @param result  the record; its samples' grids are painted.
/// @return        the suite's folder.
std::filesystem::path write_sample_store(const std::filesystem::path& store, const Json& result = sample_result());

}  // namespace emf
