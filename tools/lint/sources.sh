#!/usr/bin/env bash
# Lists the project's C++ files, one per line. The snippets of the lints' own tests break the rules on purpose.
cd "$(dirname "$0")/../.." || exit 1
folders=()
for folder in include src tests examples bench tools; do [ -d "$folder" ] && folders+=("$folder"); done
find "${folders[@]}" -path tests/lint -prune -o \( -name '*.hpp' -o -name '*.cpp' \) -print | LC_ALL=C sort
