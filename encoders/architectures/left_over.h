// SPDX-License-Identifier: Apache-2.0
// What a checkpoint holds and the code did not read: harmless, and why, or refused by name.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/weights/checkpoint_config.h"
#include "harness/weights/weight_source.h"

namespace emf {

/// A source that remembers which tensors were read. Thread-compatible.
class ReadWeights : public WeightSource {
 public:
  /// @param source  outlives this object.
  explicit ReadWeights(const WeightSource& source) : source_(source) {}

  std::string origin() const override { return source_.origin(); }
  std::vector<std::string> names() const override { return source_.names(); }
  std::string stored_name(const std::string& name) const override { return source_.stored_name(name); }
  bool has(const std::string& name) const override { return source_.has(name); }
  std::vector<int64_t> shape(const std::string& name) const override { return source_.shape(name); }
  void read(const std::string& name, at::IntArrayRef shape, float* out) const override;
  RowReader rows(const std::string& name, int64_t num_rows, int64_t row_size) const override;
  void release() const override { source_.release(); }

  /// Tensors of the part that was read which nobody read. The part is the modules that reads went to ("layers",
  /// "norm", behind the prefix they share) and single tensors beside them; other modules are other parts of the model
  /// (a vision tower, a head), which are passed over whatever they hold. Harmless ones are left out: tables that
  /// follow from the config, second names of what was read.
  std::vector<std::string> unread() const;

 private:
  const WeightSource& source_;
  mutable std::set<std::string> read_;
};

/// @throws UserError  a key that nobody read and that is not known to be harmless (names file and key).
void refuse_unread(const CheckpointConfig& config);
/// @throws UserError  as ReadWeights::unread (names the file, the first of them and how many there are).
void refuse_unread(const ReadWeights& weights);

/// True for keys of config.json that change no hidden state, whatever they hold; GGUF's keys have other names.
bool is_harmless_key(const std::string& key);

}  // namespace emf
