#!/usr/bin/env bash
# tools/preset.sh PRESET [TARGET]: configures one preset of CMakePresets.json and builds TARGET (`all` is everything);
# without a TARGET it builds everything and runs the tests. One line a phase; its output is shown only when it fails.
set -u
cd "$(dirname "$0")/.." || exit 1

preset=$1
target=${2:-}
jobs=${JOBS:-$(nproc)}
mkdir -p "build/$preset"

phase() {
  local what=$1 log="build/$preset/$2.log" start=$SECONDS
  shift 2
  printf '== %-13s  %-9s ... ' "$preset" "$what"
  if "$@" >"$log" 2>&1; then
    echo "ok, $((SECONDS - start)) s"
  else
    local status=$?
    echo "FAILED after $((SECONDS - start)) s"
    cat "$log"
    exit "$status"
  fi
}

phase configure configure cmake --preset "$preset"
phase build build cmake --build --preset "$preset" -j "$jobs" --target "${target:-all}"
[ -z "$target" ] || exit 0

echo "== $preset  test"
ctest --preset "$preset" -j "$jobs" --output-log "build/$preset/ctest.log" --quiet >/dev/null
status=$?
# Of what failed, everything; of what passed, the summary.
if [ "$status" -eq 0 ]; then
  sed -n '/^[0-9]*% tests passed/,$p' "build/$preset/ctest.log"
else
  grep -vE '^\[(HANDLER_OUTPUT|ERROR_MESSAGE)\]|^ *Start +[0-9]+: |^ *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed ' "build/$preset/ctest.log"
fi
exit "$status"
