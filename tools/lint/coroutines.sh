#!/usr/bin/env bash
# Runs the coroutine lint over the project: `tools/lint/coroutines.sh [PROGRAM]`. Without a built PROGRAM it builds one.
set -eu
cd "$(dirname "$0")/../.."

program=${1:-build/lint/coroutine_lint}
if [ $# -eq 0 ]; then
  mkdir -p build/lint
  if [ ! -x "$program" ] || [ -n "$(find tools/lint -name '*.[ch]pp' -newer "$program")" ]; then
    "${CXX:-g++}" -std=c++20 -O1 tools/lint/*.cpp -o "$program"
  fi
fi
tools/lint/sources.sh | tr '\n' '\0' | xargs -0 "$program"
