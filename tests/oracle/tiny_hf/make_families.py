# SPDX-License-Identifier: Apache-2.0
"""Writes tiny random checkpoints of text architectures, what transformers makes of them, and what it makes of their
configs when keys are dropped, renamed, changed or added.

    python make_families.py [FAMILY ...]        (transformers 5.24, torch; a minute each)

A family's folder gets config.json, model.safetensors (bfloat16: every value is exact in float32, float16 and bfloat16),
expected.safetensors (input_ids, attention_mask, last_hidden_state, hidden_states.N; float32, eager attention) and
mutants.json: [{"change": {key: value or null for dropped}, "values": [...] or null where transformers fills
in random tensors}]. Values are 8 numbers of the last hidden state: the first four of the last real token of the first
and of the second text.
"""
import copy
import json
import pathlib
import random
import sys
import tempfile
import warnings

import torch
import transformers
from safetensors.torch import load_file, save_file

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
HERE = pathlib.Path(__file__).parent
VOCABULARY, HIDDEN, MLP, HEADS, LAYERS, LENGTH = 96, 32, 64, 4, 3, 14

marks = dict(pad_token_id=1, bos_token_id=2, eos_token_id=3)
decoder = dict(marks, vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=MLP, num_hidden_layers=LAYERS,
               num_attention_heads=HEADS, num_key_value_heads=2, max_position_embeddings=64)
encoder = dict(marks, vocab_size=VOCABULARY, hidden_size=HIDDEN, intermediate_size=MLP, num_hidden_layers=LAYERS,
               num_attention_heads=HEADS, max_position_embeddings=32)
t5 = dict(vocab_size=VOCABULARY, d_model=HIDDEN, d_kv=8, d_ff=MLP, num_layers=LAYERS, num_decoder_layers=1, num_heads=HEADS)


def classes(module, config, model):
    package = __import__(f"transformers.models.{module}.modeling_{module}", fromlist=[model])
    settings = __import__(f"transformers.models.{module}.configuration_{module}", fromlist=[config])
    return getattr(settings, config), getattr(package, model)


FAMILIES = {
    "mistral": (("mistral", "MistralConfig", "MistralModel"), dict(decoder, sliding_window=4)),
    "smollm3": (("smollm3", "SmolLM3Config", "SmolLM3Model"),
                dict(decoder, num_hidden_layers=4, use_sliding_window=True, sliding_window=5)),
    "qwen2_window": (("qwen2", "Qwen2Config", "Qwen2Model"),
                     dict(decoder, use_sliding_window=True, sliding_window=4, max_window_layers=1)),
    "qwen2_5_vl": (("qwen2_5_vl", "Qwen2_5_VLTextConfig", "Qwen2_5_VLTextModel"),
                   dict(decoder, rope_parameters=dict(rope_type="default", rope_theta=1e6, mrope_section=[1, 1, 2]))),
    "qwen3_vl": (("qwen3_vl", "Qwen3VLTextConfig", "Qwen3VLTextModel"),
                 dict(decoder, head_dim=8, rope_parameters=dict(rope_type="default", rope_theta=5e6,
                                                                mrope_section=[2, 1, 1], mrope_interleaved=True))),
    "qwen3_yarn": (("qwen3", "Qwen3Config", "Qwen3Model"),
                   dict(decoder, head_dim=8, rope_parameters=dict(rope_type="yarn", factor=4.0, rope_theta=1e6,
                                                                  original_max_position_embeddings=8))),
    "llama_longrope": (("llama", "LlamaConfig", "LlamaModel"),
                       dict(decoder, attention_bias=True, mlp_bias=True,
                            rope_parameters=dict(rope_type="longrope", rope_theta=1e4, short_factor=[1.0, 1.5, 2.0, 3.0],
                                                 long_factor=[2.0, 3.0, 4.0, 5.0], factor=4.0,
                                                 original_max_position_embeddings=32))),
    "embedding_gemma": (("gemma3", "Gemma3TextConfig", "Gemma3TextModel"),
                        dict(decoder, head_dim=8, use_bidirectional_attention=True, sliding_window=6,
                             query_pre_attn_scalar=8, layer_types=["sliding_attention", "full_attention", "sliding_attention"])),
    "mt5": (("mt5", "MT5Config", "MT5EncoderModel"), dict(t5)),
    "umt5": (("umt5", "UMT5Config", "UMT5EncoderModel"), dict(t5)),
    "roberta": (("roberta", "RobertaConfig", "RobertaModel"), dict(encoder, type_vocab_size=1)),
    "xlm_roberta": (("xlm_roberta", "XLMRobertaConfig", "XLMRobertaModel"), dict(encoder, type_vocab_size=1)),
    "modernbert": (("modernbert", "ModernBertConfig", "ModernBertModel"), dict(encoder, local_attention=6, cls_token_id=2, sep_token_id=3)),
    "siglip": (("siglip", "SiglipTextConfig", "SiglipTextModel"), dict(encoder, projection_size=HIDDEN)),
    "siglip2": (("siglip2", "Siglip2TextConfig", "Siglip2TextModel"), dict(encoder, projection_size=HIDDEN)),
}
# Checkpoints that were there before; of these only the mutants are written.
OLDER = {
    "bert": ("bert", "BertConfig", "BertModel"), "clip_text": ("clip", "CLIPTextConfig", "CLIPTextModel"),
    "gemma2": ("gemma2", "Gemma2Config", "Gemma2Model"), "gemma3": ("gemma3", "Gemma3TextConfig", "Gemma3TextModel"),
    "llama": ("llama", "LlamaConfig", "LlamaModel"), "qwen2": ("qwen2", "Qwen2Config", "Qwen2Model"),
    "qwen3": ("qwen3", "Qwen3Config", "Qwen3Model"), "t5_encoder": ("t5", "T5Config", "T5EncoderModel"),
}


def inputs_of(seed, pad):
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, VOCABULARY, (3, LENGTH), generator=draw)
    mask = torch.ones(3, LENGTH, dtype=torch.long)
    for row, length in enumerate((LENGTH, 9, 3)):
        mask[row, length:] = 0
        ids[row, length:] = pad
    return ids, mask


def make(name):
    (module, config_name, model_name), settings = FAMILIES[name]
    config_class, model_class = classes(module, config_name, model_name)
    config = config_class(**settings, attn_implementation="eager")
    torch.manual_seed(sum(map(ord, name)))
    model = model_class(config).eval()
    with torch.no_grad():
        for key, tensor in model.named_parameters():
            # Norms near one, biases and tables of relative positions that can be seen.
            scale = 0.3 if tensor.dim() == 1 or "relative" in key else 0.2
            start = 1.0 if "norm" in key.lower() and key.endswith("weight") and "gemma" not in module else 0.0
            value = (start + scale * torch.randn_like(tensor)).to(torch.bfloat16)
            tensor.copy_(torch.where(value.abs() < 2**-13, torch.zeros_like(value), value))  # exact in float16, too
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    pad = config.pad_token_id if isinstance(config.pad_token_id, int) and config.pad_token_id < VOCABULARY else 1
    ids, mask = inputs_of(1, pad)
    with torch.no_grad():
        out = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    expected = {"input_ids": ids.int(), "attention_mask": mask.int(), "last_hidden_state": out.last_hidden_state}
    for i, states in enumerate(out.hidden_states):
        expected[f"hidden_states.{i}"] = states.clone()
    save_file(expected, folder / "expected.safetensors")
    values = json.loads(config.to_json_string(use_diff=False))
    values["architectures"] = [model_name]
    (folder / "config.json").write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")
    seen, tensors = set(), {}
    for key, tensor in model.state_dict().items():
        if tensor.data_ptr() in seen or not tensor.is_floating_point():
            continue
        seen.add(tensor.data_ptr())
        tensors[key] = tensor.to(torch.bfloat16).contiguous()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def changed(value, draw):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw.choice([value + 1, max(1, value - 1), value * 2, max(1, value // 2)])
    if isinstance(value, float):
        return draw.choice([value * 1.5, value / 2, value + 0.25])
    if isinstance(value, str):
        return draw.choice(["gelu", "relu", "silu", "gelu_new", "gelu_pytorch_tanh", "quick_gelu", "absolute",
                            "gated-gelu", "gated-silu", "linear", "default", value + "_x"])
    if isinstance(value, list):
        shuffled = list(value)
        draw.shuffle(shuffled)
        return shuffled
    if isinstance(value, dict) and value:
        key = draw.choice(sorted(value))
        return dict(value, **{key: changed(value[key], draw)})
    return 3


ADDED = [
    {"rope_scaling": {"type": "linear", "factor": 2.0}},
    {"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}},
    {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}},
    {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 16, "beta_slow": 2, "attention_factor": 1.1}},
    {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "mscale": 0.7, "mscale_all_dim": 1.2, "truncate": False}},
    {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                      "original_max_position_embeddings": 16}},
    {"rope_scaling": {"rope_type": "ntk", "factor": 8.0}},
    {"rope_parameters": None, "rope_theta": 500.0},
    {"rope_parameters": {"rope_type": "default"}, "rope_theta": 500.0},
    {"rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 200.0}, "rope_theta": 500.0},
    {"rope_parameters": {"rope_type": "default", "rope_theta": 200.0}, "rope_scaling": {"type": "linear", "factor": 2.0}},
    {"rope_theta": 123.0}, {"rope_local_base_freq": 77.0}, {"partial_rotary_factor": 0.5},
    {"is_causal": False}, {"is_causal": True}, {"is_decoder": True}, {"is_decoder": False},
    {"sliding_window": 3}, {"sliding_window": None}, {"use_sliding_window": True},
    {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1, "layer_types": None},
    {"use_sliding_window": True, "sliding_window": 3, "max_window_layers": 0, "layer_types": None},
    {"use_sliding_window": True, "layer_types": None}, {"layer_types": None},
    {"sliding_window_pattern": 2, "layer_types": None}, {"global_attn_every_n_layers": 2, "layer_types": None},
    {"use_bidirectional_attention": True}, {"attention_bias": True}, {"mlp_bias": True}, {"qk_norm": True},
    {"add_cross_attention": True}, {"position_embedding_type": "relative_key"}, {"some_new_key": 7},
    {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
    {"attn_logit_softcapping": 20.0}, {"attn_logit_softcapping": None}, {"query_pre_attn_scalar": 12},
    {"head_dim": None}, {"num_key_value_heads": None}, {"no_rope_layers": [1, 0, 1, 1]}, {"no_rope_layer_interval": 2},
    {"local_attention": 4}, {"pad_token_id": 2}, {"hidden_act": "gelu"}, {"hidden_activation": "gelu"},
    {"feed_forward_proj": "gated-silu"}, {"original_max_position_embeddings": 16},
    {"text_config_dict": {"hidden_act": "gelu"}}, {"torch_dtype": "float16"}, {"use_cache": False},
]


def mutate(name):
    module, config_name, model_name = OLDER.get(name) or FAMILIES[name][0]
    config_class, model_class = classes(module, config_name, model_name)
    folder = HERE / name
    base = json.loads((folder / "config.json").read_text())
    given = load_file(folder / "expected.safetensors")
    ids, mask = given["input_ids"].long(), given["attention_mask"].long()
    draw = random.Random(name)
    changes = copy.deepcopy(ADDED)
    for key, value in sorted(base.items()):
        if key in ("model_type", "architectures", "transformers_version"):
            continue
        changes += [{key: None}, {key: None, key + "_x": value}] if value is not None else []
        changes += [{key: changed(value, draw)} for _ in range(5)]
    changes += [{**draw.choice(changes), **draw.choice(changes)} for _ in range(110)]
    mutants, seen = [], set()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
        for change in changes:
            text = json.dumps(change, sort_keys=True)
            if text in seen:
                continue
            seen.add(text)
            config = dict(base)
            for key, value in change.items():
                config.pop(key, None)
                # null means dropped, and for keys that a class reads as null a null of its own is tried too
                if value is not None:
                    config[key] = value
            (work / "config.json").write_text(json.dumps(config))
            values = None
            try:
                model, info = model_class.from_pretrained(work, output_loading_info=True, attn_implementation="eager",
                                                          dtype=torch.float32)
                if not info["missing_keys"] and not info["mismatched_keys"]:
                    with torch.no_grad():
                        out = model.eval()(input_ids=ids, attention_mask=mask).last_hidden_state
                    last = mask.sum(1) - 1
                    found = torch.cat([out[0, last[0], :4], out[1, last[1], :4]]).double()
                    values = [float(f"{v:.7g}") for v in found.tolist()] if torch.isfinite(found).all() else None
            except Exception:  # not within what transformers takes, so there is nothing to be equal to
                continue
            mutants.append({"change": change, "values": values})
    lines = ",\n ".join(json.dumps(mutant, sort_keys=True) for mutant in mutants)
    (folder / "mutants.json").write_text(f"[{lines}]\n")
    print(name, len(mutants), "mutants,", sum(m["values"] is None for m in mutants), "of random tensors", flush=True)


if __name__ == "__main__":
    names = sys.argv[1:] or [*FAMILIES, *OLDER]
    for name in names:
        if name in FAMILIES:
            make(name)
        mutate(name)
