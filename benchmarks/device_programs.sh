#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds, on a machine without a card, what device_check.sh runs on one with:
#   benchmarks/device_programs.sh --torch /path/to/site-packages/torch [--architectures 90a-real] [--out FOLDER]
# --torch: a LibTorch of the version that the other machine has (its wheel, unpacked, is enough: nothing of it is run
# here). FOLDER (build/device_programs) then holds cuda_test, device_step, device_attention and emfbench, stripped, with
# all but LibTorch and the C libraries inside; and programs.tar.xz of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
torch='' architectures='80-real;90a-real;100' out=build/device_programs build=build/device
while (($#)); do
  case $1 in
    --torch) torch=$2; shift 2 ;;
    --architectures) architectures=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    *) echo "device_programs.sh does not know '$1'; see its first lines" >&2; exit 2 ;;
  esac
done
[[ -f $torch/version.py ]] || { echo "--torch '$torch' holds no version.py; name the folder torch of an install" >&2; exit 2; }
command -v nvcc >/dev/null || { echo "no nvcc here: install the CUDA toolkit 13" >&2; exit 3; }
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DEMF_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$architectures" \
  "-DEMF_TORCH=$(realpath "$torch")" "-DEMF_VENV=${EMFBENCH_DEPS:-$PWD/.deps}/venv" >/dev/null
targets=(cuda_test device_step device_attention emfbench)
ninja -C "$build" "${targets[@]}"
mkdir -p "$out"
for target in "${targets[@]}"; do
  strip -o "$out/$target" "$(find "$build" -name "$target" -type f -perm -u+x | head -n 1)"
done
# Shared libraries, but for LibTorch's and the C and C++ libraries, which the other machine has.
mkdir -p "$out/lib" "$out/deps"
for target in "${targets[@]}"; do
  LD_LIBRARY_PATH=$torch/lib ldd "$out/$target" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p'
done | sort -u | grep -vE "^$(realpath "$torch")/|^$torch/|/lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|gomp|util|cu[a-z]+)[.-]" |
  xargs -r cp -L -t "$out/lib"
cp -R "${EMFBENCH_DEPS:-$PWD/.deps}/report-assets" "$out/deps/"
tar -C "$out" -cJf "$out/programs.tar.xz" "${targets[@]}" deps lib
du -h "$out"/*
