// SPDX-License-Identifier: Apache-2.0
#include "harness/command/judge_images.h"

#include "harness/engine/scoring/judged_folder.h"
#include "harness/tensor/placement.h"

namespace emf {

JudgedImages judge_images(const std::string& folder, const std::string& judge, const std::string& device,
                          const MetadataFile* metadata) {
  const Placement placement = ready_placement(device, "--device");
  PicturesOfPrompts pictures = pictures_of_prompts(folder, metadata != nullptr);
  if (metadata != nullptr) {
    // A picture's own line counts, and contradictions are met before the judge has looked at anything.
    for (const PictureOfPrompt& picture : pictures.pictures) {
      if (!picture.metadata.is_null()) metadata->refuse_contradiction(picture.metadata, picture.path.string());
    }
  }
  JudgedFolder judged =
      judge_folder(pictures.pictures, judge, metadata != nullptr ? metadata->lines() : std::vector<Json>(), placement);
  return {std::move(judged.rows), std::move(pictures.warnings), std::move(judged.beyond), std::move(judged.judge)};
}

}  // namespace emf
