// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/stages/latents_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace emf {

StageSpec latents_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                        int64_t begin, int64_t end) {
  StageSpec stage;
  stage.kind = "latents";
  stage.label = fmt::format("encode pictures {}..{}", begin, end);
  stage.version = 2;
  stage.spec = {{"dataset", dataset->fingerprint()}, {"codec", codec->fingerprint()}, {"range", {begin, end}}};
  stage.work = [dataset, codec, begin, end](const RunFolder& folder, Json&) {
    return encode_training_pictures(*dataset, *codec, begin, end, folder);
  };
  return stage;
}

std::vector<StagePointer> add_latents(StageList& stages, const std::shared_ptr<const Dataset>& dataset,
                                      const std::shared_ptr<const Codec>& codec, int64_t pool) {
  const int64_t pictures = training_pictures(*dataset, pool);
  std::vector<StagePointer> shards;
  // In shards, so that a larger pool finds the stages of a smaller one, cores share the work, and an
  // interruption costs one shard.
  for (int64_t begin = 0; begin < pictures; begin += kShardPictures) {
    shards.push_back(stages.add(latents_stage(dataset, codec, begin, std::min(pictures, begin + kShardPictures))));
  }
  return shards;
}

TrainingSetReader training_set_reader(std::vector<StagePointer> shards, int64_t pool) {
  struct Holder {
    std::once_flag once;
    std::shared_ptr<const TrainingSet> set;
  };
  auto holder = std::make_shared<Holder>();
  return [holder, shards = std::move(shards), pool] {
    // Read when the first row trains, because the shards are not there while the graph is built, and once for
    // all rows, which share the one tensor.
    std::call_once(holder->once, [&] {
      std::vector<const RunFolder*> folders;
      for (const StagePointer& shard : shards) folders.push_back(shard->folder.get());
      holder->set = std::make_shared<const TrainingSet>(load_training_set(folders, pool));
    });
    return holder->set;
  };
}

}  // namespace emf
