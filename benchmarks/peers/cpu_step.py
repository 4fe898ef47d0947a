#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A MeanFlow training step on a CPU: emfbench's beside the ways that public PyTorch code takes it.

Same shapes, same weights and inputs (emfbench bench step --save), the same whole step: loss, backward, clipping, AdamW, the
weights' average. The exact ways must give emfbench's loss and gradients before anything is timed. Then rounds: each variant
takes one step in its turn, emfbench (a process that keeps its own median of five) among them; CPU seconds, medians over
rounds. One thread unless told otherwise, so that what else runs on the machine takes part of the clock and not of the numbers.

  fm        flow matching: no tangent
  joint     torch.func.jvp with a graph through value and tangent, the tangent detached   (official JAX code, py-meanflow)
  emf       a pass with a graph, then torch.func.jvp in fp32 whose graph is made and thrown away        (AMAP-ML/EMF)
  two       a pass with a graph, then torch.func.jvp under no_grad, all rows                      (FastGen's order)
  split     likewise, the jvp over the rows with r != t alone                                     (TiM, alphaflow)
  lean      split with a linear layer whose jvp leaves the weight's zero tangent out
  NAME+bf16 under autocast; NAME+compile: torch.compile around the loss

With --sample-steps, sampling as well: 8 pictures, a batch doubled for guidance, PyTorch in fp32 and under autocast.

  cpu_step.py --emfbench build/release/harness/command/emfbench --variants fm,joint,emf,split,lean,fm+bf16,lean+bf16
"""
import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from dit_network import Dit  # noqa: E402

EXACT = ("joint", "emf", "two", "split", "lean")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--emfbench", required=True, help="the program")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--depth", type=int, default=8)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--side", type=int, default=8, help="tokens are side * side")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--text-tokens", type=int, default=32)
    parser.add_argument("--text-dimension", type=int, default=256)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--share", type=float, default=0.25, help="of rows with r != t, about (they are drawn)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--variants", default="fm,joint,emf,two,split,lean,fm+bf16,lean+bf16")
    parser.add_argument("--sample-steps", default="", help="also paint 8 pictures with guidance 2 in so many steps: 1,2,4,8")
    return parser.parse_args()


def cpu_seconds(who=resource.RUSAGE_SELF):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def run_emfbench(options, precision, objective, save="", what="step", batch=None, more=()):
    command = [options.emfbench, "bench", what, f"model.width={options.width}", f"model.depth={options.depth}",
               f"model.heads={options.heads}", "--objective", objective, "--batch", str(batch or options.batch), *more,
               "--channels", str(options.channels), "--height", str(options.side), "--width", str(options.side),
               "--text-tokens", str(options.text_tokens), "--text-dimension", str(options.text_dimension),
               "--precision", precision, "--threads", str(options.threads), "--json"]
    if objective == "mean_flow":
        command += [f"objective.mean_flow.ratio_{end}={float(options.share)}" for end in ("start", "end")]
    if save:
        command += ["--save", save]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


class LeanLinear(torch.autograd.Function):
    """x W^T + b, whose forward-mode derivative does not multiply x by the weight's tangent of zeros."""
    generate_vmap_rule = True

    @staticmethod
    def forward(x, weight, bias):
        return torch.nn.functional.linear(x, weight, bias)

    @staticmethod
    def setup_context(context, inputs, output):
        context.save_for_backward(*inputs)
        context.save_for_forward(*inputs)

    @staticmethod
    def backward(context, gradient):
        x, weight, _ = context.saved_tensors
        flat = gradient.flatten(0, -2)
        return gradient @ weight, flat.t() @ x.flatten(0, -2), flat.sum(0)

    @staticmethod
    def jvp(context, x_tangent, weight_tangent, bias_tangent):
        return torch.nn.functional.linear(x_tangent, context.saved_tensors[1])


class LeanDit(Dit):
    lean = False

    def linear(self, name, x):
        if not self.lean:
            return super().linear(name, x)
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        if torch.is_autocast_enabled("cpu"):
            low = torch.get_autocast_dtype("cpu")
            x, weight, bias = x.to(low), weight.to(low), bias.to(low)
        return LeanLinear.apply(x, weight, bias)


class Variant:
    def __init__(self, name, options, saved):
        self.name, (self.way, *flags) = name, name.split("+")
        self.low, self.compiled = "bf16" in flags, "compile" in flags
        self.weights = {key[7:]: value.clone().requires_grad_() for key, value in saved.items() if key.startswith("weight.")}
        self.parameters = list(self.weights.values())
        self.network = LeanDit(self.weights, options.depth, options.heads, options.side)
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        self.averages = [parameter.detach().clone() for parameter in self.parameters]
        t, r = saved["input.t"], saved["input.r"]
        order = torch.argsort((t > r).logical_not().to(torch.uint8), stable=True)  # rows with r != t first
        self.moving = int((t > r).sum())
        patches = lambda x: x[order].flatten(2).transpose(1, 2).contiguous()
        self.inputs = (patches(saved["input.x"]), patches(saved["input.eps"]), r[order], t[order],
                       saved["input.tokens"][order], saved["input.mask"][order].bool())
        self.loss = torch.compile(self.loss_of) if self.compiled else self.loss_of

    def autocast(self, on=True):
        return torch.autocast("cpu", dtype=torch.bfloat16) if self.low and on else contextlib.nullcontext()

    def jvp(self, z, r, t, v, tokens, mask):
        self.network.attention = "math"
        try:
            return torch.func.jvp(lambda z, r, t: self.network(z, r, t, tokens, mask), (z, r, t),
                                  (v, torch.zeros_like(r), torch.ones_like(t)))
        finally:
            self.network.attention = "sdpa"

    def loss_of(self, x, noise, r, t, tokens, mask):
        wide, interval = t[:, None, None], (t - r)[:, None, None]
        z, v = (1 - wide) * x + wide * noise, noise - x
        target, k = v, self.moving
        if self.way == "fm":
            with self.autocast():
                u = self.network(z, t, t, tokens, mask)
            return (u.float() - v).square().mean()
        if self.way == "joint":
            with self.autocast():
                u, du = self.jvp(z, r, t, v, tokens, mask)
        else:
            with self.autocast():
                u = self.network(z, r, t, tokens, mask)
            if self.way == "emf":
                with self.autocast(False):
                    du = self.jvp(z, r, t, v, tokens, mask)[1]
            elif self.way == "two":
                with torch.no_grad(), self.autocast():
                    du = self.jvp(z, r, t, v, tokens, mask)[1]
            else:
                self.network.lean = self.way == "lean"
                with torch.no_grad(), self.autocast():
                    du = self.jvp(z[:k], r[:k], t[:k], v[:k], tokens[:k], mask[:k])[1]
                self.network.lean = False
                du = torch.cat([du, du.new_zeros(len(z) - k, *du.shape[1:])])
        target = (v - interval * du.float()).detach()
        squares = (u.float() - target).square().flatten(1).sum(1)
        return (squares / (squares.detach() + 1e-3)).mean()

    def check(self, saved):
        """Largest relative errors of loss and of any weight's gradient against emfbench's in fp32."""
        loss = self.loss_of(*self.inputs)
        loss.backward()
        worst = 0.0
        for key, expected in saved.items():
            if key.startswith("gradient."):
                found = self.weights[key[9:]].grad
                worst = max(worst, ((found - expected).norm() / expected.norm().clamp_min(1e-12)).item())
        self.optimizer.zero_grad(set_to_none=True)
        return abs(loss.item() / saved["loss"].item() - 1), worst

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(*self.inputs).backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        torch._foreach_lerp_(self.averages, [parameter.detach() for parameter in self.parameters], 1e-4)


def sample(variant, saved, steps, low, batch=8, guidance=2.0):
    """u_null + w (u_cond - u_null) by a batch of twice the rows, Euler steps of MeanFlow."""
    tokens = saved["input.tokens"][:batch]
    both, mask = torch.cat([tokens, torch.zeros_like(tokens)]), torch.cat([saved["input.mask"][:batch].bool()] * 2)
    z = saved["input.eps"][:batch].flatten(2).transpose(1, 2).contiguous()
    autocast = torch.autocast("cpu", dtype=torch.bfloat16) if low else contextlib.nullcontext()
    with torch.no_grad(), autocast:
        for i in range(steps, 0, -1):
            t = torch.full((2 * batch,), i / steps)
            u, null = variant.network(torch.cat([z, z]), t - 1 / steps, t, both, mask).float().chunk(2)
            z = z - (null + guidance * (u - null)) / steps
    return z


def compare_sampling(options, variant, saved):
    for steps in (int(word) for word in options.sample_steps.split(",")):
        more = ("--guidance", "2", "--steps", str(steps))
        times = {}
        for turn in range(2 * options.rounds + 1):
            for name, low in (("torch fp32", False), ("torch bf16", True)):
                before = cpu_seconds()
                sample(variant, saved, steps, low)
                if turn > 0:
                    times.setdefault(name, []).append(cpu_seconds() - before)
            for precision in ("fp32", "bf16") if turn > 0 else ():
                ours = run_emfbench(options, precision, "mean_flow", what="sample", batch=8, more=more)["cpu_seconds"]
                times.setdefault("emfbench " + precision, []).append(ours)
        medians = {name: statistics.median(values) for name, values in times.items()}
        print(json.dumps({"sampling_steps": steps} | {name: round(value, 4) for name, value in medians.items()} | {
            "over_fp32": round(medians["torch fp32"] / medians["emfbench fp32"], 2),
            "over_bf16": round(medians["torch fp32"] / medians["emfbench bf16"], 2)}), flush=True)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "step.safetensors")
        run_emfbench(options, "fp32", "mean_flow", file)
        saved = load_file(file)
    variants, failed = [], 0
    for name in options.variants.split(","):
        variant = Variant(name, options, saved)
        if variant.way in EXACT and not variant.low:
            loss_error, gradient_error = variant.check(saved)
            if loss_error > 1e-4 or gradient_error > 1e-3:
                print(f"{name} does not take the same step: loss off by {loss_error:.2g}, a gradient by "
                      f"{gradient_error:.2g}", file=sys.stderr)
                return 1
            print(json.dumps({"variant": name, "loss_error": loss_error, "worst_gradient_error": gradient_error}))
        variants.append(variant)
    ours = [(precision, objective) for precision in ("fp32", "bf16") for objective in ("flow_matching", "mean_flow")]
    times = {variant.name: [] for variant in variants} | {f"emfbench {o} {p}": [] for p, o in ours}
    for turn in range(options.rounds + 1):
        for variant in variants:
            try:
                before = cpu_seconds()
                variant.step()
                if turn > 0:
                    times[variant.name].append(cpu_seconds() - before)
            except Exception as error:  # noqa: BLE001: whatever it is, the other variants are measured
                print(json.dumps({"variant": variant.name, "failed": f"{type(error).__name__}: {str(error)[:160]}"}))
                failed, times[variant.name] = failed + 1, [float("nan")]
        if turn > 0:
            for precision, objective in ours:
                times[f"emfbench {objective} {precision}"].append(run_emfbench(options, precision, objective)["cpu_seconds"])
    medians = {name: statistics.median(values) for name, values in times.items() if values}
    for name, median in medians.items():
        line = {"variant": name, "cpu_seconds": median,
                "over_emfbench_fp32": median / medians["emfbench mean_flow fp32"],
                "over_emfbench_bf16": median / medians["emfbench mean_flow bf16"]}
        print(json.dumps({key: value if isinstance(value, str) else round(value, 4) for key, value in line.items()}))
    if options.sample_steps:
        compare_sampling(options, variants[0], saved)
    print(json.dumps({"torch": torch.__version__, "threads": options.threads, "moving_rows": variants[0].moving,
                      "rounds": options.rounds}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
