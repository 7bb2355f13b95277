#!/usr/bin/env bash
# How the cost of heed's operations grows with size: builds heed_growth, runs it BENCH_ROUNDS times (3), and leaves the
# least of each figure in bench/results/growth.csv and a plot of each topic beside it. `growth.sh --docs` also copies them
# to docs/performance, where docs/performance.md shows them.
set -euo pipefail
cd "$(dirname "$0")/../.."

results=bench/results
docs=docs/performance
topics="tasks timers waiters depth groups"
rounds=${BENCH_ROUNDS:-3}
last_core=$(($(nproc) > 1 ? 1 : 0))
copy=no
case "$*" in
  "") ;;
  --docs) copy=yes ;;
  *) echo "usage: growth.sh [--docs], not '$*'" >&2; exit 2 ;;
esac
[[ $rounds =~ ^[1-9][0-9]*$ ]] || { echo "BENCH_ROUNDS is '$rounds', which is no number of rounds" >&2; exit 2; }

tools/deps.sh build
tools/preset.sh bench heed_growth
mkdir -p "$results"
: >"$results/lines"
for round in $(seq "$rounds"); do
  printf '== round %d of %d ' "$round" "$rounds"
  start=$SECONDS
  taskset -c "$last_core" build/bench/bench/heed_growth >>"$results/lines"
  echo " $((SECONDS - start)) s"
done
awk -F , '
  $1 == "series" { next }
  { key = $1 FS $2 }
  !(key in least) { order[++keys] = key; least[key] = $3 + 0 }
  $3 + 0 < least[key] { least[key] = $3 + 0 }
  END {
    print "series,size,ns"
    for (i = 1; i <= keys; ++i) printf "%s,%.2f\n", order[i], least[order[i]]
  }' "$results/lines" >"$results/growth.csv"
rm -f "$results/lines"
for topic in $topics; do awk -v topic="$topic" -f bench/runner/growth.awk "$results/growth.csv" >"$results/$topic.svg"; done
echo "see $results/growth.csv and, beside it, ${topics// /.svg, }.svg"
if [ "$copy" = yes ]; then
  mkdir -p "$docs"
  cp "$results/growth.csv" "$docs"
  for topic in $topics; do cp "$results/$topic.svg" "$docs"; done
  echo "copied to $docs"
fi
