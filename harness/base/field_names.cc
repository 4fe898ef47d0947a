// SPDX-License-Identifier: Apache-2.0
#include "harness/base/field_names.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace emf {

std::string field_name(std::string_view word, const std::vector<std::string>& known) {
  static constexpr std::pair<std::string_view, std::string_view> kFieldNames[] = {
      {"lr", "learning_rate"},
      {"steps", "pictures"},  // where a table has none of its own
      {"max_steps", "steps"},
      {"iterations", "steps"},
      {"epochs", "pictures"},
      {"batch_size", "batch"},
      {"warmup", "warm_up"},
      {"wd", "weight_decay"},
      {"ema", "ema_half_life"},
      {"ema_decay", "ema_half_life"},
      {"gradient_clipping", "clip_norm"},
      {"fid", "frechet"},
      {"fd", "frechet"},
      {"prdc", "precision_recall"},
      {"inception_score", "inception"},
      {"dsg", "question_graph"},
      {"dpg", "question_graph"},
      {"bert", "minilm"},
      {"sentence_transformers", "minilm"},
      {"clip_vit", "clip"},
      {"imagefolder", "captioned_folder"},
      {"coco", "captioned_folder"},
      {"folder", "captioned_folder"},
      {"wds", "webdataset"},
      {"cls", "first"},
      {"average", "mean"},
      {"unet", "dit"},
      {"fake", "generated"},
      {"reference", "real"},
  };
  std::string plain(word);
  std::replace(plain.begin(), plain.end(), '-', '_');
  std::transform(plain.begin(), plain.end(), plain.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  for (const auto& [theirs, ours] : kFieldNames)
    if (plain == theirs && std::find(known.begin(), known.end(), ours) != known.end()) return std::string(ours);
  return "";
}

}  // namespace emf
