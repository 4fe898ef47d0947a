// Reads Llama out of GGUF: sizes from the metadata, weights dequantised in parallel into the fused matrices.
#include "encoders/transformer/llama_gguf.h"

#include <ATen/Parallel.h>

#include "harness/base/error.h"

namespace emf {
namespace {

int64_t size_of(const GgufFile& file, const std::string& key, int64_t most) {
  const int64_t size = file.integer(key);
  if (size < 1 || size > most)
    fail_input("{}: {} is {}, outside 1..{}", file.path().string(), key, size, most);
  return size;
}

/// One matrix's way from the file into rows of a fused one.
struct Part {
  const GgufTensor* from;
  float* to;
  int64_t rotary_head_size;  ///< 0, or the size of the heads whose rows are to be re-ordered
};

/// GGUF stores Llama's query and key rows for turning neighbours (2i, 2i + 1); the transformer turns halves
/// (i, i + size / 2). Row `row` of the result is this row of the file.
int64_t stored_row(int64_t row, int64_t head_size) {
  const int64_t within = row % head_size, half = head_size / 2;
  return row - within + (within < half ? 2 * within : 2 * (within - half) + 1);
}

void dequantise(const Part& part) {
  if (part.rotary_head_size == 0) {
    dequantise_rows(*part.from, 0, part.from->num_rows, part.to);
    return;
  }
  for (int64_t row = 0; row < part.from->num_rows; ++row) {
    dequantise_rows(*part.from, stored_row(row, part.rotary_head_size), 1,
                    part.to + row * part.from->row_size);
  }
}

/// Collects where everything goes first, so that the work is shared out evenly afterwards.
class Plan {
 public:
  explicit Plan(const GgufFile& file) : file_(file) {}

  at::Tensor vector(const std::string& name, int64_t size) {
    const at::Tensor out = at::empty({size}, at::kFloat);
    parts_.push_back({&file_.tensor(name, {size}), out.data_ptr<float>(), 0});
    return out;
  }

  struct Source {
    std::string name;
    int64_t rows;
    int64_t rotary_head_size = 0;
  };
  /// Matrices of equal width stacked into one.
  at::Tensor matrix(const std::vector<Source>& sources, int64_t columns) {
    int64_t rows = 0;
    for (const Source& source : sources) rows += source.rows;
    const at::Tensor out = at::empty({rows, columns}, at::kFloat);
    float* to = out.data_ptr<float>();
    for (const Source& source : sources) {
      parts_.push_back({&file_.tensor(source.name, {source.rows, columns}), to, source.rotary_head_size});
      to += source.rows * columns;
    }
    return out;
  }

  void run() const {
    at::parallel_for(0, static_cast<int64_t>(parts_.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) dequantise(parts_[static_cast<size_t>(i)]);
    });
  }

 private:
  const GgufFile& file_;
  std::vector<Part> parts_;
};

}  // namespace

TransformerConfig llama_config(const GgufFile& file) {
  constexpr int64_t kMost = 1 << 20;
  const std::string origin = file.path().string();
  if (file.text("general.architecture") != "llama") {
    fail_input("{}: its architecture is not 'llama', the only one read from GGUF", origin);
  }
  if (file.has_tensor("rope_freqs.weight")) fail_input("{}: scaled rotary frequencies are not read", origin);
  TransformerConfig config;
  config.num_layers = size_of(file, "llama.block_count", 1024);
  config.hidden = size_of(file, "llama.embedding_length", kMost);
  config.mlp = size_of(file, "llama.feed_forward_length", kMost);
  config.num_heads = size_of(file, "llama.attention.head_count", 1024);
  config.num_kv_heads = size_of(file, "llama.attention.head_count_kv", 1024);
  config.head_size = size_of(file, "llama.rope.dimension_count", kMost);
  config.context = size_of(file, "llama.context_length", kMost);
  config.norm_epsilon = file.number("llama.attention.layer_norm_rms_epsilon");
  config.rope_base = file.number("llama.rope.freq_base");
  config.vocabulary = static_cast<int64_t>(file.texts("tokenizer.ggml.tokens").size());
  if (config.num_heads * config.head_size != config.hidden || config.head_size % 2 != 0 ||
      config.num_heads % config.num_kv_heads != 0 || !(config.rope_base > 1) || !(config.norm_epsilon > 0)) {
    fail_input(
        "{}: impossible attention: hidden {}, {} heads of {}, {} key-value heads, rotary base {}, epsilon {}",
        origin, config.hidden, config.num_heads, config.head_size, config.num_kv_heads, config.rope_base,
        config.norm_epsilon);
  }
  return config;
}

Transformer load_llama(std::shared_ptr<const GgufFile> file) {
  const TransformerConfig config = llama_config(*file);
  const int64_t hidden = config.hidden, head = config.head_size;
  const int64_t kv_rows = config.num_kv_heads * head;
  Plan plan(*file);
  TransformerWeights weights;
  weights.final_norm = plan.vector("output_norm.weight", hidden);
  for (int64_t i = 0; i < config.num_layers; ++i) {
    const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", i, part); };
    TransformerLayer layer;
    layer.attention_norm = plan.vector(name("attn_norm"), hidden);
    layer.query_key_value = plan.matrix(
        {{name("attn_q"), hidden, head}, {name("attn_k"), kv_rows, head}, {name("attn_v"), kv_rows}}, hidden);
    layer.attention_out = plan.matrix({{name("attn_output"), hidden}}, hidden);
    layer.mlp_norm = plan.vector(name("ffn_norm"), hidden);
    layer.gate_up = plan.matrix({{name("ffn_gate"), config.mlp}, {name("ffn_up"), config.mlp}}, hidden);
    layer.down = plan.matrix({{name("ffn_down"), hidden}}, config.mlp);
    weights.layers.push_back(std::move(layer));
  }
  plan.run();

  const GgufTensor& table = file->tensor("token_embd.weight", {config.vocabulary, hidden});
  // The copy of `file` keeps the map, and with it the table, alive.
  weights.embed = [file, &table](const int64_t* ids, int64_t count, float* out) {
    for (int64_t i = 0; i < count; ++i, out += table.row_size) {
      if (ids[i] < 0 || ids[i] >= table.num_rows) {
        fail_input("token id {} is outside the vocabulary of {}", ids[i], table.num_rows);
      }
      dequantise_rows(table, ids[i], 1, out);
    }
  };
  return Transformer(config, std::move(weights));
}

}  // namespace emf
