#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every C++ and CUDA file stands as .clang-format asks, and no line is longer than 120 columns. Skipped (77) without clang-format
# 14: Debian's clang-format-14, or pip install clang-format==14.0.6.   tests/format.sh -i sets the files right, but for
# comments and raw strings, whose lines only their writer can break well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Files with longer lines, and why.
long_lines=(
  encoders/tokenizers/html_entities.cc # the table of HTML's entities, as Python has it
)

mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.cc' '*.cu' '*.h')
failed=0
for file in "${files[@]}"; do
  [[ " ${long_lines[*]} " == *" $file "* ]] && continue
  # Columns are characters, not bytes.
  LC_ALL=C.UTF-8 grep -HnE '.{121}' "$file" | sed 's/^\([^:]*:[0-9]*\):/\1: more than 120 columns: /' >&2 && failed=1
done
for tool in clang-format-14 clang-format; do
  [[ $("$tool" --version 2>/dev/null || true) == *"version 14."* ]] || continue
  "$tool" "${1:---dry-run}" -Werror "${files[@]}"
  exit $failed
done
[[ $failed == 0 ]] || exit 1
echo "clang-format 14 is not on the PATH" >&2
exit 77
