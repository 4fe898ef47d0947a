#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# emfbench score frechet beside torch-fidelity, pytorch-fid and clean-fid on the same features (D 2048, N 1,000 and 10,000), interleaved,
# two threads each.
#   benchmarks/score_beside_peers.sh PYTHON [ROUNDS]
# PYTHON is an interpreter with torch, torchvision, scipy, torch-fidelity, pytorch-fid and clean-fid. Prints a JSON line a run, from features in
# memory (peers) or in a file (emfbench) to the number; ratios are read from the least seconds of each.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=$1 rounds=${2:-1}
program=$root/build/release/harness/command/emfbench
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2
"$python" - "$out" <<'PYTHON'
import sys
import numpy as np
# Correlated positive features of rank D, as a network's pooled ones are.
random = np.random.default_rng(0)
mix = random.standard_normal((2048, 2048)) * np.geomspace(1, 1e-2, 2048) / 45
for side, shift in (("real", 0.0), ("generated", 0.02)):
    rows = np.maximum(random.standard_normal((10000, 2048)) @ mix + 0.4 + shift, 0).astype(np.float32)
    np.save(f"{sys.argv[1]}/{side}-10000.npy", rows)
    np.save(f"{sys.argv[1]}/{side}-1000.npy", rows[:1000])
PYTHON
for ((round = 0; round < rounds; ++round)); do
  for count in ${EMF_PEER_COUNTS:-1000 10000}; do
    "$program" score frechet --real "$out/real-$count.npy" --generated "$out/generated-$count.npy" --interval none --json |
      "$python" -c 'import json, sys; row = json.load(sys.stdin); print(json.dumps({"who": "emfbench", "n": row["n_real"], "value": row["value"], "seconds": row["seconds"]}))'
    "$python" "$root/benchmarks/peers/score_frechet.py" --real "$out/real-$count.npy" --generated "$out/generated-$count.npy" 2>/dev/null
  done
done
