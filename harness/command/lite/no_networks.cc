// SPDX-License-Identifier: Apache-2.0
// What `score` and `export` ask of networks, refused where there are none, with what to do instead.
#include "harness/base/error.h"
#include "harness/command/judge_images.h"
#include "harness/command/lite/front.h"
#include "harness/command/picture_network.h"
#include "harness/command/row_folder.h"

namespace emf {

std::unique_ptr<const PictureNetwork> load_picture_network(const std::string& backbone, const std::string&,
                                                           const std::string&) {
  hand_over();
  fail_missing(
      "pictures need a network ({}), and this program was built without LibTorch; give features as .npy, .npz or "
      ".safetensors, or use the whole program (./emfbench setup fetches what it needs)",
      backbone);
}

JudgedImages judge_images(const std::string& folder, const std::string& judge, const std::string&,
                          const MetadataFile*) {
  hand_over();
  fail_missing(
      "{}: pictures need a judge ({}), and this program was built without LibTorch; give --detections F.jsonl, or use "
      "the whole program (./emfbench setup fetches what it needs)",
      folder, judge);
}

std::vector<std::filesystem::path> write_row_folder(const SectionInput&, const std::string& wanted,
                                                    const std::vector<std::filesystem::path>&,
                                                    const std::filesystem::path&) {
  fail_missing(
      "the weights of {} are read with LibTorch, and this program was built without; use the whole program (./emfbench "
      "setup fetches what it needs)",
      wanted);
}

}  // namespace emf
