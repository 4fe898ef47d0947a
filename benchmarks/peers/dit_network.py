# SPDX-License-Identifier: Apache-2.0
"""emfbench's dit with torch.nn.functional, on weights of its own names: adaLN-Zero, cross-attention to text, two times."""
import math

import torch
import torch.nn.functional as F


def position_code(side, width):
    quarter = width // 4
    frequencies = torch.pow(torch.tensor(1e4, dtype=torch.float64), -torch.arange(quarter, dtype=torch.float64) / quarter)
    axis = lambda places: torch.cat([(places[:, None] * frequencies).sin(), (places[:, None] * frequencies).cos()], 1)
    rows = torch.arange(side, dtype=torch.float64).repeat_interleave(side)
    columns = torch.arange(side, dtype=torch.float64).repeat(side)
    return torch.cat([axis(rows), axis(columns)], 1).float()


class Dit:
    """forward(z, r, t, tokens, mask): z [B,N,channels], t, r [B], tokens [B,L,D], mask [B,L] bool -> [B,N,channels].

    `attention` is "sdpa", or "math" where forward AD has to pass through it.
    """

    def __init__(self, weights, depth, heads, side, time_scale=16.0):
        self.weights, self.depth, self.heads, self.time_scale = weights, depth, heads, time_scale
        self.width = weights["patch_in.weight"].shape[0]
        self.positions = position_code(side, self.width)
        self.attention = "sdpa"

    def linear(self, name, x):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x):
        return F.layer_norm(x, (self.width,), eps=1e-6)

    def embed(self, name, time_):
        half = 128
        exponents = torch.arange(half, dtype=torch.float64) * (-math.log(1e4) / half)
        angles = time_[:, None] * (exponents.exp() * self.time_scale).to(time_.dtype)
        features = torch.cat([angles.cos(), angles.sin()], 1)
        return self.linear(name + ".2", F.silu(self.linear(name + ".0", features)))

    def attend(self, q, k, v, mask=None):
        split = lambda x: x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, k, v = split(q), split(k), split(v)
        open_ = None if mask is None else mask[:, None, None, :]
        if self.attention == "sdpa":
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=open_)
        else:
            scores = (q @ k.transpose(-2, -1)) * q.shape[-1] ** -0.5
            if open_ is not None:
                scores = scores.masked_fill(~open_, float("-inf"))
            out = scores.softmax(-1) @ v
        return out.transpose(1, 2).flatten(2)

    def __call__(self, z, r, t, tokens, mask):
        x = self.linear("patch_in", z) + self.positions.to(z.dtype)
        c = F.silu(self.embed("phi_end", t) + self.embed("phi_interval", t - r))
        text = F.layer_norm(tokens, (tokens.shape[-1],), eps=1e-6)
        text = self.linear("text_in.2", F.gelu(self.linear("text_in.0", text), approximate="tanh"))
        for i in range(self.depth):
            block = f"block.{i}."
            shift, scale, gate, shift_2, scale_2, gate_2 = self.linear(block + "modulation", c)[:, None].chunk(6, -1)
            q, k, v = self.linear(block + "attention.qkv", self.norm(x) * (1 + scale) + shift).chunk(3, -1)
            x = x + gate * self.linear(block + "attention.out", self.attend(q, k, v))
            k, v = self.linear(block + "text.kv", text).chunk(2, -1)
            cross = self.attend(self.linear(block + "text.q", self.norm(x)), k, v, mask)
            x = x + self.linear(block + "text.out", cross)
            inner = F.gelu(self.linear(block + "mlp.0", self.norm(x) * (1 + scale_2) + shift_2), approximate="tanh")
            x = x + gate_2 * self.linear(block + "mlp.2", inner)
        shift, scale = self.linear("final.modulation", c)[:, None].chunk(2, -1)
        return self.linear("final.out", self.norm(x) * (1 + scale) + shift)
