#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes distribution_values.json: what torch-fidelity and the formula of CMMD's released code say of the sets in
metric_features.npz, and draws of PyTorch's CPU generator.

    make_distribution_values.py TORCH_FIDELITY

TORCH_FIDELITY is a clone of https://github.com/toshas/torch-fidelity at 5e211a9, the first with MIND. CMMD's code is
google-research/google-research, cmmd/distance.py, which is JAX; the same lines stand here in numpy, in float64, with
rows of length 1 as its embedding.py makes them.
"""
import json
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, sys.argv[1])
from torch_fidelity.metric_mind import KEY_METRIC_MIND, mind_features_to_metric  # noqa: E402

FOLDER = pathlib.Path(__file__).parent


def mind(x, y, seed=2020, directions=1000):
    features = [torch.from_numpy(np.asarray(side, np.float32)) for side in (x, y)]
    return mind_features_to_metric(
        *features, mind_num_projections=directions, cuda=False, rng_seed=seed, verbose=False
    )[KEY_METRIC_MIND]


def cmmd(x, y, sigma=10.0, scale=1000.0, normalize=True):
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if normalize:
        x, y = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x, y))
    gamma = 1 / (2 * sigma**2)

    def mean_kernel(a, b):
        squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
        return np.exp(-gamma * squares).mean()

    return scale * (mean_kernel(x, x) + mean_kernel(y, y) - 2 * mean_kernel(x, y))


def main():
    arrays = np.load(FOLDER / "metric_features.npz")
    cases = {}
    for name in sorted({key.split("/")[0] for key in arrays if key.endswith("/x")}):
        x, y = arrays[f"{name}/x"], arrays[f"{name}/y"]
        case = {"mind": mind(x, y), "mind_of_seed_7": mind(x, y, 7, 64), "cmmd_of_sigma_1": cmmd(x, y, 1.0)}
        case["cmmd"] = cmmd(x, y)
        if name not in ("large_offset", "mixed_scales"):  # the formula's own digits end there
            case["cmmd_of_rows_as_they_are"] = cmmd(x, y, normalize=False)
        cases[name] = case
    generator = torch.Generator().manual_seed(2020)
    draws = {
        "permutation_of_1000": torch.randperm(1000, generator=generator).tolist()[:8],
        "normal_of_37": [float(value) for value in torch.randn(37, generator=generator)],
        "permutation_of_5": torch.randperm(5, generator=generator).tolist(),
    }
    result = {
        "made_by": "tests/oracle/make_distribution_values.py",
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "torch-fidelity": "5e211a9"},
        "draws_of_seed_2020": draws,
        "cases": cases,
    }
    (FOLDER / "distribution_values.json").write_text(json.dumps(result, indent=1) + "\n")


main()
