#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What takes too long for every change: all fast tests under AddressSanitizer and UndefinedBehaviorSanitizer, the tests of
# what runs side by side under ThreadSanitizer, every fuzz target for ten minutes, every option with every wrong value,
# and the wide sweep of faults.
#   tests/nightly.sh [asan] [tsan] [fuzz] [faults]     (without words: all four)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
parts=("$@")
((${#parts[@]})) || parts=(asan tsan fuzz faults)
jobs=${EMF_JOBS:-$(nproc)}
export OMP_WAIT_POLICY=passive

asan() {
  cmake --preset asan && ninja -C build/asan -j "$jobs"
  # LibTorch and OpenMP keep what they allocate until the process ends.
  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 ctest --test-dir build/asan --output-on-failure -LE slow -E format
}

tsan() {
  cmake --preset tsan && ninja -C build/tsan -j "$jobs" base_test engine_test
  # LibTorch and libgomp were not built with it: what they do among themselves is not looked at.
  export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp halt_on_error=1 second_deadlock_stack=1" OMP_NUM_THREADS=1
  build/tsan/tests/base_test --gtest_filter='Chunks*:Lines*:Inputs*:TimeLimits*:*Progress*:*Registry*'
  build/tsan/tests/engine_test --gtest_filter='*Scheduler*:*RunStore*:*RunFolder*:*FeatureCache*:*Merge*'
}

fuzz() { tests/fuzz/run.sh "${EMF_FUZZ_SECONDS:-600}"; }

faults() {
  cmake --preset release && ninja -C build/release -j "$jobs" emfbench faults issue_test
  EMF_ALL_WRONG_INPUTS=1 build/release/tests/issue_test --gtest_filter='WrongInputs*'
  python3 tests/faults/sweep.py build/release/harness/command/emfbench build/release/tests/libfaults.so --every 10 --kills 200 \
    encoders=hash objectives=flow_matching,mean_flow steps=1 train.pictures=64
}

for part in "${parts[@]}"; do
  echo "== $part"
  "$part"
done
