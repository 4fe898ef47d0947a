// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/checkpoint.h"

#include <ATen/ATen.h>

#include <charconv>

#include "harness/base/hash.h"
#include "harness/base/sha256.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/store/machine.h"

namespace emf {
namespace {

constexpr const char* kFormat = "emf.training/1";
constexpr const char* kDigest = "sha256";

void add(Sha256& hash, const std::string& text) { hash.update(text.data(), text.size()); }

/// Covers all that is read, the state's stage included: a checkpoint of another stage does not fit.
std::string digest_of(const RunFolder& folder, const NamedTensors& tensors, const TensorMetadata& metadata) {
  Json said = {{"format", kFormat}, {"stage", folder.name()}};
  for (const auto& [key, value] : metadata) {
    if (key != kDigest) said[key] = value;
  }
  Sha256 hash;
  add(hash, canonical_json(said) + "\n");
  for (const auto& [name, tensor] : tensors) {  // in order of their names
    const at::Tensor values = tensor.detach().cpu().contiguous();
    add(hash, fmt::format("{} {} [", name, c10::toString(values.scalar_type())));
    for (const int64_t size : values.sizes()) add(hash, fmt::format("{},", size));
    add(hash, "]\n");
    hash.update(values.const_data_ptr(), values.nbytes());
  }
  return hash.hex();
}

template <typename Number>
Number number_of(const TensorMetadata& metadata, const char* key) {
  const std::string& text = metadata.at(key);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) throw std::out_of_range(key);
  return number;
}

}  // namespace

void write_training_state(const RunFolder& folder, const std::string& file, const TrainingState& state) {
  const Json machine = describe_machine();
  TensorMetadata metadata = {{"format", kFormat},
                             {"pictures", std::to_string(state.samples)},
                             {"flops", fmt::format("{}", state.flops)},
                             {"events_bytes", std::to_string(state.events_bytes)},
                             {"events_sha256", folder.events_digest(state.events_bytes)},
                             {"simd", machine.at("simd").get<std::string>()},
                             {"libtorch", machine.at("libtorch").get<std::string>()}};
  metadata[kDigest] = digest_of(folder, state.tensors, metadata);
  write_safetensors(folder.file(file), state.tensors, metadata);
}

TrainingState read_training_state(const RunFolder& folder, const std::string& file) {
  const auto refuse = [&](const std::string& name, const std::string& what) {
    throw DamagedStage(folder, {name, what});
  };
  TrainingState state;
  TensorMetadata metadata;
  try {
    state.tensors = read_safetensors(folder.file(file), &metadata);
  } catch (const std::exception& error) {
    refuse(file, fmt::format("cannot be read ({})", error.what()));
  }
  if (metadata.count(kDigest) == 0) refuse(file, kNoDigest);
  if (metadata.at(kDigest) != digest_of(folder, state.tensors, metadata)) {
    refuse(file, "is not what this stage wrote: its digest does not fit");
  }
  try {
    state.samples = number_of<int64_t>(metadata, "pictures");
    state.flops = number_of<double>(metadata, "flops");
    state.events_bytes = number_of<uint64_t>(metadata, "events_bytes");
  } catch (const std::out_of_range& key) {
    refuse(file, fmt::format("has no number '{}'", key.what()));
  }
  if (folder.events_digest(state.events_bytes) != metadata["events_sha256"]) {
    refuse("events.jsonl",
           fmt::format("does not hold the {} bytes that it held when {} was written", state.events_bytes, file));
  }
  state.other_machine = other_machine({{"simd", metadata["simd"]}, {"libtorch", metadata["libtorch"]}});
  return state;
}

}  // namespace emf
