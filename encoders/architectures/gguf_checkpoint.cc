#include "encoders/architectures/gguf_checkpoint.h"

#include <ATen/Parallel.h>

#include <map>

#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

struct GgufFamily {
  const char* model_type;
  bool permuted_heads;  ///< query and key rows stand so that neighbours turn together, not halves
  bool gemma;
};
const std::map<std::string_view, GgufFamily>& families() {
  static const std::map<std::string_view, GgufFamily> known = {{"llama", {"llama", true, false}},
                                                               {"qwen2", {"qwen2", false, false}},
                                                               {"qwen3", {"qwen3", false, false}},
                                                               {"gemma2", {"gemma2", false, true}},
                                                               {"gemma3", {"gemma3_text", false, true}}};
  return known;
}

const GgufFamily& family_of(const GgufFile& file) {
  const std::string_view name = file.text("general.architecture");
  const auto found = families().find(name);
  if (found == families().end()) {
    std::vector<std::string> known;
    for (const auto& [family, entry] : families()) known.emplace_back(family);
    fail_input("{}: its architecture {} is not read from GGUF; known: {}", file.path().string(),
               Json(std::string(name.substr(0, 60))).dump(-1, ' ', true, Json::error_handler_t::replace),
               fmt::join(known, ", "));
  }
  return found->second;
}

/// "layers.3.mlp.up_proj.weight" -> "blk.3.ffn_up.weight".
std::string gguf_name(const std::string& name, bool gemma) {
  if (name == "embed_tokens.weight") return "token_embd.weight";
  if (name == "norm.weight") return "output_norm.weight";
  static const std::map<std::string, std::string> parts = {{"input_layernorm", "attn_norm"},
                                                           {"self_attn.q_proj", "attn_q"},
                                                           {"self_attn.k_proj", "attn_k"},
                                                           {"self_attn.v_proj", "attn_v"},
                                                           {"self_attn.o_proj", "attn_output"},
                                                           {"self_attn.q_norm", "attn_q_norm"},
                                                           {"self_attn.k_norm", "attn_k_norm"},
                                                           {"mlp.gate_proj", "ffn_gate"},
                                                           {"mlp.up_proj", "ffn_up"},
                                                           {"mlp.down_proj", "ffn_down"},
                                                           {"pre_feedforward_layernorm", "ffn_norm"},
                                                           {"post_feedforward_layernorm", "post_ffw_norm"}};
  const size_t layer = name.find('.') + 1, part = name.find('.', layer) + 1, kind = name.rfind('.');
  if (name.rfind("layers.", 0) != 0 || kind <= part) return name;
  const std::string key = name.substr(part, kind - part);
  const auto found = parts.find(key);
  std::string short_name = key;
  if (found != parts.end()) short_name = found->second;
  if (key == "post_attention_layernorm") short_name = gemma ? "post_attention_norm" : "ffn_norm";
  return "blk." + name.substr(layer, part - layer) + short_name + name.substr(kind);
}

class GgufWeights : public WeightSource {
 public:
  explicit GgufWeights(std::shared_ptr<const GgufFile> file) : file_(std::move(file)), family_(family_of(*file_)) {}

  std::string origin() const override { return file_->path().string(); }
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : file_->tensors()) names.push_back(name);
    return names;
  }
  std::string stored_name(const std::string& name) const override { return gguf_name(name, family_.gemma); }
  bool has(const std::string& name) const override { return file_->has_tensor(gguf_name(name, family_.gemma)); }

  void read(const std::string& name, at::IntArrayRef shape, float* out) const override {
    const GgufTensor& tensor = file_->tensor(gguf_name(name, family_.gemma), shape.vec());
    const bool turned = family_.permuted_heads &&
                        (name.find("q_proj") != std::string::npos || name.find("k_proj") != std::string::npos);
    const int64_t head = turned ? head_size() : 0;
    if (turned && (head < 2 || tensor.num_rows % head != 0)) {
      fail_input("{}: {} has {} rows, no multiple of the head size {}", origin(), name, tensor.num_rows, head);
    }
    at::parallel_for(0, tensor.num_rows, 64, [&](int64_t begin, int64_t end) {
      if (!turned) return dequantise_rows(tensor, begin, end - begin, out + begin * tensor.row_size);
      for (int64_t row = begin; row < end; ++row) {
        dequantise_rows(tensor, stored_row(row, head), 1, out + row * tensor.row_size);
      }
    });
  }

  RowReader rows(const std::string& name, int64_t num_rows, int64_t row_size) const override {
    const GgufTensor& table = file_->tensor(gguf_name(name, family_.gemma), {num_rows, row_size});
    // The copy of `file` keeps the map, and with it the table, alive.
    return [file = file_, &table](const int64_t* ids, int64_t count, float* out) {
      for (int64_t i = 0; i < count; ++i, out += table.row_size) {
        if (ids[i] < 0 || ids[i] >= table.num_rows) {
          fail_input("token id {} is outside the vocabulary of {}", ids[i], table.num_rows);
        }
        dequantise_rows(table, ids[i], 1, out);
      }
    };
  }

  void release() const override { file_->release(); }

 private:
  /// Row `row` of Hugging Face's order, where halves (i, i + size / 2) turn, is this row of the file, where neighbours
  /// (2i, 2i + 1) do.
  static int64_t stored_row(int64_t row, int64_t head_size) {
    const int64_t within = row % head_size, half = head_size / 2;
    return row - within + (within < half ? 2 * within : 2 * (within - half) + 1);
  }
  int64_t head_size() const { return gguf_config(*file_).at("head_dim"); }

  std::shared_ptr<const GgufFile> file_;
  GgufFamily family_;
};

}  // namespace

Json gguf_config(const GgufFile& file) {
  const GgufFamily& family = family_of(file);
  const std::string prefix(file.text("general.architecture"));
  const auto key = [&](const char* name) { return prefix + "." + name; };
  if (file.has_tensor("rope_freqs.weight"))
    fail_input("{}: scaled rotary frequencies are not read from GGUF", file.path().string());
  Json config = {
      {"model_type", family.model_type},
      {"num_hidden_layers", file.integer(key("block_count"))},
      {"hidden_size", file.integer(key("embedding_length"))},
      {"intermediate_size", file.integer(key("feed_forward_length"))},
      {"num_attention_heads", file.integer(key("attention.head_count"))},
      {"num_key_value_heads", file.integer(key("attention.head_count_kv"))},
      {"max_position_embeddings", file.integer(key("context_length"))},
      {"rms_norm_eps", file.number(key("attention.layer_norm_rms_epsilon"))},
      {"vocab_size", file.texts("tokenizer.ggml.tokens").size()},
  };
  const int64_t heads = config.at("num_attention_heads"), hidden = config.at("hidden_size");
  if (file.has(key("attention.key_length"))) {
    config["head_dim"] = file.integer(key("attention.key_length"));
  } else if (file.has(key("rope.dimension_count"))) {
    config["head_dim"] = file.integer(key("rope.dimension_count"));
  } else {
    config["head_dim"] = hidden / std::max<int64_t>(1, heads);
  }
  if (file.has(key("rope.freq_base"))) config["rope_theta"] = file.number(key("rope.freq_base"));
  if (!family.gemma) return config;
  config["norm_weights_are_whole"] = true;
  // llama.cpp gives each size of Gemma its scale; all but the 27 B ones divide by the head's size.
  const bool per_width = (heads == 32 && hidden == 4608) || (heads == 32 && hidden == 5376);
  config["query_pre_attn_scalar"] = per_width ? hidden / heads : config["head_dim"].get<int64_t>();
  if (file.has(key("attention.sliding_window")))
    config["sliding_window"] = file.integer(key("attention.sliding_window"));
  if (file.has(key("attn_logit_softcapping")))
    config["attn_logit_softcapping"] = file.number(key("attn_logit_softcapping"));
  return config;
}

std::unique_ptr<WeightSource> gguf_weights(std::shared_ptr<const GgufFile> file) {
  return std::make_unique<GgufWeights>(std::move(file));
}

}  // namespace emf
