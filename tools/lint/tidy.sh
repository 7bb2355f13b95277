#!/usr/bin/env bash
# Runs clang-tidy 16 over the library with the flags of the clang-release preset; the checks are in .clang-tidy.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v clang-tidy-16 >/dev/null; then
  echo "clang-tidy-16 is missing (Debian: apt-get install clang-tidy-16)" >&2
  exit 1
fi
mkdir -p build/lint
if ! cmake --preset clang-release >build/lint/tidy.log 2>&1; then
  cat build/lint/tidy.log
  exit 1
fi
find src -name '*.cpp' -print0 | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" clang-tidy-16 --quiet -p build/clang-release
