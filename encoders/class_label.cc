// The paper's discrete condition: one learnable vector for each value of each label field, trained with the
// generator.
#include <optional>

#include "harness/api/encoder.h"
#include "harness/base/geneval_names.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

// One token a field at a fixed place. The table holds every GenEval value, so it does not depend on the world
// drawn from.
enum Field : size_t { kTag, kClass1, kColor1, kCount1, kRelation, kClass2, kColor2, kNumFields };
constexpr int64_t kMaxCount = 10;
constexpr std::array<int64_t, kNumFields> kFieldValues = {
    kGenevalTags.size(),      kGenevalClasses.size(), kGenevalColors.size(), kMaxCount,
    kGenevalRelations.size(), kGenevalClasses.size(), kGenevalColors.size()};

constexpr int64_t first_id(size_t field) {
  int64_t id = 0;
  for (size_t i = 0; i < field; ++i) id += kFieldValues[i];
  return id;
}
constexpr int64_t kNumIds = first_id(kNumFields);

using FieldIds = std::array<std::optional<int64_t>, kNumFields>;

template <size_t Size>
int64_t place_of(const std::array<std::string_view, Size>& words, const Json& value, const char* field,
                 size_t prompt) {
  if (!value.is_string())
    fail_input("prompt {}: label '{}' must be a string, not {}", prompt, field, value.dump());
  const auto& text = value.get_ref<const std::string&>();
  for (size_t i = 0; i < Size; ++i) {
    if (words[i] == text) return static_cast<int64_t>(i);
  }
  fail_input("prompt {}: class_label has no {} '{}'{}", prompt, field, text,
             suggestion(text, {words.begin(), words.end()}));
}

void read_object(const Json& object, size_t prompt, Field class_field, Field color_field, FieldIds& ids) {
  if (!object.is_object() || !object.contains("class")) {
    fail_input("prompt {}: an entry of 'include' must hold a 'class'", prompt);
  }
  ids[class_field] = place_of(kGenevalClasses, object["class"], "class", prompt);
  if (object.contains("color")) ids[color_field] = place_of(kGenevalColors, object["color"], "color", prompt);
}

/// @param labels  a line of GenEval's evaluation_metadata.jsonl.
FieldIds read_labels(const Json& labels, size_t prompt) {
  FieldIds ids;
  const Json include = labels.value("include", Json());
  if (!include.is_array() || include.empty() || include.size() > 2) {
    fail_input("prompt {}: class_label takes labels with one or two objects in 'include'", prompt);
  }
  if (labels.contains("tag")) ids[kTag] = place_of(kGenevalTags, labels["tag"], "tag", prompt);
  read_object(include[0], prompt, kClass1, kColor1, ids);
  const Json count = include[0].value("count", Json(1));
  if (!count.is_number_integer() || count < 1 || count > kMaxCount) {
    fail_input("prompt {}: 'count' must be an integer from 1 to {}, not {}", prompt, kMaxCount, count.dump());
  }
  ids[kCount1] = count.get<int64_t>() - 1;
  if (include.size() == 2) {
    read_object(include[1], prompt, kClass2, kColor2, ids);
    if (include[1].contains("position")) {
      const Json& position = include[1]["position"];
      if (!position.is_array() || position.empty()) {
        fail_input("prompt {}: 'position' must be [relation, object], not {}", prompt, position.dump());
      }
      ids[kRelation] = place_of(kGenevalRelations, position[0], "relation", prompt);
    }
  }
  return ids;
}

FieldIds read_prompt(const Prompt& prompt, size_t index) {
  if (prompt.labels.is_object()) return read_labels(prompt.labels, index);
  fail_input("prompt {} has no labels: class_label needs GenEval metadata, not free text: \"{}\"", index,
             prompt.text);
}

class ClassLabel : public Encoder {
 public:
  ClassLabel(const Json& options, uint64_t seed) : seed_(seed) {
    const Config config = encoder_options(options, "class_label");
    ConfigReader reader(config, "");
    dimension_ = reader.integer("dimension", 128, 1, 65536);
    reader.finish();
    table_ = normal_named(seed, "encoder/class_label/table", {kNumIds, dimension_}).requires_grad_();
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
    info.trainable = true;
    return info;
  }

  Json fingerprint() const override {
    return {{"encoder", "class_label"},
            {"version", 1},
            {"dimension", dimension_},
            {"values", kNumIds},
            {"seed", seed_}};
  }

  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    require_utf8(prompts);
    const auto count = static_cast<int64_t>(prompts.size());
    const at::Tensor ids = at::zeros({count, kNumFields}, at::kLong);
    const at::Tensor mask = at::zeros({count, kNumFields}, at::kBool);
    for (int64_t row = 0; row < count; ++row) {
      const FieldIds fields = read_prompt(prompts[static_cast<size_t>(row)], static_cast<size_t>(row));
      for (size_t field = 0; field < kNumFields; ++field) {
        if (!fields[field]) continue;
        const int64_t at = row * static_cast<int64_t>(kNumFields) + static_cast<int64_t>(field);
        ids.data_ptr<int64_t>()[at] = first_id(field) + *fields[field];
        mask.data_ptr<bool>()[at] = true;
      }
    }
    return {ids, mask};
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const at::Tensor tokens = at::embedding(table_, inputs.ids);
    return {tokens.masked_fill(inputs.mask.logical_not().unsqueeze(-1), 0), inputs.mask};
  }

  std::vector<std::pair<std::string, at::Tensor>> parameters() const override { return {{"table", table_}}; }

 private:
  uint64_t seed_;
  int64_t dimension_;
  at::Tensor table_;
};

std::unique_ptr<Encoder> make_class_label(const Json& options, uint64_t seed) {
  return std::make_unique<ClassLabel>(options, seed);
}

EMF_REGISTER(EncoderRegistry, "class_label",
             "The paper's discrete labels: a learnable vector for each label value", make_class_label);

}  // namespace
}  // namespace emf
