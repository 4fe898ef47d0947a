#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy's allow-list (.clang-tidy) over the rooms without LibTorch, whose files take seconds each to read; tests are
# left out. Skipped (77) without clang-tidy 14: Debian's clang-tidy-14, or pip install clang-tidy==14.0.6; and without a
# build that says how files are compiled.   tests/tidy.sh [BUILD_FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${1:-build/release}

tidy=
for tool in clang-tidy-14 clang-tidy; do
  [[ $("$tool" --version 2>/dev/null || true) == *"version 14."* ]] && tidy=$tool && break
done
[[ -n $tidy ]] || { echo "clang-tidy 14 is not on the PATH" >&2 && exit 77; }
[[ -e $build/compile_commands.json ]] || { echo "there is no $build/compile_commands.json" >&2 && exit 77; }

# The build's commands without what only GCC knows: its precompiled header, its warnings, its vector units. PyPI's
# clang-tidy comes without the compiler's own headers: GCC's stand in, whose intrinsics it cannot read.
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
own="-idirafter $(c++ -print-file-name=include) -DEIGEN_DONT_VECTORIZE -U__SSE__ -U__SSE2__ -U__SSE3__"
sed -E -e 's/ -include [^ ]*cmake_pch\.hxx//' \
  -e 's/ -(Winvalid-pch|fpch-preprocess|Werror|Wno-[a-z-]+|march=[a-z0-9-]+)//g' -e "s| -c | $own -c |" \
  "$build/compile_commands.json" >"$commands/compile_commands.json"

rooms='harness/(base|captions|rules|statistics)|probes|data|reports'
mapfile -t files < <(sed -nE "s#^ *\"file\": \"($PWD/($rooms)/.*)\".*#\1#p" "$commands/compile_commands.json" |
  grep -v '_test\.cc$' | sort -u)
[[ ${#files[@]} -gt 0 ]] || { echo "$build compiles no file of the rooms without LibTorch" >&2 && exit 1; }
# How many warnings other people's headers would have is nobody's business.
printf '%s\0' "${files[@]}" | xargs -0 -P"$(nproc)" -n4 "$tidy" -p "$commands" --quiet \
  2> >(grep -v ' warnings\? generated\.$' >&2)
