// A made-up suite record in the form the engine writes, for tests of the report. Its numbers say nothing
// about encoders.
#pragma once

#include <filesystem>

#include "harness/base/json.h"

namespace emf {

/// result.json of three encoders, three objectives, three step counts; one stage failed.
Json sample_result();

/// provenance.json to go with it.
Json sample_provenance();

/// Writes a whole store: runs/suite/<hash>/{result,provenance}.json and the sample grids it names.
/// @return  the suite's folder.
std::filesystem::path write_sample_store(const std::filesystem::path& store);

}  // namespace emf
