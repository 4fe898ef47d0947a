// SPDX-License-Identifier: Apache-2.0
#include "encoders/architectures/left_over.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/base/error.h"

namespace emf {
namespace {

struct Harmless {
  std::string_view name;
  std::string_view reason;
};

/// Keys of config.json that change no hidden state, whatever they hold.
constexpr Harmless kKeys[] = {
    {"architectures", "names classes of one library"},
    {"auto_map", "names code that is never run here; model_type says what is built"},
    {"custom_pipelines", "names code that is never run here"},
    {"_name_or_path", "provenance"},
    {"name_or_path", "provenance"},
    {"_commit_hash", "provenance"},
    {"transformers_version", "provenance"},
    {"transformers.js_config", "for another program"},
    {"unsloth_fixed", "provenance"},
    {"unsloth_version", "provenance"},
    {"torch_dtype", "tensors say their dtype themselves"},
    {"dtype", "tensors say their dtype themselves"},
    {"use_bfloat16", "a choice of the caller"},
    {"torchscript", "a choice of the caller"},
    {"use_cache", "of generation"},
    {"cache_implementation", "of generation"},
    {"return_dict", "how results are handed over"},
    {"return_dict_in_generate", "of generation"},
    {"output_hidden_states", "how results are handed over"},
    {"output_attentions", "how results are handed over"},
    {"output_scores", "of generation"},
    {"output_past", "of generation"},
    {"tf_legacy_loss", "of training"},
    {"xla_device", "of training"},
    {"gradient_checkpointing", "of training"},
    {"problem_type", "of a classifier's head"},
    {"id2label", "of a classifier's head"},
    {"label2id", "of a classifier's head"},
    {"num_labels", "of a classifier's head"},
    {"finetuning_task", "provenance"},
    {"task_specific_params", "of generation"},
    {"_attn_implementation", "which kernel"},
    {"_attn_implementation_autoset", "which kernel"},
    {"attn_implementation", "which kernel"},
    {"_flash_attn_2_enabled", "which kernel"},
    {"reference_compile", "which kernel"},
    {"deterministic_flash_attn", "which kernel"},
    {"chunk_size_feed_forward", "the same sums, in parts"},
    {"pretraining_tp", "the same sums, in parts"},
    {"initializer_range", "of initial values"},
    {"initializer_factor", "of initial values"},
    {"initializer_cutoff_factor", "of initial values"},
    {"attention_dropout", "of training"},
    {"attention_probs_dropout_prob", "of training"},
    {"hidden_dropout_prob", "of training"},
    {"hidden_dropout", "of training"},
    {"dropout", "of training"},
    {"dropout_rate", "of training"},
    {"embd_pdrop", "of training"},
    {"resid_pdrop", "of training"},
    {"attn_pdrop", "of training"},
    {"embedding_dropout", "of training"},
    {"mlp_dropout", "of training"},
    {"classifier_dropout", "of a classifier's head"},
    {"classifier_pooling", "of a classifier's head"},
    {"classifier_bias", "of a classifier's head"},
    {"classifier_activation", "of a classifier's head"},
    {"sparse_prediction", "of training"},
    {"sparse_pred_ignore_index", "of training"},
    {"decoder_bias", "of the masked-word head"},
    {"tie_word_embeddings", "of the head that predicts words"},
    {"tie_encoder_decoder", "of the decoder"},
    {"final_logit_softcapping", "of the head that predicts words"},
    {"scale_decoder_outputs", "of the decoder"},
    {"num_decoder_layers", "of the decoder"},
    {"is_encoder_decoder", "of the decoder"},
    {"decoder_start_token_id", "of the decoder"},
    {"decoder", "of the decoder"},
    {"encoder", "written for the decoder's sake"},
    {"n_positions", "bounds nothing where positions are relative"},
    {"pooler_fc_size", "of the pooler"},
    {"pooler_num_attention_heads", "of the pooler"},
    {"pooler_num_fc_layers", "of the pooler"},
    {"pooler_size_per_head", "of the pooler"},
    {"pooler_type", "of the pooler"},
    {"directionality", "of the pooler"},
    {"projection_dim", "of the projection, whose tensor says its size"},
    {"projection_size", "of the projection, whose tensor says its size"},
    {"logit_scale_init_value", "of initial values"},
    {"tokenizer_class", "of the tokenizer"},
    {"prefix", "of the tokenizer"},
    {"bos_token_id", "of the tokenizer"},
    {"eos_token_id", "of the tokenizer"},
    {"pad_token_id", "of the tokenizer"},
    {"unk_token_id", "of the tokenizer"},
    {"sep_token_id", "of the tokenizer"},
    {"cls_token_id", "of the tokenizer"},
    {"mask_token_id", "of the tokenizer"},
    {"eos_token", "of the tokenizer"},
    {"bos_token", "of the tokenizer"},
    {"image_token_id", "of another part"},
    {"video_token_id", "of another part"},
    {"vision_start_token_id", "of another part"},
    {"vision_end_token_id", "of another part"},
    {"vision_token_id", "of another part"},
    {"vision_config", "of another part"},
    {"qk_layer_norms", "of another part"},
    {"max_length", "of generation"},
    {"min_length", "of generation"},
    {"do_sample", "of generation"},
    {"early_stopping", "of generation"},
    {"num_beams", "of generation"},
    {"num_beam_groups", "of generation"},
    {"diversity_penalty", "of generation"},
    {"temperature", "of generation"},
    {"top_k", "of generation"},
    {"top_p", "of generation"},
    {"typical_p", "of generation"},
    {"repetition_penalty", "of generation"},
    {"length_penalty", "of generation"},
    {"no_repeat_ngram_size", "of generation"},
    {"encoder_no_repeat_ngram_size", "of generation"},
    {"bad_words_ids", "of generation"},
    {"num_return_sequences", "of generation"},
    {"exponential_decay_length_penalty", "of generation"},
    {"suppress_tokens", "of generation"},
    {"begin_suppress_tokens", "of generation"},
    {"forced_bos_token_id", "of generation"},
    {"forced_eos_token_id", "of generation"},
    {"remove_invalid_values", "of generation"},
    // Three axes of positions, which text alone moves along together.
    {"rope_scaling.mrope_section", "text moves along all axes at once"},
    {"rope_parameters.mrope_section", "text moves along all axes at once"},
    {"rope_scaling.mrope_interleaved", "text moves along all axes at once"},
    {"rope_parameters.mrope_interleaved", "text moves along all axes at once"},
};

/// Keys that are harmless with this value alone.
struct HarmlessValue {
  std::string_view name;
  Json value;
};
const std::vector<HarmlessValue>& harmless_values() {
  static const std::vector<HarmlessValue> values = {
      {"is_decoder", false},
      {"add_cross_attention", false},
      {"pruned_heads", Json::object()},
      {"partial_rotary_factor", 1},
      {"is_causal", true},
  };
  return values;
}

/// Single tensors beside what was read, and ends of names within it.
constexpr Harmless kTensors[] = {
    {"lm_head.weight", "the head that predicts words"},
    {"lm_head.bias", "the head that predicts words"},
    {"output.weight", "the head that predicts words"},
    {"score.weight", "a classifier's head"},
    {"classifier.weight", "a classifier's head"},
    {"classifier.bias", "a classifier's head"},
    {"head.weight", "the projection"},
    {"head.bias", "the projection"},
    {"text_projection", "the projection"},
    {"text_projection.weight", "the projection"},
    {"text_projection.bias", "the projection"},
    {"rope_freqs.weight", "GGUF's, read with the config"},
    {"rope_factors_short.weight", "GGUF's, read with the config"},
    {"rope_factors_long.weight", "of contexts beyond those that are read"},
    {"dense_2.weight", "behind the pooling, which reads it"},
    {"dense_3.weight", "behind the pooling, which reads it"},
    {"visual_projection.weight", "another part"},
    {"logit_scale", "of the loss"},
    {"logit_bias", "of the loss"},
    {"image_newline", "another part"},
    {"final_logits_bias", "the head that predicts words"},
    {"embed_tokens.weight", "a second name of what was read"},
};
constexpr Harmless kEnds[] = {
    {"rotary_emb.inv_freq", "follows from the config"},
    {"position_ids", "counts from 0"},
    {"attn_mask", "follows from the config"},
    {"encoder.embed_tokens.weight", "T5's second name of the shared table"},
};

bool is_named(std::span<const Harmless> list, std::string_view name) {
  return std::any_of(list.begin(), list.end(), [&](const Harmless& one) { return one.name == name; });
}

/// What names share up to their last dot.
std::string shared_prefix(const std::set<std::string>& names) {
  if (names.empty()) return "";
  const std::string &first = *names.begin(), &last = *names.rbegin();
  size_t length = 0;
  while (length < std::min(first.size(), last.size()) && first[length] == last[length]) ++length;
  const size_t dot = first.rfind('.', length == 0 ? 0 : length - 1);
  return dot == std::string::npos || length == 0 ? "" : first.substr(0, dot + 1);
}

}  // namespace

bool is_harmless_key(const std::string& key) { return is_named(kKeys, key); }

void refuse_unread(const CheckpointConfig& config) {
  for (const std::string& key : config.unread()) {
    if (is_harmless_key(key)) continue;
    const auto& values = harmless_values();
    const bool harmless = std::any_of(values.begin(), values.end(), [&](const HarmlessValue& one) {
      return one.name == key && config.values().at(key) == one.value;
    });
    if (harmless) continue;
    fail_input("{}: the key '{}' is not known here and may change what the text becomes; if it does not, take it out",
               config.origin(), key);
  }
}

void ReadWeights::read(const std::string& name, at::IntArrayRef shape, float* out) const {
  source_.read(name, shape, out);
  read_.insert(source_.stored_name(name));
}

RowReader ReadWeights::rows(const std::string& name, int64_t num_rows, int64_t row_size) const {
  RowReader reader = source_.rows(name, num_rows, row_size);
  read_.insert(source_.stored_name(name));
  return reader;
}

std::vector<std::string> ReadWeights::unread() const {
  const std::string prefix = shared_prefix(read_);
  const auto module_of = [&](const std::string& name) {
    return name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
  };
  std::set<std::string> modules;
  for (const std::string& name : read_) modules.insert(module_of(name));
  std::vector<std::string> unread;
  for (const std::string& name : source_.names()) {
    if (!name.starts_with(prefix) || read_.count(name) > 0) continue;
    const std::string rest = name.substr(prefix.size());
    // "pos_embed" or "norm.weight", but not "visual.proj", which is another part's.
    const auto dots = std::count(rest.begin(), rest.end(), '.');
    const bool is_single = dots == 0 || (dots == 1 && (rest.ends_with(".weight") || rest.ends_with(".bias")));
    if (modules.count(module_of(name)) == 0 && !is_single) continue;
    const bool at_end =
        std::any_of(std::begin(kEnds), std::end(kEnds), [&](const Harmless& end) { return rest.ends_with(end.name); });
    if (!at_end && !is_named(kTensors, rest)) unread.push_back(name);
  }
  return unread;
}

void refuse_unread(const ReadWeights& weights) {
  const std::vector<std::string> unread = weights.unread();
  if (unread.empty()) return;
  fail_input(
      "{}: tensor '{}'{} belongs to the text encoder and is not read by what its config describes: another "
      "model_type, or a key of the config that is wrong",
      weights.origin(), unread[0], unread.size() == 1 ? "" : fmt::format(" and {} more that", unread.size() - 1));
}

}  // namespace emf
