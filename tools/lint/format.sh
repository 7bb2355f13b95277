#!/usr/bin/env bash
# Checks the format of all C++ files; with --fix it formats them. Versions of clang-format differ in what they print,
# so only version 14 is asked; without it the check says so and passes.
set -eu
cd "$(dirname "$0")/../.."

formatter=""
for candidate in clang-format-14 clang-format; do
  if "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
    formatter=$candidate
    break
  fi
done
if [ -z "$formatter" ]; then
  echo "format: not checked, there is no clang-format 14 here (make deps-matrix)"
  [ "${1:-}" != --fix ]
  exit
fi

mode="--dry-run -Werror"
[ "${1:-}" = --fix ] && mode=-i
# shellcheck disable=SC2086
{ tools/lint/sources.sh; find tests/lint -name '*.[ch]pp'; } | tr '\n' '\0' | xargs -0 "$formatter" $mode
