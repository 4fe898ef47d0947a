#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times one MeanFlow training step on a CUDA device the ways the public PyTorch repositories take it.

The network is emfbench's dit (adaLN-Zero, cross-attention to text, two time inputs) written with torch.nn, the loss
mean_flow's, the step forward, backward, clipping, AdamW (fused) and the weights' average. bf16 means autocast over fp32
weights. One JSON line a variant; a variant that fails (memory, a missing derivative) says so in its line.

  fm        flow matching: no tangent
  joint     torch.func.jvp with a graph through value and tangent, the tangent detached   (official JAX code, py-meanflow)
  emf       a pass with a graph, then torch.func.jvp in fp32 whose graph is made and thrown away        (AMAP-ML/EMF)
  two       a pass with a graph, then torch.func.jvp under no_grad, all rows                      (FastGen's order)
  split     likewise, the jvp over the rows with r != t alone                                     (TiM, alphaflow)
  --compile torch.compile around the loss

  device_step.py --variants fm,joint,emf,two --share 0.25
"""
import argparse
import contextlib
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=1152)
    parser.add_argument("--depth", type=int, default=28)
    parser.add_argument("--heads", type=int, default=16)
    parser.add_argument("--side", type=int, default=16, help="tokens are side * side")
    parser.add_argument("--channels", type=int, default=4)
    parser.add_argument("--text-tokens", type=int, default=32)
    parser.add_argument("--text-dimension", type=int, default=768)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--share", type=float, default=0.25, help="of rows with r != t")
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--variants", default="fm,joint,emf,two,split")
    parser.add_argument("--seconds", type=float, default=60, help="no further variant is begun after so long")
    return parser.parse_args()


def build(options):
    width, heads = options.width, options.heads
    mode = {"attention": "sdpa"}  # "math" where forward AD passes through: flash kernels have no derivative of it

    def attention(q, k, v):
        if mode["attention"] == "sdpa":
            return F.scaled_dot_product_attention(q, k, v)
        return ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(-1) @ v

    def split(x):
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    def embed(time_, size=256, scale=16.0):
        half = size // 2
        frequencies = torch.exp(-torch.arange(half, device=time_.device) * (9.210340371976184 / half))
        angles = scale * time_[:, None] * frequencies
        return torch.cat([angles.cos(), angles.sin()], -1)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.modulation = nn.Linear(width, 6 * width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.text_q, self.text_kv = nn.Linear(width, width), nn.Linear(width, 2 * width)
            self.text_out = nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x, c, text):
            norm = lambda z: F.layer_norm(z, (width,), eps=1e-6)
            shift, scale, gate, shift_2, scale_2, gate_2 = self.modulation(c)[:, None].chunk(6, -1)
            q, k, v = self.qkv(norm(x) * (1 + scale) + shift).chunk(3, -1)
            merge = lambda z: z.transpose(1, 2).flatten(2)
            x = x + gate * self.out(merge(attention(split(q), split(k), split(v))))
            k, v = self.text_kv(text).chunk(2, -1)
            x = x + self.text_out(merge(attention(split(self.text_q(norm(x))), split(k), split(v))))
            inner = F.gelu(self.up(norm(x) * (1 + scale_2) + shift_2), approximate="tanh")
            return x + gate_2 * self.down(inner)

    class Dit(nn.Module):
        def __init__(self):
            super().__init__()
            self.patch_in = nn.Linear(options.channels, width)
            self.position = nn.Buffer(torch.randn(1, options.side**2, width) * 0.02)
            mlp = lambda size: nn.Sequential(nn.Linear(size, width), nn.SiLU(), nn.Linear(width, width))
            self.end, self.interval = mlp(256), mlp(256)
            self.text_in = nn.Sequential(nn.Linear(options.text_dimension, width), nn.GELU("tanh"),
                                         nn.Linear(width, width))
            self.blocks = nn.ModuleList(Block() for _ in range(options.depth))
            self.modulation, self.final = nn.Linear(width, 2 * width), nn.Linear(width, options.channels)

        def forward(self, z, r, t, text):
            x = self.patch_in(z) + self.position
            c = F.silu(self.end(embed(t)) + self.interval(embed(t - r)))
            text = self.text_in(text)
            for block in self.blocks:
                x = block(x, c, text)
            shift, scale = self.modulation(c)[:, None].chunk(2, -1)
            return self.final(F.layer_norm(x, (width,), eps=1e-6) * (1 + scale) + shift)

    return Dit().cuda(), mode


def measure(options, variant):
    torch.manual_seed(0)
    network, mode = build(options)
    parameters = list(network.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, betas=(0.9, 0.99), fused=True)
    averages = [parameter.detach().clone() for parameter in parameters]
    rows, tokens = options.batch, options.side**2
    moving = max(1, round(rows * options.share))

    def autocast(on=True):
        low = options.precision == "bf16" and on
        return torch.autocast("cuda", dtype=torch.bfloat16) if low else contextlib.nullcontext()

    def jvp(z, r, t, v, text):
        mode["attention"] = "math"
        try:
            return torch.func.jvp(lambda z, r, t: network(z, r, t, text), (z, r, t),
                                  (v, torch.zeros_like(r), torch.ones_like(t)))
        finally:
            mode["attention"] = "sdpa"

    def loss_of(x, noise, r, t, text):
        wide = t[:, None, None]
        z, v = (1 - wide) * x + wide * noise, noise - x
        interval = (t - r)[:, None, None]
        target = v
        if variant == "fm":
            with autocast():
                u = network(z, t, t, text)
        elif variant == "joint":
            with autocast():
                u, du = jvp(z, r, t, v, text)
            target = (v - interval * du.float()).detach()
        else:
            with autocast():
                u = network(z, r, t, text)
            if variant == "emf":
                with autocast(False):
                    du = jvp(z, r, t, v, text)[1]
            elif variant == "two":
                with torch.no_grad(), autocast():
                    du = jvp(z, r, t, v, text)[1]
            else:
                k = moving
                with torch.no_grad(), autocast():
                    du = jvp(z[:k], r[:k], t[:k], v[:k], text[:k])[1]
                du = torch.cat([du, du.new_zeros(rows - k, *du.shape[1:])])
            target = (v - interval * du.float()).detach()
        squares = (u.float() - target).square().flatten(1).sum(1)
        return (squares / (squares.detach() + 1e-3)).mean()

    loss_called = torch.compile(loss_of) if options.compile else loss_of
    x, noise = (torch.randn(rows, tokens, options.channels, device="cuda") for _ in range(2))
    text = torch.randn(rows, options.text_tokens, options.text_dimension, device="cuda")
    pair = torch.rand(rows, 2, device="cuda")
    t, r = pair.amax(1), pair.amin(1)
    r = torch.where(torch.arange(rows, device="cuda") < moving, r, t)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_called(x, noise, r, t, text).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        torch._foreach_lerp_(averages, [parameter.detach() for parameter in parameters], 1e-4)

    torch.cuda.reset_peak_memory_stats()
    seconds = []
    for turn in range(options.steps + 2):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        step()
        end.record()
        end.synchronize()
        if turn >= 2:
            seconds.append(begin.elapsed_time(end) / 1e3)
    return {"seconds": statistics.median(seconds), "peak_gib": torch.cuda.max_memory_allocated() / 2**30}


def main():
    options = arguments()
    torch.backends.cuda.matmul.allow_tf32 = False
    started = time.monotonic()
    for variant in options.variants.split(","):
        line = {"variant": variant, "compiled": options.compile, "share": options.share, "batch": options.batch,
                "precision": options.precision, "card": torch.cuda.get_device_name(), "torch": torch.__version__}
        if time.monotonic() - started > options.seconds:
            line["skipped"] = f"the {options.seconds:g} seconds were over"
        else:
            try:
                line.update(measure(options, variant))
            except Exception as error:  # noqa: BLE001: whatever it is, the other variants are measured
                line["failed"] = f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
        torch.cuda.empty_cache()
        print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
