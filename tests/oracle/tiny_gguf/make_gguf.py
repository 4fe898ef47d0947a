# SPDX-License-Identifier: Apache-2.0
"""Writes tiny checkpoints as GGUF files, as llama.cpp's converter does, and what transformers makes of the same weights.

    python make_gguf.py        (transformers 5.24, torch, gguf 0.19)

Five are checkpoints of ../tiny_hf, whose expected.safetensors hold for them too (t5_of_mt5, bert_of_roberta, qwen3_yarn,
llama_longrope, gemma_embedding); three are made here, with values beside them: bert, t5_relu (its first version, without gates) and
llama_rope_freqs (Llama 3's scaling, as a tensor). Names are the gguf package's own map of them. All but vectors are
float16, in which every value is exact. qwen3_yarn lies in three parts, as llama.cpp's gguf-split writes them.
"""
import math
import pathlib
import re

import gguf
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, LlamaConfig, LlamaModel, T5Config, T5EncoderModel

HERE = pathlib.Path(__file__).parent
TINY = HERE.parent / "tiny_hf"
ARCH = gguf.MODEL_ARCH


def plain(tensor):
    tensor = tensor.float().numpy()
    return tensor.astype(np.float32 if tensor.ndim == 1 else np.float16)


def write(name, arch, blocks, tensors, keys, extra=(), split=0):
    """Tensors by Hugging Face's names; `extra` by GGUF's."""
    path = HERE / f"{name}.gguf"
    for old in HERE.glob(f"{name}*.gguf"):
        old.unlink()
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[arch], split_max_tensors=split)
    keys(writer)
    names = gguf.get_tensor_name_map(arch, blocks)
    for key, tensor in tensors.items():
        stored = names.get_name(key, try_suffixes=(".weight", ".bias"))
        assert stored, key
        writer.add_tensor(stored, plain(tensor))
    for key, tensor in extra:
        writer.add_tensor(key, np.asarray(tensor, np.float32) if np.ndim(tensor) == 1 else plain(torch.as_tensor(tensor)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(name, sum(p.stat().st_size for p in HERE.glob(f"{name}*.gguf")))


def draw(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            scale = 0.3 if tensor.dim() == 1 or "relative" in key else 0.2
            start = 1.0 if "norm" in key.lower() and key.endswith("weight") else 0.0
            value = (start + scale * torch.randn_like(tensor)).to(torch.bfloat16)
            tensor.copy_(torch.where(value.abs() < 2**-13, torch.zeros_like(value), value))
    return model.eval()


def expect(name, model):
    generator = torch.Generator().manual_seed(3)
    ids, mask = torch.randint(5, 96, (3, 14), generator=generator), torch.ones(3, 14, dtype=torch.long)
    for row, length in enumerate((14, 9, 3)):
        mask[row, length:] = 0
        ids[row, length:] = 1
    with torch.no_grad():
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    save_file({"input_ids": ids.int(), "attention_mask": mask.int(), "last_hidden_state": states.contiguous()},
              HERE / f"{name}.safetensors")


def turned(weight, heads):
    """The converter's order of rows, in which neighbours turn together."""
    shape = weight.shape
    return weight.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def attention(writer, hidden, mlp, layers, heads, context):
    writer.add_context_length(context)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(mlp)
    writer.add_block_count(layers)
    writer.add_head_count(heads)


def t5_keys(config):
    def keys(writer):
        attention(writer, config.d_model, config.d_ff, config.num_layers, config.num_heads, 512)
        writer.add_key_length(config.d_kv)
        writer.add_value_length(config.d_kv)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        writer.add_layer_norm_rms_eps(config.layer_norm_epsilon)
        writer.add_relative_attn_buckets_count(config.relative_attention_num_buckets)
        writer.add_decoder_start_token_id(0)
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    return keys


def bert_keys(config, pooling):
    def keys(writer):
        attention(writer, config.hidden_size, config.intermediate_size, config.num_hidden_layers,
                  config.num_attention_heads, 30)
        writer.add_layer_norm_eps(config.layer_norm_eps)
        writer.add_causal_attention(False)
        writer.add_pooling_type(pooling)
    return keys


def t5_of_mt5():
    tensors = load_file(TINY / "mt5/model.safetensors")
    tensors = {k: v for k, v in tensors.items() if k != "encoder.embed_tokens.weight"}
    write("t5_of_mt5", ARCH.T5ENCODER, 3, tensors, t5_keys(T5Config.from_pretrained(TINY / "mt5")))


def t5_relu():
    config = T5Config(vocab_size=96, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_decoder_layers=1, num_heads=4)
    model = draw(T5EncoderModel(config), 11)
    expect("t5_relu", model)
    tensors = {k: v for k, v in model.state_dict().items() if k != "encoder.embed_tokens.weight"}

    def keys(writer):
        t5_keys(config)(writer)
        writer.add_decoder_block_count(1)
    write("t5_relu", ARCH.T5, 2, tensors, keys)


def bert():
    config = BertConfig(vocab_size=96, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                        max_position_embeddings=32, attn_implementation="eager")
    model = draw(BertModel(config), 12)
    expect("bert", model)
    tensors = {k: v for k, v in model.state_dict().items() if "position_ids" not in k and "pooler" not in k}
    write("bert", ARCH.BERT, 2, tensors, bert_keys(config, gguf.PoolingType.CLS))


def bert_of_roberta():
    config = BertConfig.from_dict({**BertConfig().to_dict(), **__import__("json").loads((TINY / "roberta/config.json").read_text())})
    tensors = {k: v for k, v in load_file(TINY / "roberta/model.safetensors").items()
               if "position_ids" not in k and "pooler" not in k}
    tensors["embeddings.position_embeddings.weight"] = tensors["embeddings.position_embeddings.weight"][2:]
    write("bert_of_roberta", ARCH.BERT, 3, tensors, bert_keys(config, gguf.PoolingType.MEAN))


def qwen3_yarn():
    def keys(writer):
        attention(writer, 32, 64, 3, 4, 64)
        writer.add_head_count_kv(2)
        writer.add_key_length(8)
        writer.add_value_length(8)
        writer.add_rope_freq_base(1e6)
        writer.add_layer_norm_rms_eps(1e-6)
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(4.0)
        writer.add_rope_scaling_orig_ctx_len(8)
        writer.add_rope_scaling_yarn_beta_fast(32.0)
        writer.add_rope_scaling_yarn_beta_slow(1.0)
    tensors = {"model." + k: v for k, v in load_file(TINY / "qwen3_yarn/model.safetensors").items()}
    write("qwen3_yarn", ARCH.QWEN3, 3, tensors, keys, split=14)


def llama_rope_freqs():
    rope = dict(rope_type="llama3", rope_theta=1e4, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=32)
    config = LlamaConfig(vocab_size=96, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, max_position_embeddings=256, rope_parameters=rope, attn_implementation="eager")
    model = draw(LlamaModel(config), 13)
    expect("llama_rope_freqs", model)
    tensors = {"model." + k: v for k, v in model.state_dict().items()}
    for key in tensors:
        if re.search(r"\.(q|k)_proj\.", key):
            tensors[key] = turned(tensors[key], 4 if "q_proj" in key else 2)
    # convert_hf_to_gguf.py, LlamaModel.generate_extra_tensors.
    base, size = rope["rope_theta"], 8
    factors = []
    for frequency in 1.0 / (base ** (torch.arange(0, size, 2, dtype=torch.float32) / size)):
        length = 2 * math.pi / frequency
        low, high = 32 / rope["low_freq_factor"], 32 / rope["high_freq_factor"]
        if length < high:
            factors.append(1.0)
        elif length > low:
            factors.append(rope["factor"])
        else:
            smooth = (32 / length - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
            factors.append(float(1 / ((1 - smooth) / rope["factor"] + smooth)))

    def keys(writer):
        attention(writer, 32, 64, 2, 4, 256)
        writer.add_head_count_kv(2)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(base)
        writer.add_rope_dimension_count(size)
        writer.add_vocab_size(96)
    write("llama_rope_freqs", ARCH.LLAMA, 2, tensors, keys, extra=[("rope_freqs.weight", factors)])


def llama_longrope():
    """As the converter writes Phi-3's, of Llama's names."""
    config = LlamaConfig.from_pretrained(TINY / "llama_longrope")
    rope = config.rope_parameters
    tensors = {"model." + k: v for k, v in load_file(TINY / "llama_longrope/model.safetensors").items()}
    for key in tensors:
        if re.search(r"\.(q|k)_proj\.", key):
            tensors[key] = turned(tensors[key], 4 if "q_proj" in key else 2)

    def keys(writer):
        attention(writer, 32, 64, 3, 4, 64)
        writer.add_head_count_kv(2)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(rope["rope_theta"])
        writer.add_rope_dimension_count(8)
        writer.add_rope_scaling_orig_ctx_len(32)
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(rope["factor"]) / math.log(32)))
    write("llama_longrope", ARCH.LLAMA, 3, tensors, keys,
          extra=[("rope_factors_long.weight", rope["long_factor"]), ("rope_factors_short.weight", rope["short_factor"])])


def gemma_embedding():
    torch.manual_seed(14)
    dense = [(torch.randn(48, 32) * .2).half(), (torch.randn(32, 48) * .2).half()]
    tensors = {}
    for key, tensor in load_file(TINY / "embedding_gemma/model.safetensors").items():
        tensors["model." + key] = tensor.float() + 1 if "norm" in key else tensor
    given = load_file(TINY / "embedding_gemma/expected.safetensors")
    mask = given["attention_mask"].float().unsqueeze(-1)
    mean = (given["last_hidden_state"] * mask).sum(1) / mask.sum(1)
    save_file({"pooled": mean @ dense[0].float().T @ dense[1].float().T}, HERE / "gemma_embedding.safetensors")

    def keys(writer):
        attention(writer, 32, 64, 3, 4, 64)
        writer.add_head_count_kv(2)
        writer.add_key_length(8)
        writer.add_value_length(8)
        writer.add_layer_norm_rms_eps(1e-6)
        writer.add_rope_freq_base(1e6)
        writer.add_sliding_window(6)
        writer.add_sliding_window_pattern(2)
        writer.add_pooling_type(gguf.PoolingType.MEAN)
        writer.add_dense_features_dims("dense_2", 32, 48)
        writer.add_dense_features_dims("dense_3", 48, 32)
    write("gemma_embedding", ARCH.GEMMA_EMBEDDING, 3, tensors, keys,
          extra=[("dense_2.weight", dense[0]), ("dense_3.weight", dense[1])])


for make in (t5_of_mt5, t5_relu, bert, bert_of_roberta, qwen3_yarn, llama_rope_freqs, llama_longrope, gemma_embedding):
    make()
