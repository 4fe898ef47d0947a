// The file that a finished training leaves: weights, moments, averages (engine/store/RUN_FORMAT.md).
#pragma once

namespace emf {

/// In the stage's folder.
inline constexpr const char* kFinalCheckpoint = "checkpoints/final.safetensors";

}  // namespace emf
