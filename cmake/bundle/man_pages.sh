#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes a manual page for the program and one for each of its verbs, by help2man, from the help they print themselves:
#
#   cmake/bundle/man_pages.sh PROGRAM FOLDER      then: man FOLDER/emfbench.1
#
# Exit code 77 where there is no help2man.
set -euo pipefail

program=$(readlink -f "${1:?which program?}") out=${2:?which folder?}
if ! command -v help2man >/dev/null; then
  printf 'emfbench: no help2man here (Debian: apt-get install help2man): no manual pages\n' >&2
  exit 77
fi
mkdir -p "$out"
shims=$(mktemp -d)
trap 'rm -rf "$shims"' EXIT
version=$("$program" --version | head -n 1)

# page NAME TITLE [VERB]: help2man calls one command, so a verb is given one of its own.
page() {
  printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$program" "${3:-}" >"$shims/$1"
  chmod +x "$shims/$1"
  help2man --no-info --no-discard-stderr --source=emfbench --manual=emfbench --version-string="$version" --name="$2" \
    --output="$out/$1.1" "$shims/$1"
}

# "  verb   what it does", whose lines that go on are indented further.
declare -A says=()
verbs=()
while IFS= read -r line; do
  if [[ $line =~ ^\ \ ([a-z][a-z-]*)\ +(.*)$ ]]; then
    verbs+=("${BASH_REMATCH[1]}")
    says[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
  elif [[ $line =~ ^\ {10,}(.*)$ ]] && ((${#verbs[@]})); then
    says[${verbs[-1]}]+=" ${BASH_REMATCH[1]}"
  fi
done < <("$program" --help | sed -n '/^Verbs:/,/^Options:/p')
((${#verbs[@]})) || { printf 'emfbench: the help of %s lists no verbs\n' "$program" >&2; exit 70; }

page emfbench 'benchmark and ablation harness for few-step text-to-image research'
for verb in "${verbs[@]}"; do
  [[ $verb == help ]] || page "emfbench-$verb" "${says[$verb]}" "$verb"
done
printf 'emfbench: %s manual pages in %s\n' "$(find "$out" -name '*.1' | wc -l)" "$out" >&2
