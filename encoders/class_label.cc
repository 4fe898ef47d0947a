// SPDX-License-Identifier: Apache-2.0
// The paper's discrete condition: one learnable vector for each value of each label field, trained with the
// generator.
#include <ATen/ATen.h>
#include <algorithm>
#include <optional>

#include "encoders/trained_values.h"
#include "harness/api/encoder.h"
#include "harness/base/hash.h"
#include "harness/captions/composition.h"
#include "harness/captions/grammar.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

// One token a field at a fixed place. The table holds every GenEval value, so it does not depend on the world
// drawn from.
enum Field : size_t { kTask, kClass1, kColor1, kCount1, kRelation, kClass2, kColor2, kNumFields };
constexpr int64_t kMaxCount = 10;
constexpr std::array<int64_t, kNumFields> kFieldValues = {6, 80, 10, kMaxCount, 4, 80, 10};

constexpr int64_t first_id(size_t field) {
  int64_t id = 0;
  for (size_t i = 0; i < field; ++i) id += kFieldValues[i];
  return id;
}
constexpr int64_t kNumIds = first_id(kNumFields);

/// What each field says; absent fields have no token.
using FieldValues = std::array<std::optional<int64_t>, kNumFields>;

FieldValues values_of(const Facts& facts) {
  FieldValues values;
  values[kTask] = static_cast<int64_t>(facts.task);
  const auto put_object = [&](const ObjectFact& object, Field class_field, Field color_field) {
    values[class_field] = object.class_id;
    if (object.color_id >= 0) values[color_field] = object.color_id;
  };
  put_object(facts.objects.at(0), kClass1, kColor1);
  values[kCount1] = facts.objects[0].count - 1;
  if (facts.objects.size() > 1) put_object(facts.objects[1], kClass2, kColor2);
  if (facts.task == Task::kPosition) values[kRelation] = static_cast<int64_t>(facts.relation);
  return values;
}

int64_t value_of(const Json& word, const std::vector<std::string>& known, const char* field, size_t index) {
  const auto found = word.is_string() ? std::find(known.begin(), known.end(), word.get<std::string>()) : known.end();
  if (found == known.end()) {
    fail_input("prompt {}: label '{}' is {}, which is none of GenEval's words", index, field, word.dump());
  }
  return found - known.begin();
}

/// Labels may lack fields (the disentanglement probe drops some), so each is read by itself.
FieldValues values_of(const Json& labels, size_t index) {
  FieldValues values;
  if (is_composition(labels)) {
    fail_input("prompt {}: class_label has no labels for long captions; leave it or 'compositions' out of the suite",
               index);
  }
  if (labels.contains("tag")) values[kTask] = value_of(labels["tag"], geneval_tasks(), "tag", index);
  const Json include = labels.value("include", Json::array());
  if (!include.is_array() || include.size() > 2) {
    fail_input("prompt {}: class_label takes labels with at most two objects in 'include'", index);
  }
  for (size_t i = 0; i < include.size(); ++i) {
    const Json& object = include[i];
    if (!object.is_object()) fail_input("prompt {}: an entry of 'include' is no object", index);
    if (object.contains("class")) {
      values[i == 0 ? kClass1 : kClass2] = value_of(object["class"], geneval_classes(), "class", index);
    }
    if (object.contains("color")) {
      values[i == 0 ? kColor1 : kColor2] = value_of(object["color"], geneval_colors(), "color", index);
    }
    if (i == 0) {
      const Json count = object.value("count", Json(1));
      if (!count.is_number_integer() || count < 1 || count > kMaxCount) {
        fail_input("prompt {}: label 'count' is {}, not an integer from 1 to {}", index, count.dump(), kMaxCount);
      }
      values[kCount1] = count.get<int64_t>() - 1;
    }
    if (object.contains("position")) {
      const Json& position = object["position"];
      const Json relation = position.is_array() && !position.empty() ? position[0] : position;
      values[kRelation] = value_of(relation, geneval_relations(), "position", index);
    }
  }
  if (!values[kTask] && !values[kClass1]) fail_input("prompt {}: its labels name neither task nor object", index);
  return values;
}

FieldValues values_of(const Prompt& prompt, size_t index) {
  if (prompt.labels.is_object()) return values_of(prompt.labels, index);
  if (const std::optional<Facts> facts = parse_caption(prompt.text)) return values_of(*facts);
  fail_input("prompt {}: class_label reads GenEval's captions and labels only, not {}", index,
             Json(prompt.text.substr(0, 200)).dump(-1, ' ', false, Json::error_handler_t::replace));
}

class ClassLabel : public Encoder {
 public:
  ClassLabel(const Options& options, const EncoderContext& context) : seed_(context.seed) {
    ConfigReader reader(options);
    dimension_ = reader.integer("dimension", 128, 1, 65536, "entries of a token's vector");
    values_ = reader.text("values", "", "file of trained values (.safetensors); \"\" = by chance");
    trainable_ = reader.flag("trainable", true, "trained with the generator");
    reader.finish();
    ensure(geneval_tasks().size() == kFieldValues[kTask] && geneval_classes().size() == kFieldValues[kClass1] &&
               geneval_colors().size() == kFieldValues[kColor1] &&
               geneval_relations().size() == kFieldValues[kRelation],
           "the caption grammar has {} classes, class_label {}", geneval_classes().size(), kFieldValues[kClass1]);
    table_ =
        to_device(normal_named(seed_, "encoder/class_label/table", {kNumIds, dimension_}), context.placement.device);
    if (!values_.empty()) load_trained_values(values_, {{"table", table_}});
    table_.requires_grad_(trainable_);
  }

  EncoderInfo info() const override {
    EncoderInfo info;
    info.name = "class_label";
    info.family = "labels";
    info.summary = "a learnable vector for each label value: task, class, colour, count, relation";
    info.source = "EMF Sec. 3 (discrete conditions)";
    info.num_parameters = table_.numel();
    info.dimension = dimension_;
    info.max_tokens = kNumFields;
    info.reads = EncoderInput::kLabels;
    info.trainable = trainable_;
    return info;
  }

  Json fingerprint() const override {
    Json fingerprint = {
        {"encoder", "class_label"}, {"version", 1}, {"dimension", dimension_}, {"values", kNumIds}, {"seed", seed_}};
    if (!trainable_) fingerprint["trainable"] = false;
    if (!values_.empty()) fingerprint["trained_values"] = sha256_file(values_);
    return fingerprint;
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    require_utf8(prompts);
    const auto count = static_cast<int64_t>(prompts.size());
    const at::Tensor ids = at::zeros({count, kNumFields}, at::kLong);
    const at::Tensor mask = at::zeros({count, kNumFields}, at::kBool);
    for (int64_t row = 0; row < count; ++row) {
      const auto index = static_cast<size_t>(row);
      const FieldValues values = values_of(prompts[index], index);
      for (size_t field = 0; field < kNumFields; ++field) {
        if (!values[field]) continue;
        const int64_t at = row * static_cast<int64_t>(kNumFields) + static_cast<int64_t>(field);
        ids.data_ptr<int64_t>()[at] = first_id(field) + *values[field];
        mask.data_ptr<bool>()[at] = true;
      }
    }
    return {ids, mask};
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const at::Tensor tokens = at::embedding(table_, to_device(inputs.ids, table_.device())),
                     mask = to_device(inputs.mask, table_.device());
    const TextFeatures features{tokens.masked_fill(mask.logical_not().unsqueeze(-1), 0), mask};
    return trainable_ ? features : on_host(features);
  }

  NamedParameters parameters() const override {
    if (!trainable_) return {};
    return {{"table", table_}};
  }

 private:
  uint64_t seed_;
  int64_t dimension_;
  std::string values_;  ///< what training left of the table, in a file
  bool trainable_;
  at::Tensor table_;
};

std::unique_ptr<Encoder> make_class_label(const Options& options, const EncoderContext& context) {
  return std::make_unique<ClassLabel>(options, context);
}

EMF_REGISTER(EncoderRegistry, "class_label", "The paper's discrete labels: a learnable vector for each label value",
             make_class_label, {.title = "Class labels"});

}  // namespace
}  // namespace emf
