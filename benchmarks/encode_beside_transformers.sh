#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# emfbench encode beside Hugging Face transformers on the same SmolLM2 weights and prompts, interleaved, two threads each.
#   benchmarks/encode_beside_transformers.sh PROMPTS.txt PYTHON [ROUNDS]
# PYTHON is an interpreter with torch, transformers, gguf and accelerate. Prints a JSON line a run; ratios are read from the least seconds of
# each. emfbench's seconds hold tokenising, encoding and, in the first batch, loading the weights; the peer's hold no loading.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prompts=$1 python=$2 rounds=${3:-3}
program=$root/build/release/harness/command/emfbench
weights=${EMFBENCH_DEPS:-$root/.deps}/weights
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export OMP_NUM_THREADS=2 TRANSFORMERS_VERBOSITY=error
for ((round = 0; round < rounds; ++round)); do
  for precision in fp32 bf16; do
    "$program" encode --encoder llm --precision "$precision" --prompts "$prompts" --out "$out/features.safetensors" --json 2>/dev/null |
      "$python" -c 'import json, sys; row = json.load(sys.stdin); print(json.dumps({"who": "emfbench", "dtype": sys.argv[1], "seconds": row["seconds"], "tokens": row["num_tokens"]}))' "$precision"
  done
  "$python" "$root/benchmarks/peers/encode_transformers.py" --folder "$weights" --gguf SmolLM2-135M-Instruct.Q4_1.gguf \
    --prompts "$prompts" --batches "${EMF_PEER_BATCHES:-8,32,64}" --sorted 2>/dev/null
done
