#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Stands in for ./emfbench in a copy of the tree (see encoder_page_test.cc): where the script would build the whole tree, it
# builds the encoders that the built tree lacks, with the built tree's own commands, and links them with its objects.
set -euo pipefail
root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
export EMFBENCH_ROOT=$root

# command_of TARGET: how the built tree makes it.
command_of() { ninja -C "$EMF_BUILD" -t commands "$1" | tail -n 1; }

objects=()
for file in "$root"/encoders/*.cc; do
  [[ -e $EMF_SOURCE/encoders/${file##*/} ]] && continue
  object=${file%.cc}.o
  objects+=("$object")
  [[ $object -nt $file ]] && continue
  known=encoders/CMakeFiles/emf_encoders.dir/hash.cc.o
  command=$(command_of "$known")
  command=${command//$known/$object}
  command=${command//$EMF_SOURCE\/encoders\/hash.cc/$file}
  (cd "$EMF_BUILD" && eval "$command") >&2
done

# link TARGET FILE
link() {
  local command old=" -o $1 " new=" ${objects[*]} -o $2 "
  [[ $2 -nt $root/encoders ]] && return
  command=$(command_of "$1")
  command=${command/$old/$new}
  (cd "$EMF_BUILD" && eval "$command") >&2
}

if [[ $1 == test ]]; then
  [[ "$*" == "test -R contract_test" ]] || { echo "the page runs other tests than the contract tests: $*" >&2; exit 2; }
  link tests/contract_test "$root/contract_test"
  cd "$EMF_SOURCE"
  exec "$root/contract_test" --gtest_filter='*EncoderContract*:Plugins*:-*/llm'
fi
link harness/command/emfbench "$root/program"
exec "$root/program" "$@"
