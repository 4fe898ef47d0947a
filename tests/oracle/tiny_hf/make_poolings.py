# SPDX-License-Identifier: Apache-2.0
"""Writes what sentence-transformers and transformers make of one vector a text, for tiny checkpoints of this folder.

    python make_poolings.py        (transformers 5.24, sentence-transformers 6.2, torch)

pooled/NAME/ holds the small files that stand beside a checkpoint (modules.json, 1_Pooling/config.json, 2_Dense ...) and
case.json: which checkpoint, which weights are added to it, which pooling, and `vectors`, one a row of the checkpoint's
own input_ids. The tokenizer is not asked: ids go in as they are.
"""
import base64
import json
import pathlib
import shutil
import tempfile

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers.base.modules import Dense, Normalize
from sentence_transformers.sentence_transformer.modules import Dropout, Pooling
from transformers import (AutoModel, CLIPTextConfig, CLIPTextModelWithProjection, AutoTokenizer, Siglip2TextConfig,
                          Siglip2TextModel, SiglipTextConfig, SiglipTextModel, SiglipTokenizer)

HERE = pathlib.Path(__file__).parent
ROOT = "sentence_transformers."


def inputs(base):
    given = load_file(HERE / base / "expected.safetensors")
    return given["input_ids"].long(), given["attention_mask"].long()


def rows(vectors):
    return [[float(f"{v:.8g}") for v in row] for row in vectors.double().tolist()]


def hidden(base):
    return load_file(HERE / base / "expected.safetensors")["last_hidden_state"].float()


def write(name, case, files):
    folder = HERE / "pooled" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, value in files.items():
        (folder / path).parent.mkdir(exist_ok=True, parents=True)
        if callable(value):
            value(folder / path)
        else:
            (folder / path).write_text(json.dumps(value, indent=1) + "\n")
    (folder / "case.json").write_text(json.dumps(case, indent=None) + "\n")
    print(name, len(case["vectors"]), "x", len(case["vectors"][0]))


def run(base, modules, truncate=None):
    ids, mask = inputs(base)
    features = {"token_embeddings": hidden(base), "attention_mask": mask}
    with torch.no_grad():
        for module in modules:
            features = module.eval()(features)
    vectors = features["sentence_embedding"]
    return rows(vectors[:, :truncate] if truncate else vectors)


def listing(*kinds, older=True):
    where = ROOT + ("models." if older else "base.modules.")
    return [{"idx": i, "name": str(i), "path": "" if kind == "Transformer" else f"{i}_{kind}", "type": where + kind}
            for i, kind in enumerate(kinds)]


def pooling_config(size, **flags):
    names = ["cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
    return {"word_embedding_dimension": size, **{f"pooling_mode_{n}": flags.get(n, False) for n in names},
            "include_prompt": True}


def sentence_cases():
    size = 48
    for mode, flag in (("mean", "mean_tokens"), ("cls", "cls_token"), ("max", "max_tokens"), ("lasttoken", "lasttoken"),
                       ("weightedmean", "weightedmean_tokens"), ("mean_sqrt_len_tokens", "mean_sqrt_len_tokens")):
        write(f"bert_{mode}", {"base": "bert", "pooling": "own", "vectors": run("bert", [Pooling(size, mode)])},
              {"modules.json": listing("Transformer", "Pooling"),
               "1_Pooling/config.json": pooling_config(size, **{flag: True})})
    # BGE's kind: the first token, scaled to length 1; the newer form of the files.
    write("roberta_bge", {"base": "roberta", "pooling": "own",
                          "vectors": run("roberta", [Pooling(32, "cls"), Normalize()])},
          {"modules.json": listing("Transformer", "Pooling", "Normalize", older=False),
           "1_Pooling/config.json": {"embedding_dimension": 32, "pooling_mode": "cls", "include_prompt": True},
           "sentence_bert_config.json": {"max_seq_length": 9, "do_lower_case": False},
           "config_sentence_transformers.json": {"__version__": {"sentence_transformers": "3.0.0"},
                                                 "prompts": {"query": "q: "}, "default_prompt_name": None,
                                                 "similarity_fn_name": "cosine"}})
    torch.manual_seed(5)
    # EmbeddingGemma's kind: two products without a bias, then length 1; of the vector some dimensions are kept.
    dense = [Dense(32, 40, bias=False, activation_function=torch.nn.Identity()),
             Dense(40, 24, bias=True, activation_function=torch.nn.Tanh())]

    def config(module):
        return {"in_features": module.in_features, "out_features": module.out_features, "bias": module.bias,
                "activation_function": "torch.nn.modules." + ("linear.Identity" if not module.bias else "activation.Tanh")}

    def weights(module):
        return lambda path: save_file({k: v.contiguous() for k, v in module.state_dict().items()}, path)

    write("gemma_dense", {"base": "embedding_gemma", "pooling": "own",
                          "vectors": run("embedding_gemma",
                                         [Pooling(32, "mean"), *dense, Normalize()], truncate=16)},
          {"modules.json": listing("Transformer", "Pooling", "Dense", "Dense", "Normalize"),
           "1_Pooling/config.json": pooling_config(32, mean_tokens=True),
           "2_Dense/config.json": config(dense[0]), "2_Dense/model.safetensors": weights(dense[0]),
           "3_Dense/config.json": config(dense[1]), "3_Dense/model.safetensors": weights(dense[1]),
           "config_sentence_transformers.json": {"truncate_dim": 16, "prompts": {}, "default_prompt_name": None}})
    residual = Dense(64, 64, use_residual=True, activation_function=torch.nn.ReLU())
    write("qwen_joined", {"base": "qwen3", "pooling": "own",
                          "vectors": run("qwen3", [Pooling(hidden("qwen3").shape[2], ("lasttoken", "mean")), Dropout(.1)])},
          {"modules.json": listing("Transformer", "Pooling", "Dropout"),
           "1_Pooling/config.json": {"embedding_dimension": hidden("qwen3").shape[2],
                                     "pooling_mode": ["lasttoken", "mean"]},
           "2_Dropout/config.json": {"dropout": .1}})
    write("mt5_residual", {"base": "mt5", "pooling": "own",
                           "vectors": run("mt5", [Pooling(32, ("mean", "max")), residual])},
          {"modules.json": listing("Transformer", "Pooling", "Dense"),
           "1_Pooling/config.json": pooling_config(32, mean_tokens=True, max_tokens=True) | {"pooling_mode": ["mean", "max"]},
           "2_Dense/config.json": {"in_features": 64, "out_features": 64, "bias": True, "use_residual": True,
                                   "activation_function": "torch.nn.modules.activation.ReLU"},
           "2_Dense/model.safetensors": weights(residual)})
    # Files older than modules.json.
    write("bert_numbered", {"base": "bert", "under": "0_Transformer", "pooling": "own",
                            "vectors": run("bert", [Pooling(size, "cls")])},
          {"1_Pooling/config.json": pooling_config(size, cls_token=True)})


def projection_cases():
    ids, mask = inputs("clip_text")
    base = json.loads((HERE / "clip_text" / "config.json").read_text())
    tower = load_file(HERE / "clip_text" / "model.safetensors")
    torch.manual_seed(6)
    added = {"text_projection.weight": (torch.randn(20, base["hidden_size"]) * .2)}
    end = base["eos_token_id"]
    for name, mark in (("clip_first_mark", int(ids[0, 3])), ("clip_greatest", 2), ("clip_absent", end)):
        given = ids.clone()
        config = CLIPTextConfig(**{**base, "eos_token_id": mark, "projection_dim": 20}, attn_implementation="eager")
        model = CLIPTextModelWithProjection(config).eval()
        missing, unexpected = model.load_state_dict(
            {**{"text_model." + k.removeprefix("text_model."): v.float() for k, v in tower.items()}, **added}, strict=False)
        assert not unexpected and all("position_ids" in m for m in missing), (missing, unexpected)
        if name == "clip_absent":  # the mark as the tokenizer writes it, twice in one row
            for row, place in ((0, 5), (1, 8), (2, 2)):
                given[row, place] = end
            given[0, 9] = end
        with torch.no_grad():
            vectors = model(input_ids=given, attention_mask=mask).text_embeds
        write(name, {"base": "clip_text", "pooling": "projected", "config": {"eos_token_id": mark},
                     "ids": given.tolist(), "vectors": rows(vectors)},
              {"added.safetensors": lambda path: save_file(added, path)})
    for base_name, kind in (("siglip", SiglipTextModel), ("siglip2", Siglip2TextModel)):
        model = kind.from_pretrained(HERE / base_name, attn_implementation="eager", dtype=torch.float32).eval()
        ids, _ = inputs(base_name)
        # As its processor asks it: every place counts, padding included.
        with torch.no_grad():
            vectors = model(input_ids=ids).pooler_output
        write(base_name + "_head", {"base": base_name, "pooling": "projected", "whole": True, "ids": ids.tolist(),
                                    "vectors": rows(vectors)}, {})
    for base_name in ("bert", "roberta"):
        model = AutoModel.from_pretrained(HERE / base_name, attn_implementation="eager", dtype=torch.float32).eval()
        ids, mask = inputs(base_name)
        with torch.no_grad():
            vectors = model(input_ids=ids, attention_mask=mask).pooler_output
        write(base_name + "_pooler", {"base": base_name, "pooling": "projected", "vectors": rows(vectors)}, {})


def filled_cases():
    """SigLIP as its processor asks it: texts filled up to all positions, the padding attended to. The tokenizers are
    cases of tests/oracle/encoders/tok_cases.json."""
    texts = ["a photo of a red car", "", "the CAT sat, on the mat!", "the quick brown fox jumps over the lazy dog " * 3,
             "two dogs</s>"]
    tokenizers = {case["name"]: case for case in json.loads((HERE.parent / "encoders/tok_cases.json").read_text())["cases"]}
    files = json.loads((HERE.parent / "encoders/tok_cases.json").read_text())["files"]
    for name, case, kind, config_kind, side in (
            ("siglip_filled", "unigram_siglip", SiglipTextModel, SiglipTextConfig, "right"),
            ("siglip2_filled", "siglip2", Siglip2TextModel, Siglip2TextConfig, "right"),
            ("siglip2_filled_left", "siglip2", Siglip2TextModel, Siglip2TextConfig, "left")):
        folder = HERE / "pooled" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        config = config_kind(vocab_size=640, hidden_size=16, intermediate_size=24, num_hidden_layers=2, projection_size=12,
                             num_attention_heads=2, max_position_embeddings=24, attn_implementation="eager")
        torch.manual_seed(7)
        model = kind(config).eval()
        with torch.no_grad():
            for key, tensor in model.named_parameters():
                tensor.copy_((tensor + .2 * torch.randn_like(tensor)).to(torch.bfloat16))
        save_file({k: v.to(torch.bfloat16).contiguous() for k, v in model.state_dict().items() if v.is_floating_point()},
                  folder / "model.safetensors")
        values = json.loads(config.to_json_string(use_diff=False))
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            options = {**tokenizers[case]["files"]["tokenizer_config.json"], "model_input_names": ["input_ids"],
                       "padding_side": side}
            vocabulary = next(k for k in tokenizers[case]["files"] if k.endswith(".model"))
            (work / vocabulary).write_bytes(base64.b64decode(files[tokenizers[case]["files"][vocabulary][1:]]["base64"]))
            (work / "tokenizer_config.json").write_text(json.dumps(options))
            (work / "config.json").write_text(json.dumps(values))
            tokenizer = (SiglipTokenizer if kind is SiglipTextModel else AutoTokenizer).from_pretrained(work)
            given = tokenizer(texts, padding="max_length", max_length=24, truncation=True, return_tensors="pt")
        assert list(given) == ["input_ids"], list(given)
        with torch.no_grad():
            out = model(**given)
        save_file({"input_ids": given["input_ids"].int(), "last_hidden_state": out.last_hidden_state.contiguous(),
                   "pooler_output": out.pooler_output.contiguous()}, folder / "expected.safetensors")
        (folder / "config.json").write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")
        (folder / "tokenizer_config.json").write_text(json.dumps(options) + "\n")
        (folder / "case.json").write_text(json.dumps({"texts": texts, "tokenizer": {vocabulary: tokenizers[case]["files"][vocabulary]}}) + "\n")
        print(name, tuple(out.last_hidden_state.shape))


sentence_cases()
projection_cases()
filled_cases()
