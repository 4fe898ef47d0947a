#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a folder that runs where nothing is installed: the program, its shared libraries and what it reads.
#
#   cmake/bundle/bundle.sh BUILD PROGRAM OUT [LIBTORCH_VERSION]
#
# BUILD is a build folder, PROGRAM the program in it, OUT the folder to make (replaced when it is a bundle). With
# LIBTORCH_VERSION LibTorch's libraries are left out: the launcher finds them in a pip install of that version. A program
# that is linked statically is all there is; to any other the C library and the dynamic linker come along, so older systems
# run it too.
set -euo pipefail

root=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
program=$1/$2 out=$3 torch_version=${4:-}
share=$out/share/emfbench

fail() {
  printf 'emfbench: %s\n' "$2" >&2
  exit "$1"
}

[[ -x $program ]] || fail 2 "$program is not built"
if [[ -e $out ]]; then
  [[ -x $out/emfbench && -d $out/share/emfbench ]] || fail 2 "$out exists and is no bundle; name another folder"
  rm -rf "$out"
fi
mkdir -p "$share"

printf "emfbench: copying the program and its libraries\n" >&2
libraries=()
if readelf -l "$program" | grep -q 'program interpreter'; then
  # Libraries as the linker finds them here, but for those that come with LibTorch's wheel.
  mkdir "$out/lib"
  while read -r library; do
    # Those of a LibTorch for CUDA come with packages of their own beside it.
    case ${torch_version:+with}$library in
      with*/site-packages/* | with*/torch/lib/* | with*/libcudart.so* | with*/libcupti.so*) ;;
      *) libraries+=("$library") ;;
    esac
  done < <(ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p' | sort -u)
  missing=$(ldd "$program" | grep 'not found' || true)
  [[ -z $missing ]] || fail 3 "libraries of $program are missing: $missing"
  cp -L "${libraries[@]}" "$out/lib/"
  install -m 755 "$program" "$out/lib/emfbench"
  # Symbols that plugins link to stay; those that only a debugger reads go.
  strip --strip-unneeded "$out/lib/emfbench" "$out"/lib/*.so* 2>/dev/null || true
  "${CC:-cc}" -std=c11 -O2 -static -s -o "$out/emfbench" "$root/cmake/bundle/launcher.c"
else
  install -s -m 755 "$program" "$out/emfbench"
  for library in libc.a libm.a libstdc++.a; do libraries+=("$("${CC:-cc}" -print-file-name="$library")"); done
fi

# What the program reads. Pictures of scenes, instruments and templates are of no use without LibTorch.
mkdir -p "$share/data"
cp -R "$root/experiments" "$share/"
mkdir -p "$share/reports"
cp -R "$root/reports/assets" "$root/reports/paper" "$root/reports/schema" "$share/reports/"
cp "$root"/data/{packages.json,fetch_packages.py} "$share/data/"
if [[ -d ${EMFBENCH_DEPS:-$root/.deps}/report-assets ]]; then
  mkdir -p "$share/.deps"
  cp -R "${EMFBENCH_DEPS:-$root/.deps}/report-assets" "$share/.deps/"
fi
if [[ -n $torch_version ]]; then
  cp -R "$root/data/instruments" "$share/data/"
  mkdir -p "$share/data/scenes"
  cp -R "$root/data/scenes/manifest.json" "$root/data/scenes/sprites" "$share/data/scenes/"
  printf '%s\n' "$torch_version" >"$share/LIBTORCH"
fi
git -C "$root" rev-parse HEAD >"$share/COMMIT" 2>/dev/null || rm -f "$share/COMMIT"
if [[ -n $(git -C "$root" status --porcelain 2>/dev/null) ]]; then echo dirty >>"$share/COMMIT"; fi

"$root/cmake/bundle/man_pages.sh" "$program" "$out/share/man/man1" || [[ $? == 77 ]]

# Licences of all that came along: shared libraries, archives on the line that linked the program, and headers
# (Boost's asks for no copy beside a program).
while read -r archive; do libraries+=("$archive"); done < <(
  ninja -C "$1" -t commands "$2" 2>/dev/null | tail -n 1 | grep -o '/[^ ]*\.a\>' | sort -u)
for header in nlohmann/json.hpp fmt/core.h CLI/CLI.hpp toml++/toml.h valijson/validator.hpp eigen3/Eigen/Core; do
  [[ ! -f /usr/include/$header ]] || libraries+=("/usr/include/$header")
done
mkdir -p "$out/licences"
for library in "${libraries[@]}"; do
  path=$(readlink -f "$library")
  # A package may say /lib where the file lies in /usr/lib.
  package=$(dpkg-query -S "$path" 2>/dev/null || dpkg-query -S "${path#/usr}" 2>/dev/null || true)
  package=${package%%:*}
  if [[ -n $package && -f /usr/share/doc/$package/copyright ]]; then
    cp -n "/usr/share/doc/$package/copyright" "$out/licences/$package"
  fi
done
# Which version of each, for whoever has to know: a bundle is made by many hands.
if command -v python3 >/dev/null; then
  version=$(sed -n 's/^project(emfbench VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
  python3 "$root/cmake/bundle/sbom.py" --packages "$root/data/packages.json" --version "$version" \
    ${torch_version:+--torch "$torch_version"} "${libraries[@]}" >"$out/sbom.cdx.json"
else
  printf 'emfbench: no python3 here: sbom.cdx.json is left out\n' >&2
fi
cp "$root/LICENSE" "$root/NOTICE" "$out/licences/"
printf 'emfbench: %s, %s MB\n' "$out" "$(($(du -sb "$out" | cut -f1) / 1000000 + 1))" >&2
