# SPDX-License-Identifier: Apache-2.0
"""Frechet distance of two .npy feature files by torch-fidelity, pytorch-fid and clean-fid, timed from features to number."""
import argparse
import json
import sys
import time

import numpy as np
import torch


def moments(x):
    return np.mean(x, axis=0), np.cov(x, rowvar=False)


def pytorch_fid(x, y):
    from pytorch_fid.fid_score import calculate_frechet_distance

    return calculate_frechet_distance(*moments(x), *moments(y))


def clean_fid(x, y):
    from cleanfid.fid import frechet_distance

    return frechet_distance(*moments(x), *moments(y))


def torch_fidelity(x, y):
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    first, second = (fid_features_to_statistics(torch.from_numpy(part)) for part in (x, y))
    return list(fid_statistics_to_metric(first, second, False).values())[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--real", required=True)
    parser.add_argument("--generated", required=True)
    parser.add_argument("--peers", default="torch_fidelity,pytorch_fid,clean_fid")
    arguments = parser.parse_args()
    x, y = np.load(arguments.real), np.load(arguments.generated)
    for name in arguments.peers.split(","):
        peer = globals()[name]
        try:
            peer(x[:64, :8].copy(), y[:64, :8].copy())  # imports and first calls are not timed
            start = time.perf_counter()
            value = float(peer(x, y))
            row = {"who": name, "n": len(x), "value": value, "seconds": time.perf_counter() - start}
        except Exception as error:  # a peer that breaks on this SciPy is a result too
            row = {"who": name, "n": len(x), "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(row))
        sys.stdout.flush()


main()
