#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes both bundles and runs them where nothing else is: in a root folder of their own, without the C library or any
# package of this machine. Prints their sizes, which have a limit: 15 MB for the light one, 60 MB for the whole.
#   tests/bundle.sh BUILD LIBTORCH_FOLDER
# Exit 77 (skipped) where this machine lets nobody make namespaces.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$1 torch=$2
jail=$(mktemp -d)
trap 'rm -rf "$jail"' EXIT
unshare --user --map-root-user --mount true 2>/dev/null || {
  echo "skipped: no namespaces here"
  exit 77
}
fail() {
  echo "FAILED: $1" >&2
  exit 1
}

version=$(sed -n "s/^__version__ = '\([^+']*\).*/\1/p" "$torch/version.py")
"$root/cmake/bundle/bundle.sh" "$build" harness/command/lite/emfbench-lite "$jail/lite"
"$root/cmake/bundle/bundle.sh" "$build" harness/command/emfbench "$jail/whole" "$version"
mkdir -p "$jail/torch" "$jail/tmp" "$jail/dev" "$jail/proc"
cp "$root/tests/oracle/metric_features.npz" "$jail/tmp/"

# Runs a command in the jail. Programs that are copied elsewhere must find their folder, so /proc is there in half of the
# calls only.
inside() {
  unshare --user --map-root-user --mount --pid --fork bash -c '
    mount --rbind "$2" "$1/torch" && touch "$1/dev/urandom" && mount --bind /dev/urandom "$1/dev/urandom" || exit 70
    [[ $3 == no ]] || mount -t proc proc "$1/proc" 2>/dev/null || true
    jail=$1; shift 3
    exec env -i EMFBENCH_TORCH=/torch/torch HOME=/tmp "$(command -v chroot)" "$jail" "$@"' inside "$jail" "$(dirname "$torch")" "$@"
}

set_of() { printf '/tmp/metric_features.npz:%s' "$1"; }
words=(score kid --real "$(set_of relu_sparse_unequal_n/y)" --generated "$(set_of relu_sparse_unequal_n/x)")
expected=$(cd "$jail" && "$build/harness/command/emfbench" "${words[@]//\/tmp/$jail/tmp}")
for bundle in lite whole; do
  for proc in yes no; do
    [[ $(inside "$proc" "/$bundle/emfbench" "${words[@]}") == "$expected" ]] || fail "$bundle scores otherwise (/proc: $proc)"
  done
  inside yes "/$bundle/emfbench" report nothing --store /tmp/none >/dev/null 2>&1 && fail "$bundle reports what is not there"
done
# The light program is one file where the C library has an archive, however it is named when it is started.
if [[ ! -d $jail/lite/lib ]]; then
  ln -s ../lite/emfbench "$jail/tmp/linked"
  for name in /tmp/linked lite/emfbench; do
    [[ $(inside no "$name" "${words[@]}") == "$expected" ]] || fail "lite scores otherwise as $name"
  done
fi
inside yes /whole/emfbench show scenes --count 4 --out /tmp/four.png >/dev/null 2>&1 || fail "whole draws no pictures"
[[ -s $jail/tmp/four.png ]] || fail "whole drew nothing"

# Another version of LibTorch is told from none.
mkdir -p "$jail/tmp/old/torch" && echo "__version__ = '1.0.0'" >"$jail/tmp/old/torch/version.py"
message=$(EMFBENCH_TORCH=$jail/tmp/old/torch "$jail/whole/emfbench" list encoders 2>&1) && fail "a LibTorch of another version is taken"
[[ $message == *"other versions are: 1.0.0"*"pip install torch==$version"* ]] || fail "no word of the version: $message"

# A manual page for each verb, made of its own help.
if command -v help2man >/dev/null; then
  for bundle in lite whole; do
    for page in emfbench emfbench-score emfbench-report; do
      grep -q '^\.SH SYNOPSIS' "$jail/$bundle/share/man/man1/$page.1" || fail "$bundle has no manual page $page"
    done
  done
  grep -q 'train.pictures=2000' "$jail/whole/share/man/man1/emfbench-run.1" || fail "the page of run says nothing of overrides"
fi

# What each is made of: every file that setup fetches by its digest, every part named once, the linked libraries among them.
for bundle in lite whole; do
  python3 - "$jail/$bundle/sbom.cdx.json" "$root/data/packages.json" <<'PYTHON' || fail "$bundle has no sound sbom.cdx.json"
import json, sys
sbom, packages = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
parts = sbom["components"]
files = [file for part in parts for file in part.get("components", [])]
names = [part["bom-ref"] for part in parts + files]
digests = {digest["content"] for file in files for digest in file["hashes"]}
assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.5")
assert len(set(names)) == len(names)
assert digests == {file["sha256"] for package in packages["packages"] for file in package["files"]}
assert "deb/zlib1g-dev" in names or "deb/zlib1g" in names or not any(name.startswith("deb/") for name in names), names
assert ("pypi/torch" in names) == ("whole" in sys.argv[1])
PYTHON
done

for limit in lite:15 whole:60; do
  size=$(du -sb "$jail/${limit%:*}" | cut -f1)
  echo "${limit%:*}: $size bytes"
  ((size < ${limit#*:} * 1000000)) || fail "${limit%:*} is larger than ${limit#*:} MB"
done
