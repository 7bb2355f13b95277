#!/usr/bin/env bash
# Checks that no file includes a higher floor: `tools/lint/layering.sh [ROOT]`. The rules are in floors.awk.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}"

folders=()
for folder in include src tests; do [ -d "$folder" ] && folders+=("$folder"); done
find "${folders[@]}" -path tests/lint -prune -o \( -name '*.hpp' -o -name '*.cpp' \) -print | LC_ALL=C sort |
  tr '\n' '\0' | xargs -0 awk -f "$here/floors.awk"
