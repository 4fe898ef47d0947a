#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that only a card can show, in one call of at most eight minutes: the tests of the kernels and of the program,
# then their times beside PyTorch's ways on the same card, and a page of it.
#   benchmarks/device_check.sh --programs FOLDER [--out FOLDER] [--seconds 480]
# --programs: what device_programs.sh made, or the folder with its programs.tar.xz. python3 must have torch of the version
# they were built against. OUT (build/device_check) gets page.md, and the lines and logs that it is made of.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
programs='' out=build/device_check seconds=480
while (($#)); do
  case $1 in
    --programs) programs=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    *) echo "device_check.sh does not know '$1'; see its first lines" >&2; exit 2 ;;
  esac
done
if ! command -v nvidia-smi >/dev/null; then
  echo "no NVIDIA driver here (nvidia-smi is not found)" >&2
  exit 3
fi
mkdir -p "$out"
out=$(realpath "$out")
if [[ -f $programs/programs.tar.xz && ! -x $programs/cuda_test ]]; then python3 -m tarfile -e "$programs/programs.tar.xz" "$programs"; fi
[[ -x $programs/cuda_test ]] || { echo "no programs in '$programs'; make them with benchmarks/device_programs.sh" >&2; exit 3; }
programs=$(realpath "$programs")
torch=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))') || { echo "python3 has no torch" >&2; exit 3; }
export LD_LIBRARY_PATH=$programs/lib:$torch/lib:$(dirname "$torch")/nvidia/cu13/lib:${LD_LIBRARY_PATH:-} EMFBENCH_ROOT=$PWD
export EMFBENCH_TORCH=$torch EMFBENCH_DEPS=${EMFBENCH_DEPS:-$programs/deps} EMFBENCH_STORE=$out/store
begun=$SECONDS
: >"$out/lines.jsonl"
: >"$out/steps.txt"

# step NAME MOST_SECONDS COMMAND...: its output in NAME.txt; skipped where the time left is less than a quarter of that.
step() {
  local name=$1 most=$2 left=$((seconds - (SECONDS - begun))) code=0 start=$SECONDS
  shift 2
  if ((left < most / 4)); then
    echo "$name: left out, $left s were left" | tee -a "$out/steps.txt"
    return 0
  fi
  timeout $((most < left ? most : left)) "$@" >"$out/$name.txt" 2>"$out/$name.log" || code=$?
  echo "$name: exit $code, $((SECONDS - start)) s: $*" | sed "s#$programs/##g; s#$out#OUT#g" | tee -a "$out/steps.txt"
  ((code == 0)) || tail -n 5 "$out/$name.log"
  grep -h '^{' "$out/$name.txt" >>"$out/lines.jsonl"
}

nvidia-smi --query-gpu=name,driver_version,memory.total,power.limit,clocks.max.sm,clocks.sm,temperature.gpu --format=csv \
  >"$out/card.txt"
nvidia-smi dmon -s pc -d 5 >"$out/clocks.txt" 2>/dev/null &
clocks=$!
step tests 120 "$programs/cuda_test" --gtest_brief=1
step attention 60 "$programs/device_attention"
step step_bf16 90 "$programs/device_step"
step smoke 90 "$programs/emfbench" run smoke device=cuda
step peers_quarter 120 python3 benchmarks/peers/device_step.py --variants fm,joint,emf,two,split --share 0.25 --seconds 80
step peers_all 60 python3 benchmarks/peers/device_step.py --variants joint,emf,two --share 1 --seconds 40
step step_plain 60 "$programs/device_step" --plain --shares 0.25 --replays 5
step step_fp32 60 "$programs/device_step" --precision fp32 --depth 4 --shares 0.25 --replays 5
# Without what needs fetched weights: the language model, and the backbone of distances and probes.
step quick 240 "$programs/emfbench" run quick device=cuda encoders=class_label,hash,random metrics=geneval 'probes=[]'
kill "$clocks" 2>/dev/null
python3 benchmarks/device_page.py "$out" >"$out/page.md"
cat "$out/page.md"
grep -q '^tests: exit 0' "$out/steps.txt"
