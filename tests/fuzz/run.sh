#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target, or those named:  tests/fuzz/run.sh SECONDS [TARGET...]   (each so long, two side by side)
# Builds them first (preset fuzz: clang and libclang-rt of Debian). What is found lies in build/fuzz/found; exit code 1.
# Where there is no clang with libFuzzer, says so and exits 77.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:?how many seconds a target?}
shift
if ! echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
  clang++ -x c++ -fsanitize=fuzzer - -o /dev/null 2>/dev/null; then
  echo "no clang++ with libFuzzer here (Debian: apt-get install clang libclang-rt-14-dev)" >&2
  exit 77
fi
if [[ -z ${EMF_FUZZ_BUILT:-} ]]; then
  cmake --preset fuzz >/dev/null
  ninja -C build/fuzz fuzz >&2
fi
targets=("$@")
if ((${#targets[@]} == 0)); then
  for source in tests/fuzz/*_fuzz.cc; do targets+=("$(basename "$source" _fuzz.cc)"); done
fi
mkdir -p build/fuzz/found build/fuzz/corpus
# What the program bounds is bounded lower here, so that a machine can hold two targets: allocations beyond it are
# findings, and so is an input of at most 64 KiB that takes five seconds.
export EMFBENCH_MOST_UNPACKED_MIB=64 EMFBENCH_ROOT=$PWD EMFBENCH_DEPS=${EMFBENCH_DEPS:-$PWD/.deps}
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=0:symbolize=1 UBSAN_OPTIONS=print_stacktrace=1
run_one() {
  local target=$1 seconds=$2 log=build/fuzz/found/$1.log
  mkdir -p "build/fuzz/corpus/$target"
  local dictionary=tests/fuzz/dictionaries/$target.dict options=()
  [[ -f $dictionary ]] && options+=("-dict=$dictionary")
  if "build/fuzz/tests/fuzz/${target}_fuzz" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -malloc_limit_mb=512 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="build/fuzz/found/$target-" "${options[@]}" \
    "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, nothing found"
  else
    echo "$target: FOUND $(grep -m1 -E 'ERROR|SUMMARY|runtime error|terminate called|what\(\)' "$log") (see $log)"
    return 1
  fi
}
export -f run_one
printf '%s\n' "${targets[@]}" | xargs -P "${EMF_FUZZ_JOBS:-2}" -I{} bash -c 'run_one {} '"$seconds" || exit 1
