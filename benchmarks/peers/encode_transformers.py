#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The peer of `emfbench encode`: Hugging Face transformers in PyTorch, on the same checkpoint and the same prompts.

Prints one JSON object: seconds of each (dtype, batch) for tokenising and encoding all prompts in file order with padding=True,
and once sorted by length. Needs: pip install torch transformers gguf accelerate. Interleave it with emfbench by
benchmarks/encode_beside_transformers.sh.
"""
import argparse
import json
import time

import torch
import transformers


def encode(model, tokenizer, prompts, batch, dtype):
    tokens = 0
    for begin in range(0, len(prompts), batch):
        inputs = tokenizer(prompts[begin : begin + batch], padding=True, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            (hidden * mask).sum(1) / mask.sum(1)
        tokens += int(inputs["attention_mask"].sum())
    return tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, help="folder of the .gguf")
    parser.add_argument("--gguf", required=True, help="its name")
    parser.add_argument("--prompts", required=True, help="a prompt a line")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", default="1,8,16,32,64")
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--sorted", action="store_true", help="also with the prompts sorted by length, at the best batch")
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    prompts = open(words.prompts, encoding="utf-8").read().splitlines()
    tokenizer = transformers.AutoTokenizer.from_pretrained(words.folder, gguf_file=words.gguf)
    tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    rows = []
    for dtype in words.dtypes.split(","):
        start = time.perf_counter()
        model = transformers.AutoModel.from_pretrained(words.folder, gguf_file=words.gguf, dtype=getattr(torch, dtype)).eval()
        load_s = time.perf_counter() - start
        encode(model, tokenizer, prompts[:64], 32, dtype)
        own = []
        for batch in map(int, words.batches.split(",")):
            start = time.perf_counter()
            tokens = encode(model, tokenizer, prompts, batch, dtype)
            own.append({"dtype": dtype, "batch": batch, "seconds": time.perf_counter() - start, "tokens": tokens, "load_s": load_s})
        rows += own
        if words.sorted:
            best = min(own, key=lambda row: row["seconds"])["batch"]
            start = time.perf_counter()
            tokens = encode(model, tokenizer, sorted(prompts, key=len), best, dtype)
            rows.append({"dtype": dtype, "batch": best, "sorted": True, "seconds": time.perf_counter() - start, "tokens": tokens})
    print(json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "threads": words.threads, "rows": rows}))


main()
