#!/usr/bin/env bash
# The comparison, whole: installs what is missing, builds, runs, reports into bench/results. `bench.sh --quick` does it
# with few operations: that shows that everything works, its figures say little.
set -u
cd "$(dirname "$0")/../.." || exit 1

mode=full
if [ "${1:-}" = --quick ]; then
  mode=quick
  export BENCH_SCALE=${BENCH_SCALE:-0.02} BENCH_ROUNDS=${BENCH_ROUNDS:-2} BENCH_SECONDS=${BENCH_SECONDS:-0.4} BENCH_TURNS=${BENCH_TURNS:-1}
else
  export BENCH_SCALE=${BENCH_SCALE:-1} BENCH_ROUNDS=${BENCH_ROUNDS:-5} BENCH_SECONDS=${BENCH_SECONDS:-0.5} BENCH_TURNS=${BENCH_TURNS:-6}
  export BENCH_PARTS=${BENCH_PARTS:-1}
fi
results=bench/results
missing=build/bench/missing.txt

tools/deps.sh build || exit 1
tools/deps.sh bench || echo "The comparison goes on without what is missing."
bench/runner/build.sh || exit 1

load_before=$(cut -d ' ' -f 1-3 /proc/loadavg)
started=$(date -u '+%Y-%m-%d %H:%M UTC')
bench/runner/run.sh || exit 1

sort -u "$missing.run" | cat "$missing" - >"$missing.all"
{
  echo "# heed and its peers"
  echo
  [ "$mode" = quick ] && echo "**A quick run: few operations, few rounds. It shows that everything works; do not quote it.**" && echo
  echo "- run: $started, $BENCH_ROUNDS rounds, interleaved; operations x $BENCH_SCALE; ${BENCH_ONLY:-all workloads}; load average before $load_before, after $(cut -d ' ' -f 1-3 /proc/loadavg)"
  bench/runner/facts.sh
  awk -f bench/runner/report.awk bench/workloads.txt bench/targets.txt "$missing.all" "$results/results.csv"
} >"$results/table.md"

if command -v gnuplot >/dev/null; then
  awk -v output="$results/ratios.svg" -f bench/runner/ratios.awk bench/workloads.txt "$results/results.csv" | gnuplot
else
  echo "no plot: gnuplot is missing"
fi
sed -n '/^[0-9]* met, /p' "$results/table.md"
echo "see $results/table.md, ratios.svg, results.csv, latencies.csv"
